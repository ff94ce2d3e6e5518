package account

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/policy"
)

// asked is a field that is asked at registration: those that the policy needs for an account, and no more.
type asked struct {
	Set, Field string
	title      string
	titles     policy.Titles
	kind       policy.Type
	Login      bool
	Max        int
}

// Name is the field's name in the form.
func (a asked) Name() string { return a.Set + "." + a.Field }

// askedOf are the fields of the data set of the log-in name that are not optional.
func askedOf(p *policy.Policy, login string) (all []asked) {
	set, _, _ := strings.Cut(login, ".")
	for i := range p.Data {
		if p.Data[i].ID != set {
			continue
		}
		for j := range p.Data[i].Fields {
			f := &p.Data[i].Fields[j]
			one := asked{Set: set, Field: f.ID, title: f.Title, titles: f.Titles, kind: f.Type, Max: f.Max}
			one.Login = one.Name() == login
			if !f.Optional || one.Login {
				all = append(all, one)
			}
		}
	}
	return all
}

// Title is what a field is called in a language.
func (a asked) Title(lang string) string { return titled(lang, a.title, a.titles) }

// Input is the sort of HTML input, and what a browser may fill it with.
func (a asked) Input() string {
	switch a.kind {
	case policy.Email:
		return "email"
	case policy.Date:
		return "date"
	}
	return "text"
}

// consent is a purpose that somebody may consent to, or not.
type consent struct{ ID, Title, Without string }

func consentsOf(p *policy.Policy, lang string) (all []consent) {
	for _, p := range p.Purposes {
		if p.Basis != policy.Consent {
			continue
		}
		c := consent{ID: p.ID, Title: p.Title, Without: p.Without}
		if t := p.Titles[lang]; t != "" {
			c.Title, c.Without = t, ""
		}
		all = append(all, c)
	}
	return all
}

// registration reads the form. Nothing is consented to that was not ticked (GDPR art. 4(11)).
func (d *door) registration(lang string, form url.Values) (identity.Registration, error) {
	r := identity.Registration{Password: form.Get("password"), Language: lang, Fields: map[string]map[string]json.RawMessage{}}
	for _, a := range d.asks {
		given := strings.TrimSpace(form.Get(a.Name()))
		if given == "" {
			return r, fault.New("account.registration", fault.Invalid, "something is missing").WithField(a.Name())
		}
		if a.Login {
			r.Login = given
		}
		text, err := json.Marshal(given)
		if err != nil {
			return r, fault.As("account.registration", fault.Invalid, err)
		}
		if r.Fields[a.Set] == nil {
			r.Fields[a.Set] = map[string]json.RawMessage{}
		}
		r.Fields[a.Set][a.Field] = text
	}
	if d.MinAge > 0 {
		born, err := time.Parse(time.DateOnly, form.Get("born"))
		if err != nil {
			return r, fault.New("account.registration", fault.Invalid, "the day of birth is missing or cannot be one").WithField("born")
		}
		r.Born = born
	}
	for _, c := range consentsOf(d.Policy, lang) {
		if slices.Contains(form["consent"], c.ID) {
			r.Consents = append(r.Consents, c.ID)
		}
	}
	return r, nil
}
