package account

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// correctPage is a record that its person corrects.
type correctPage struct {
	Set, Title, Record string
	Fields             []correctField
}

// correctField is a field of the form.
type correctField struct {
	Name, ID, Title, Input, Value string // Name is data-set.field
	Values                        []string
	Optional                      bool
	Max                           int

	field *policy.Field
	by    string // the purpose it is written for
}

// editable are the fields that a person corrects themselves: what they gave. What others have found out or worked
// out is corrected by whoever answers a request; and an address that signs somebody in is proven, not typed.
func (v *visit) editable(set *policy.DataSet, who *vault.Standing) (all []correctField) {
	if set.Source != "" && set.Source != policy.FromPerson || set.Storage == policy.Memory {
		return nil
	}
	for i := range set.Fields {
		f := &set.Fields[i]
		name := set.ID + "." + f.ID
		by := v.writer(set.ID, f.ID, who)
		if f.Type == policy.Blob || name == v.door.Login || by == "" {
			continue
		}
		one := correctField{Name: name, ID: f.ID, Title: titled(v.lang, f.Title, f.Titles), Input: inputOf(f.Type), Optional: f.Optional, Max: f.Max, field: f, by: by}
		switch f.Type {
		case policy.Enum:
			one.Values = f.Values
		case policy.Bool:
			one.Values = []string{"true", "false"}
		}
		all = append(all, one)
	}
	return all
}

// writer is a purpose that may write a field of somebody of this standing.
func (v *visit) writer(set, field string, who *vault.Standing) string {
	for i := range v.door.Policy.Purposes {
		p := &v.door.Policy.Purposes[i]
		sees := slices.ContainsFunc(p.Sees, func(s policy.Sight) bool { return s.DataSet == set && slices.Contains(s.Fields, field) })
		if sees && slices.Contains(p.May, policy.Write) && v.off(p, who) == "" {
			return p.ID
		}
	}
	return ""
}

func inputOf(t policy.Type) string {
	switch t {
	case policy.Email:
		return "email"
	case policy.Date:
		return "date"
	case policy.Phone:
		return "tel"
	}
	return "text"
}

// correctable reads the record that an address names, and what of it its person corrects.
func (v *visit) correctable() (p correctPage, err error) {
	none := fault.New("account.correctable", fault.NotFound, "there is no such record")
	p.Set, p.Record = v.r.PathValue("set"), v.r.PathValue("record")
	set, ok := v.door.Policy.DataSet(p.Set)
	if !ok {
		return p, none
	}
	p.Title = titled(v.lang, set.Title, set.Titles)
	whole, err := v.door.Desks.Vault.Whole(v.r.Context(), v.door.Desks.Caller, v.door.Tenant, v.who.Subject)
	if err != nil {
		return p, err
	}
	p.Fields = v.editable(set, &whole.Standing)
	err = whole.Records(v.r.Context(), p.Set, func(r *vault.Record) error {
		if r.ID != p.Record {
			return nil
		}
		var values map[string]json.RawMessage
		if err := json.Unmarshal(r.Fields, &values); err != nil {
			return fault.As("account.correctable", fault.Other, err)
		}
		for i := range p.Fields {
			if raw, ok := values[p.Fields[i].ID]; ok {
				p.Fields[i].Value = plain(raw)
			}
		}
		return errEnough
	})
	switch {
	case err == nil || len(p.Fields) == 0:
		return p, none
	case errors.Is(err, errEnough):
		return p, nil
	}
	return p, err
}

func (v *visit) correctForm() error {
	p, err := v.correctable()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "correct", p, nil)
}

// correct sends on what was changed, and nothing else.
func (v *visit) correct() error {
	p, err := v.correctable()
	if err != nil {
		return err
	}
	fixes := map[string]vault.Fields{}
	var order []string
	for i := range p.Fields {
		f := &p.Fields[i]
		typed := strings.TrimSpace(v.field(f.ID))
		if _, sent := v.r.PostForm[f.ID]; !sent || typed == f.Value {
			continue
		}
		raw, err := f.value(typed)
		if err != nil {
			return err
		}
		if fixes[f.by] == nil {
			fixes[f.by], order = vault.Fields{}, append(order, f.by)
		}
		fixes[f.by][f.ID] = raw
		f.Value = typed
	}
	if len(order) == 0 {
		v.redirect("data")
		return nil
	}
	var all []rights.Correction
	for _, by := range order {
		all = append(all, rights.Correction{Purpose: by, DataSet: p.Set, Record: p.Record, Fields: fixes[by]})
	}
	ask := rights.Ask{Subject: v.who.Subject, Right: rights.Rectification, Language: v.lang}
	if _, err := v.door.Desks.Rights.Exercise(v.r.Context(), v.door.Desks.Caller, v.door.Tenant, ask, all); err != nil {
		return v.complain(err, "correct", p)
	}
	v.redirect("data#" + p.Set)
	return nil
}

// value is what was typed as it is stored: nothing typed takes an optional value away.
func (f *correctField) value(typed string) (json.RawMessage, error) {
	switch {
	case typed == "" && f.Optional:
		return json.RawMessage("null"), nil
	case f.field.Type == policy.Integer || f.field.Type == policy.Bool:
		if json.Valid([]byte(typed)) {
			return json.RawMessage(typed), nil
		}
	}
	raw, err := json.Marshal(typed)
	return raw, fault.As("account.value", fault.Invalid, err)
}
