package account

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
	"clause.dev/clause/internal/vault"
)

// consentsPage is what somebody consents to, and has said before.
type consentsPage struct {
	Purposes []consentView
	History  []saidView
}

type consentView struct {
	consent
	Given bool
	Since time.Time // zero where the history does not say
}

// saidView is one line of the history.
type saidView struct {
	ID, Title, Version, Text, Language string
	Given                              bool
	At                                 time.Time
	Elsewhere                          bool // an application asked in words of its own
	Receipt                            bool
}

// Asks is what somebody reads when they are asked for consent: the very words are kept with what they say.
func Asks(p *policy.Policy, purpose, lang string) string {
	for _, c := range consentsOf(p, lang) {
		if c.ID == purpose {
			return strings.TrimSpace(c.Title + "\n" + c.Without)
		}
	}
	return ""
}

// apart keeps what is written from left to right so in a sentence that is not (UAX #9).
func apart(text string) string { return "\u2066" + text + "\u2069" }

func (v *visit) consents() error {
	p, err := v.consentsPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "consents", p, nil)
}

func (v *visit) consentsPage() (p consentsPage, err error) {
	k := &v.door.Desks
	who, err := k.Vault.Standing(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject)
	if err != nil {
		return p, err
	}
	said, err := k.Vault.Consents(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject)
	if err != nil {
		return p, err
	}
	for _, c := range consentsOf(v.door.Policy, v.lang) {
		one := consentView{consent: c, Given: slices.Contains(who.Consents, c.ID)}
		if i := slices.IndexFunc(said, func(s vault.Consent) bool { return s.Purpose == c.ID }); i >= 0 && said[i].Given == one.Given {
			one.Since = said[i].At
		}
		p.Purposes = append(p.Purposes, one)
	}
	for i := range said {
		s := &said[i]
		p.History = append(p.History, saidView{
			ID: s.ID, Title: v.purpose(s.Purpose), Version: apart(s.Version), Text: s.Text, Language: s.Language, Given: s.Given, At: s.At,
			Elsewhere: s.Text == "", Receipt: len(s.Receipt) > 0,
		})
	}
	return p, nil
}

// consent gives or withdraws one consent: as easily the one as the other (GDPR art. 7(3)).
func (v *visit) consent() error {
	const op = "account.consent"
	k := &v.door.Desks
	e := vault.Expression{Purpose: v.field("purpose"), Given: v.field("say") == "give", Language: v.lang}
	if e.Text = Asks(v.door.Policy, e.Purpose, v.lang); e.Text == "" {
		return fault.New(op, fault.Invalid, "nobody is asked for this")
	}
	e.Receipt = json.RawMessage(v.door.Receipts[v.lang][e.Purpose])
	if _, err := k.Rights.Consent(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject, e); err != nil {
		return err
	}
	v.redirect("consents")
	return nil
}

// receipt hands out a receipt to keep.
func (v *visit) receipt() error {
	k := &v.door.Desks
	said, err := k.Vault.Consents(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(said, func(s vault.Consent) bool { return s.ID == v.r.PathValue("id") && len(s.Receipt) > 0 })
	if i < 0 {
		return v.say(http.StatusNotFound, "not-found")
	}
	s := &said[i]
	out, err := publish.ConsentReceipt(s.Receipt, publish.Expressed{Record: s.ID, Principal: v.who.Subject, At: s.At, Given: s.Given})
	if err != nil {
		return err
	}
	return v.send(s.ID+".json", "application/json", func(f *file) error {
		_, err := f.Write(out)
		return fault.As("account.receipt", fault.Unavailable, err)
	})
}

// Receipts are the templates of receipts in each language that people read here, by purpose.
func Receipts(p *policy.Policy, o publish.Options) (map[string]map[string][]byte, error) {
	all := map[string]map[string][]byte{}
	for _, lang := range languages {
		o.Language = lang
		templates, err := publish.Receipts(p, o)
		if err != nil {
			return nil, err
		}
		all[lang] = templates
	}
	return all, nil
}
