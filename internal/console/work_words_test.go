package console

import (
	"reflect"
	"testing"

	"clause.dev/clause/internal/incident"
)

// Every word that a desk shows is there in both languages: its own, its columns', its forms' and their choices'.
func TestWorkIsSaid(t *testing.T) {
	all, err := readWords()
	if err != nil {
		t.Fatal(err)
	}
	for lang, words := range all {
		need := func(keys ...string) {
			for _, key := range keys {
				if words[key] == "" {
					t.Errorf("%s has no words for %q", lang, key)
				}
			}
		}
		for _, m := range matters() {
			need("nav."+m.Name, m.Name+".title", m.Name+".text", m.Name+".none")
			if m.show != nil {
				need(m.Name + ".one")
			}
			for _, c := range m.Columns {
				need("col." + c)
			}
			for i := range m.acts {
				a := &m.acts[i]
				key := m.Name + "." + a.Name
				need(key + ".do")
				if m.show != nil || a.New {
					need(key, key+".why")
				}
				if a.New {
					need(key + ".h")
				}
				if a.in == nil {
					continue
				}
				for _, one := range inputsOf(a.in, "", a.leave, nil) {
					if words["field."+m.Name+"."+one.Name] == "" {
						need("field." + one.Name)
					}
					for _, choice := range one.Choices {
						if words["is."+choice] == "" && words["right."+choice] == "" && words["language."+choice] == "" && incident.Phrase(lang, choice) == choice {
							t.Errorf("%s has no words for the choice %q of %s", lang, choice, one.Name)
						}
					}
				}
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
