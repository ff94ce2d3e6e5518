package check

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/policy"
)

func hiddenProcessor() Rule {
	return Rule{
		Code: "hidden-sub-processor", Severity: Error,
		Title:       "a clause lists the sub-processors, or says there are none, and another company processes the data",
		Explanation: "Who hosts a language model, or anything else that is given personal data, processes it. Customers must know every such company before it begins, so that they can object.",
		RestsOn:     "GDPR art. 28(2) and (4); the clause's own list",
		Remedy:      "name the company in the clause and its list, or stop giving it data",
		find: func(v *view, found func(hit)) {
			none := claims("no-sub-processors")
			for _, b := range v.keeps["sub-processors"] {
				v.hidden(b.names("recipients"), func(msg string, ids ...string) {
					h := b.at(fmt.Sprintf("clause %s %s, yet %s", b.clause.ID, listed(b.names("recipients")), msg))
					h.about = ids
					found(h)
				})
			}
			for i := range v.Clauses {
				if c := &v.Clauses[i]; !has(c, "sub-processors") {
					v.said(i, none, func(p phrase) {
						at := v.finder(i)
						v.hidden(nil, func(msg string, ids ...string) {
							h := at(p.words, fmt.Sprintf("clause %s says that there are no sub-processors, yet %s", c.ID, msg))
							h.about = ids
							found(h)
						})
					})
				}
			}
		},
	}
}

func listed(recipients []string) string {
	if len(recipients) == 0 {
		return "says that there are no sub-processors"
	}
	return "lists " + join(recipients) + " as the only sub-processors"
}

// hidden finds companies that process data and are not listed, each once.
func (v *view) hidden(listed []string, found func(msg string, ids ...string)) {
	for _, r := range v.Recipients {
		if slices.Contains(listed, r.ID) {
			continue
		}
		var hosts []string
		for _, m := range v.Models {
			if m.Recipient == r.ID {
				hosts = append(hosts, m.ID)
			}
		}
		switch {
		case len(hosts) > 0:
			found(fmt.Sprintf("%s (%s) hosts the language model %s", r.Name, r.ID, join(hosts)), append([]string{r.ID}, hosts...)...)
		case r.Role == "processor":
			found(fmt.Sprintf("recipient %s (%s) is a processor", r.ID, r.Name), r.ID)
		}
	}
}

// said calls found with the first claim of the lexicon that a clause makes without an exception.
func (v *view) said(clause int, l lexicon, found func(phrase)) {
	for _, s := range v.prose[clause] {
		for _, m := range l.in(s) {
			if !s.excepted() {
				found(m.phrase)
				return
			}
		}
	}
}

func modelElsewhere() Rule {
	return Rule{
		Code: "model-residency-elsewhere", Severity: Error,
		Title:       "a language model keeps data outside the countries a clause promises",
		Explanation: "What a model is given is processed where the model runs. A promise of one country is broken by a model whose default is another.",
		RestsOn:     "GDPR art. 44; the clause's own regions",
		Remedy:      "use the model in a promised region, or name its regions in the clause",
		find: func(v *view, found func(hit)) {
			for _, b := range v.keeps["residency"] {
				promised := v.countries(b.names("regions"))
				for i := range v.Models {
					m := &v.Models[i]
					var outside []string
					for _, id := range m.Regions {
						if r, ok := v.Region(id); ok && !slices.Contains(promised, r.Country) {
							outside = append(outside, fmt.Sprintf("%s (%s)", id, r.Country))
						}
					}
					if len(outside) > 0 {
						found(hit{pos: m.Pos, width: len(m.ID), clauses: []string{b.clause.ID}, about: []string{m.ID},
							msg: fmt.Sprintf("by default model %s keeps data in %s, clause %s promises %s", m.ID, join(outside), b.clause.ID, join(promised))})
					}
				}
			}
		},
	}
}

// countries are those of the regions, each once.
func (v *view) countries(regions []string) (all []string) {
	for _, id := range regions {
		if r, ok := v.Region(id); ok {
			all = append(all, r.Country)
		}
	}
	return unique(all)
}

func recipientOutside() Rule {
	return Rule{
		Code: "recipient-outside-regions", Severity: Error,
		Title:       "data goes to a recipient abroad, and nothing safeguards it there",
		Explanation: "Personal data may leave only to where the law gives the same protection, or under a safeguard such as standard contractual clauses, which people can ask to see.",
		RestsOn:     "GDPR art. 44 to 49 and 13(1)(f); UAE PDPL art. 22 and 23",
		Remedy:      "record the recipient's safeguard, name its region in a clause about residency, or take the recipient out",
		find: func(v *view, found func(hit)) {
			if len(v.keeps["residency"]) > 0 { // the control's own check finds those without a safeguard
				v.emptySafeguards(found)
				return
			}
			home := v.home()
			for i := range v.Recipients {
				r := &v.Recipients[i]
				region, ok := v.Region(r.Region)
				if ok && emptyWords(r.Safeguard) && len(home) > 0 && !slices.Contains(home, region.Country) {
					found(hit{pos: r.Pos, width: len(r.ID), about: []string{r.ID},
						msg: fmt.Sprintf("recipient %s is in %s, data is kept in %s, no clause allows other regions and no safeguard is recorded", r.ID, region.Country, join(home))})
				}
			}
		},
	}
}

