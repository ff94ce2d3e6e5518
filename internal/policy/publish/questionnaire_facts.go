package publish

import (
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// fact is what a policy declares, by the name that tables/questionnaire.json gives it.
func (q *questionnaire) fact(called string) []said {
	o, s := q.Organisation, q.Security
	switch called {
	case "name":
		return declared("organisation.name", name(o.Name), o.Name != "")
	case "address":
		return declared("organisation.address", q.own(o.Address), o.Address != "")
	case "terms":
		return declared("organisation.terms", address(o.Terms), o.Terms != "")
	case "guide":
		return declared("organisation.guide", address(o.Guide), o.Guide != "")
	case "contact":
		return declared("organisation.contact", address(o.Contact), o.Contact != "")
	case "team":
		return declared("security.team", q.phrases.say("yes"), s.Team)
	case "rewards":
		return declared("security.rewards", q.phrases.say("yes"), s.Rewards)
	case "disclosure":
		return declared("security.policy", address(s.Policy), s.Policy != "")
	case "security-contacts":
		var all []said
		for _, c := range s.Contacts {
			all = append(all, said{address(c), "security.contacts"})
		}
		return all
	case "sign-on", "saml":
		return q.signOn(called == "saml")
	case "periods":
		return q.periods()
	case "backups":
		longest := q.span(q.Backups.Epoch + q.Backups.Horizon)
		return []said{{q.phrases.say("backups", slots{"span": longest}), "backups"}}
	case "places", "hosting", "providers":
		return q.hosting(called)
	case "recipients", "sub-processors":
		return q.receivers(called)
	}
	return q.modelFact(called)
}

// declared is one part of an answer, if the policy declares it.
func declared(source string, w words, there bool) []said {
	if !there {
		return nil
	}
	return []said{{w, source}}
}

// signOn are the identity providers; of SAML, those that name it.
func (q *questionnaire) signOn(saml bool) []said {
	var all []said
	for _, b := range q.keeping("single-sign-on") {
		for _, provider := range b.list("providers") {
			if !saml || strings.Contains(strings.ToUpper(provider), "SAML") {
				all = append(all, said{q.own(provider), clauseSource(b.clause)})
			}
		}
	}
	return all
}

func (q *questionnaire) periods() []said {
	var all []said
	for _, d := range q.Data {
		key, fill := "active", slots{"title": q.title(d.Title, d.Titles)}
		if d.Keep > 0 {
			key, fill["span"] = "kept", q.span(d.Keep)
		}
		all = append(all, said{q.phrases.say(key, fill), "data." + d.ID})
	}
	return all
}

// hosting says where data is kept: the places, how, or by whom.
func (q *questionnaire) hosting(what string) []said {
	key := map[string]string{"places": "place", "hosting": "cloud"}[what]
	regions, _ := q.homes()
	var all []said
	for _, r := range regions {
		words := name(r.Provider)
		if key != "" {
			words = q.phrases.say(key, slots{"provider": name(r.Provider), "place": q.title(r.Place, r.Titles), "country": q.country(r.Country)})
		}
		if !slices.ContainsFunc(all, func(s said) bool { return s.words.String() == words.String() }) {
			all = append(all, said{words, "regions." + r.ID})
		}
	}
	return all
}

// receivers are those that get data: all of them, or those that process it for the organisation, of
// which whoever hosts a language model is one.
func (q *questionnaire) receivers(what string) []said {
	all := q.Recipients
	if what == "sub-processors" {
		all = q.processors()
	}
	var out []said
	for _, c := range all {
		words := name(c.Name)
		if c.Does != "" {
			words = q.phrases.say("does", slots{"name": words, "does": q.title(c.Does, c.Titles)})
		}
		out = append(out, said{words, "recipients." + c.ID})
	}
	if what == "sub-processors" && len(out) > 0 {
		out[0].words = q.phrases.say("yes").with(". ").join(out[0].words)
	}
	return out
}

// modelFact is what the policy declares of its language models.
func (q *questionnaire) modelFact(called string) []said {
	var all []said
	for _, m := range q.Models {
		source := "models." + m.ID
		switch called {
		case "uses-models":
			return []said{{q.phrases.say("yes"), "models"}}
		case "models":
			host := q.Organisation.Name
			if c, ok := q.Recipient(m.Recipient); ok {
				host = c.Name
			}
			all = append(all, said{q.phrases.say("hosted", slots{"name": name(m.Name), "host": name(host)}), source})
		case "model-retention":
			all = append(all, declared(source, q.own(m.Retention), m.Retention != "")...)
			all = append(all, declared(source, q.phrases.say("trains", slots{"name": name(m.Name)}), m.Trains)...)
		case "model-tenancy":
			all = append(all, declared(source, q.own(m.Tenancy), m.Tenancy != "")...)
		case "model-places":
			all = append(all, q.modelPlaces(m, source)...)
		}
	}
	return all
}

func (q *questionnaire) modelPlaces(m policy.Model, source string) []said {
	var places []words
	for _, id := range m.Regions {
		r, _ := q.Region(id)
		places = append(places, q.placeOf(r))
	}
	return declared(source, name(m.Name).with(": ").join(q.and(places)), len(places) > 0)
}
