package account

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// heldPage is what is held about somebody, and why.
type heldPage struct {
	Purposes   []purposeView
	Sets       []setView
	Restricted bool
}

// purposeView is one thing that data is used for, in plain words.
type purposeView struct {
	ID, Title, Basis, Because, Without, Machines string
	Uses                                         []string // what of the data
	Gives                                        []string // to whom
	Off                                          string   // why it is not used now; "" if it is
}

// setView is one kind of data.
type setView struct {
	ID, Title, From, Kept string
	For                   []string
	Records               []recordView
	More                  bool // there are more than are shown
}

// recordView is one record of it.
type recordView struct {
	ID      string
	Changed time.Time
	Fields  []fieldView
	Correct bool // by the person
}

type fieldView struct{ Title, Value string }

// shownRecords is how many records of a kind the page shows; the copy has all.
const shownRecords = 20

var errEnough = errors.New("enough is shown")

func (v *visit) held() error {
	whole, err := v.door.Desks.Vault.Whole(v.r.Context(), v.door.Desks.Caller, v.door.Tenant, v.who.Subject)
	if err != nil {
		return err
	}
	p := heldPage{Restricted: whole.Restricted}
	sets, err := whole.DataSets(v.r.Context())
	if err != nil {
		return err
	}
	holds := map[string]bool{}
	for _, id := range sets {
		s, err := v.setView(whole, id)
		if err != nil {
			return err
		}
		if len(s.Records) > 0 {
			holds[id] = true
			p.Sets = append(p.Sets, s)
		}
	}
	for i := range v.door.Policy.Purposes {
		if u := v.purposeView(&v.door.Policy.Purposes[i], &whole.Standing, holds); len(u.Uses) > 0 {
			p.Purposes = append(p.Purposes, u)
		}
	}
	return v.show(http.StatusOK, "data", p, nil)
}

// purposeView says what a purpose does with what is held.
func (v *visit) purposeView(p *policy.Purpose, who *vault.Standing, holds map[string]bool) purposeView {
	out := purposeView{
		ID: p.ID, Title: titled(v.lang, p.Title, p.Titles), Basis: v.phrase("basis." + string(p.Basis)), Off: v.off(p, who),
	}
	if v.lang == v.door.Policy.Language || v.door.Policy.Language == "" {
		out.Because, out.Without, out.Machines = p.Interest+p.Duty, p.Without, p.Automated
	}
	for _, s := range p.Sees {
		set, ok := v.door.Policy.DataSet(s.DataSet)
		if !ok || !holds[s.DataSet] {
			continue
		}
		var fields []string
		for _, id := range s.Fields {
			if f, ok := set.Field(id); ok {
				fields = append(fields, titled(v.lang, f.Title, f.Titles))
			}
		}
		out.Uses = append(out.Uses, v.phrase("held.uses", "data", titled(v.lang, set.Title, set.Titles), "fields", v.list(fields)))
	}
	for _, id := range p.Recipients {
		if r, ok := v.door.Policy.Recipient(id); ok && !slices.Contains(who.OptOuts, id) {
			out.Gives = append(out.Gives, r.Name)
		}
	}
	return out
}

// off says why a purpose uses nothing of the person's now.
func (v *visit) off(p *policy.Purpose, who *vault.Standing) string {
	switch {
	case p.Basis == policy.Consent && !slices.Contains(who.Consents, p.ID):
		return v.phrase("held.no-consent")
	case slices.Contains(who.Objections, p.ID):
		return v.phrase("held.objected")
	case who.Restricted && !p.UnderRestriction:
		return v.phrase("held.restricted")
	}
	return ""
}

func (v *visit) setView(whole *vault.Whole, id string) (setView, error) {
	out := setView{ID: id, Title: v.dataSet(id), Kept: v.phrase("kept.active"), From: v.phrase("from.person")}
	set, declared := v.door.Policy.DataSet(id)
	if declared {
		out.From, out.Kept = v.from(set), v.kept(set)
		for i := range v.door.Policy.Purposes {
			p := &v.door.Policy.Purposes[i]
			if slices.ContainsFunc(p.Sees, func(s policy.Sight) bool { return s.DataSet == id }) {
				out.For = append(out.For, titled(v.lang, p.Title, p.Titles))
			}
		}
	}
	err := whole.Records(v.r.Context(), id, func(r *vault.Record) error {
		if len(out.Records) == shownRecords {
			out.More = true
			return errEnough
		}
		fields, err := v.fields(set, r)
		out.Records = append(out.Records, recordView{ID: r.ID, Changed: r.Updated, Fields: fields, Correct: declared && len(v.editable(set, &whole.Standing)) > 0})
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}

func (v *visit) from(set *policy.DataSet) string {
	if set.Source == "" {
		return v.phrase("from.person")
	}
	return v.phrase("from."+string(set.Source), "who", set.From)
}

func (v *visit) kept(set *policy.DataSet) string {
	switch {
	case set.Storage == policy.Memory:
		return v.phrase("kept.memory")
	case set.Keep > 0:
		return v.phrase("kept.days", "n", strconv.Itoa(int(set.Keep/(24*time.Hour))))
	}
	return v.phrase("kept.active")
}

// fields are a record's values as they are read, in the policy's order, then those that it no longer declares.
func (v *visit) fields(set *policy.DataSet, r *vault.Record) (all []fieldView, err error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(r.Fields, &values); err != nil {
		return nil, fault.As("account.fields", fault.Other, err)
	}
	if set != nil {
		for i := range set.Fields {
			f := &set.Fields[i]
			if raw, ok := values[f.ID]; ok {
				all = append(all, fieldView{titled(v.lang, f.Title, f.Titles), v.value(raw)})
				delete(values, f.ID)
			}
		}
	}
	var left []string
	for id := range values {
		left = append(left, id)
	}
	slices.Sort(left)
	for _, id := range left {
		all = append(all, fieldView{id, v.value(values[id])})
	}
	return all, nil
}

// value is a stored value as it is read.
func (v *visit) value(raw json.RawMessage) string {
	text := string(raw)
	switch {
	case text == "true" || text == "false":
		return v.phrase("value." + text)
	case len(raw) > 0 && raw[0] == '{':
		var blob struct {
			Size int64 `json:"size"`
		}
		if json.Unmarshal(raw, &blob) == nil {
			return v.phrase("value.file", "n", strconv.FormatInt(blob.Size, 10))
		}
	}
	return plain(raw)
}

// plain is a value without the marks of JSON.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