// emptySafeguards finds safeguards that are words such as "none".
func (v *view) emptySafeguards(found func(hit)) {
	for i := range v.Recipients {
		r := &v.Recipients[i]
		if r.Safeguard == "" || !emptyWords(r.Safeguard) {
			continue
		}
		for _, b := range v.keeps["residency"] {
			if !slices.Contains(b.names("regions"), r.Region) {
				found(hit{pos: r.Pos, width: len(r.ID), clauses: []string{b.clause.ID}, about: []string{r.ID},
					msg: fmt.Sprintf("recipient %s is in %s, outside the regions of clause %s, and its safeguard %q is none", r.ID, r.Region, b.clause.ID, r.Safeguard)})
			}
		}
	}
}

// home are the countries of the regions that no recipient and no model is in: where the data is kept.
func (v *view) home() []string {
	var ids []string
	for _, r := range v.Regions {
		abroad := slices.ContainsFunc(v.Recipients, func(c policy.Recipient) bool { return c.Region == r.ID }) ||
			slices.ContainsFunc(v.Models, func(m policy.Model) bool { return slices.Contains(m.Regions, r.ID) })
		if !abroad {
			ids = append(ids, r.ID)
		}
	}
	return v.countries(ids)
}

// emptyWords reports whether a text says that there is nothing to say.
func emptyWords(text string) bool {
	w := words(text)
	return len(w) == 0 || len(w) <= 2 && slices.Contains([]string{"none", "no", "n", "na", "tbd", "tba", "unknown", "pending", "todo", "not"}, w[0])
}

func sharedDespiteNever() Rule {
	return Rule{
		Code: "shared-despite-never", Severity: Error,
		Title:       "a clause says that data is never shared, and somebody receives it",
		Explanation: "A processor counts too: people who read that nobody gets their data do not think of a company that hosts, mails or analyses it.",
		RestsOn:     "GDPR art. 5(1)(a) and 13(1)(e); the clause's own words",
		Remedy:      "name the recipients in the clause and bind it to no-disclosure with their list, or take them out of the policy",
		find: func(v *view, found func(hit)) {
			receivers := v.receivers()
			if len(receivers) == 0 {
				return
			}
			never, uses := claims("never-shared"), phrases(table(usesFile), deniedAs)
			for i := range v.Clauses {
				c := &v.Clauses[i]
				if has(c, "no-disclosure", "allowed-recipients", "sub-processors") {
					continue // who receives is listed, and held to the list
				}
				for _, s := range v.prose[i] {
					if claimed := never.in(s); len(claimed) > 0 && !s.excepted() && !s.instructs() && len(uses.in(s)) == 0 {
						h := v.find(i, claimed[0].words, fmt.Sprintf("clause %s says that data is not shared, and %s", c.ID, receive(receivers)))
						h.about = receivers
						found(h)
						break
					}
				}
			}
			v.marketers(found)
		},
	}
}

// instructs reports whether the sentence tells people what they must not share.
func (s sentence) instructs() bool {
	return s.holds("password", "passwords", "passcode", "login", "credentials", "pin") || s[0].text == "do" || s[0].text == "don't" || s[0].text == "please"
}

func receive(ids []string) string {
	const shown = 3
	switch n := len(ids); {
	case n == 1:
		return ids[0] + " receives it"
	case n > shown:
		return fmt.Sprintf("%s and %d more receive it", commas(ids[:shown]), n-shown)
	}
	return join(ids) + " receive it"
}

// receivers are the companies that data goes to. An authority that demands data is not shared with.
func (v *view) receivers() (ids []string) {
	for _, r := range v.Recipients {
		if r.Role != "authority" {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// marketers finds recipients that advertise, where a clause says that nobody does. Who sends the
// company's own letters is a processor, and does no marketing of its own.
func (v *view) marketers(found func(hit)) {
	uses := phrases(table(usesFile), deniedAs)
	for _, b := range v.keeps["no-direct-marketing"] {
		for _, r := range v.Recipients {
			for _, s := range sentences(r.Does) {
				for _, m := range uses.in(s) {
					if kind := m.row[0]; kind == "advertising" || kind == "sale" || kind == "marketing" && r.Role == "controller" {
						h := b.at(fmt.Sprintf("clause %s says that nobody gets data for marketing, and recipient %s does it: %s", b.clause.ID, r.ID, r.Does))
						h.about = []string{r.ID}
						found(h)
					}
				}
			}
		}
	}
}
