package console

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/web"
)

// wanted are the words that the desks want of a language.
type wanted struct {
	*testing.T
	lang  string
	words web.Words
	keys  map[string]bool
}

func (w *wanted) need(keys ...string) {
	w.Helper()
	for _, key := range keys {
		w.keys[key] = true
		if w.words[key] == "" {
			w.Errorf("%s has no words for %q", w.lang, key)
		}
	}
}

// one wants the first of these keys that there are words for.
func (w *wanted) one(keys ...string) bool {
	at := slices.IndexFunc(keys, func(key string) bool { return w.words[key] != "" })
	if at >= 0 {
		w.keys[keys[at]] = true
	}
	return at >= 0
}

func (w *wanted) of(m *matter) {
	w.need("nav."+m.Name, m.Name+".title", m.Name+".text", m.Name+".none")
	if m.show != nil {
		w.need(m.Name + ".one")
	}
	for _, c := range m.Columns {
		w.need("col." + c)
	}
	for i := range m.acts {
		a := &m.acts[i]
		key := m.Name + "." + a.Name
		w.need(key + ".do")
		if m.show != nil || a.New {
			w.need(key, key+".why")
		}
		if a.New {
			w.need(key + ".h")
		}
		if a.in != nil {
			w.form(m, a)
		}
	}
}

func (w *wanted) form(m *matter, a *act) {
	for _, one := range inputsOf(a.in, "", a.leave, nil) {
		if !w.one("field."+m.Name+"."+one.Name, "field."+one.Name) {
			w.Errorf("%s has no words for the field %s of %s", w.lang, one.Name, m.Name)
		}
		w.one("about."+m.Name+"."+one.Name, "about."+one.Name)
		for _, choice := range one.Choices {
			if !w.one("right."+choice, "language."+choice, "grade."+choice, "is."+choice) && incident.Phrase(w.lang, choice) == choice {
				w.Errorf("%s has no words for the choice %q of %s", w.lang, choice, one.Name)
			}
		}
		one.Values = map[string][]string{"time": {"2026-01-02T03:04"}, "tick": {"yes"}}[one.Kind]
		if one.Values == nil {
			one.Values = []string{"x"}
		}
		if err := one.set(field(reflect.New(a.in).Elem(), strings.Split(one.Name, "."))); err != nil { // of a type that no form fills it panics
			w.Errorf("%s of %s: %v", one.Name, m.Name, err)
		}
	}
}

// Every word that a desk shows is there in both languages: its own, its columns', its forms' and their choices', and
// those of the states that things are in. None is there for nothing.
func TestWorkIsSaid(t *testing.T) {
	all, err := web.ReadWords(files, languages)
	if err != nil {
		t.Fatal(err)
	}
	for lang, words := range all {
		w := &wanted{t, lang, words, map[string]bool{}}
		w.need("col.act", "is.yes", "is.person-erased", "is."+proof.OfPerson, "is."+proof.OfTenant)
		for _, m := range matters() {
			w.of(m)
		}
		for _, shown := range []any{api.Request{}, api.Incident{}, api.Demand{}, api.Grant{}, api.SecurityTest{}, api.Weakness{}, api.Exercise{}, api.Tenant{}} {
			state, _ := reflect.TypeOf(shown).FieldByName("State")
			for s := range strings.SplitSeq(state.Tag.Get("enum"), ",") {
				w.need("is." + s)
			}
		}
		for _, s := range []retention.State{retention.Open, retention.Held, retention.Clean, retention.Issued} {
			w.need("is." + stageOf(&retention.Certificate{State: s}))
		}
		for _, s := range assurance.Severities() {
			w.need("grade." + s)
		}
		if words["is.held"] == words["is."+stageOf(&retention.Certificate{State: retention.Held})] {
			t.Errorf("%s says of what a legal hold keeps that it was exercised", lang)
		}
		for key := range words {
			family, _, _ := strings.Cut(key, ".")
			if slices.Contains([]string{"col", "is", "grade", "field", "about", "right", "language"}, family) && !w.keys[key] {
				t.Errorf("%s has words for nothing: %q", lang, key)
			}
		}
	}
}

// A form takes what its wire type takes, and no more.
func TestFormIsChecked(t *testing.T) {
	type part struct {
		Nested string `json:"nested,omitempty"`
	}
	type wire struct {
		Name  string   `json:"name" pattern:"^[a-z]+$" maxLength:"5"`
		Title string   `json:"title,omitempty" maxLength:"5"`
		Kind  string   `json:"kind,omitempty" enum:"one,two"`
		Many  []string `json:"many" enum:"x,y" minItems:"1"`
		Lines []string `json:"lines"`
		Sure  bool     `json:"sure,omitempty"`
		Part  part     `json:"part"`
	}
	inputs := inputsOf(reflect.TypeFor[wire](), "", nil, nil)
	fill := func(values map[string][]string) (wire, error) {
		var out wire
		all := append([]input{}, inputs...)
		for i := range all {
			all[i].Values = values[all[i].Name]
		}
		return out, read(reflect.ValueOf(&out).Elem(), all)
	}
	var out wire
	all := append([]input{}, inputs...)
	for i := range all {
		all[i].Values = map[string][]string{"name": {"ab"}, "title": {"عنوان"}, "many": {"x", "y"}, "sure": {"yes"}, "part.nested": {"n"}}[all[i].Name]
	}
	if err := read(reflect.ValueOf(&out).Elem(), all); err != nil || out.Name != "ab" || out.Title != "عنوان" || len(out.Many) != 2 || !out.Sure || out.Part.Nested != "n" || out.Lines == nil {
		t.Fatalf("%+v, %v", out, err)
	}
	for name, wrong := range map[string]map[string][]string{
		"missing":        {"many": {"x"}},
		"no item":        {"name": {"ab"}},
		"pattern":        {"name": {"AB"}, "many": {"x"}},
		"a line's end":   {"name": {"ab\n"}, "many": {"x"}},
		"too long":       {"name": {"abcdef"}, "many": {"x"}},
		"too long too":   {"name": {"ab"}, "title": {"عناوين"}, "many": {"x"}},
		"no choice":      {"name": {"ab"}, "many": {"z"}},
		"no such kind":   {"name": {"ab"}, "many": {"x"}, "kind": {"three"}},
		"twice":          {"name": {"ab"}, "many": {"x", "x"}},
		"two of one":     {"name": {"ab", "cd"}, "many": {"x"}},
		"not quite sure": {"name": {"ab"}, "many": {"x"}, "sure": {"no"}},
	} {
		if got, err := fill(wrong); err == nil {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}
