package diff_test

import (
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// A field that the language gets and diff forgets fails here: every field of the model is changed,
// one at a time, and each must be seen, and seen the other way about on the way back.
func TestEveryFieldOfTheModelCounts(t *testing.T) {
	p := base(t)
	for i, m := range mutations(p) {
		changed := copied(p)
		mutations(changed)[i].apply()
		there, back := compare(p, changed), compare(changed, p)
		if len(there.Changes) == 0 {
			t.Errorf("%s changed, and nothing is told", m.path)
		}
		if dangling(m) {
			continue
		}
		if got, want := told(back, false), told(there, true); !slices.Equal(got, want) {
			t.Errorf("%s: on the way back\n%q, want\n%q", m.path, got, want)
		}
	}
}

// The base policy must hold at least one of everything, or the walk does not reach it.
func TestTheBasePolicyHoldsEverything(t *testing.T) {
	seen := map[string]bool{}
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if !f.IsExported() || unmeant[f.Name] {
					continue
				}
				name := v.Type().Name() + "." + f.Name
				seen[name] = seen[name] || !v.Field(i).IsZero()
				look(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				look(v.Index(i))
			}
		}
	}
	look(reflect.ValueOf(*base(t)))
	for _, name := range sortedKeys(seen) {
		if !seen[name] {
			t.Errorf("nothing in testdata/base.yaml has %s", name)
		}
	}
}

// dangling reports mutations after which other parts name an id that is not there: no policy that
// parses is like that.
func dangling(m mutation) bool { return strings.HasSuffix(m.path, ".ID") }

// told lists the changes by kind and effect; mirrored, as they are on the way back.
func told(r diff.Report, mirrored bool) (all []string) {
	other := map[diff.Effect]diff.Effect{diff.Widens: diff.Narrows, diff.Narrows: diff.Widens, diff.Neutral: diff.Neutral}
	for _, c := range r.Changes {
		kind, effect := string(c.Kind), c.Effect
		if mirrored {
			kind, effect = opposite(kind), other[effect]
		}
		all = append(all, kind+" "+string(effect))
	}
	slices.Sort(all)
	return all
}

func opposite(kind string) string {
	for _, ends := range [][2]string{{"-new", "-gone"}, {"-gone", "-new"}, {"-more", "-less"}, {"-less", "-more"}} {
		if stem, ok := strings.CutSuffix(kind, ends[0]); ok {
			return stem + ends[1]
		}
	}
	return kind
}

// mutated is a policy with some fields changed.
func mutated(t *rapid.T, p *policy.Policy, most int) (*policy.Policy, []string) {
	changed, paths := copied(p), []string{}
	for range rapid.IntRange(0, most).Draw(t, "changes") {
		all := slices.DeleteFunc(mutations(changed), dangling)
		m := all[rapid.IntRange(0, len(all)-1).Draw(t, "which")]
		m.apply()
		paths = append(paths, m.path)
	}
	return changed, paths
}

// A policy does not differ from itself, whatever it holds and in whatever order it is written.
func TestNothingChangedIsNoChange(t *testing.T) {
	p := base(t)
	rapid.Check(t, func(t *rapid.T) {
		a, paths := mutated(t, p, 4)
		b := copied(a)
		shuffle(b, rand.New(rand.NewSource(rapid.Int64().Draw(t, "order"))))
		if r := compare(a, b); len(r.Changes) > 0 || len(r.Consents) > 0 || r.Notice.Needed || !r.CanTakeEffect() {
			t.Fatalf("after %q: %q", paths, told(r, false))
		}
	})
}

// shuffle reorders whatever has no order: all but clauses, subjects (the first is the default) and
// the contacts of security.txt.
func shuffle(p *policy.Policy, r *rand.Rand) {
	mix := func(v any) {
		swap := reflect.Swapper(v)
		r.Shuffle(reflect.ValueOf(v).Len(), swap)
	}
	for _, v := range []any{p.Products, p.Laws, p.Regions, p.Environments, p.Data, p.Purposes, p.Recipients, p.Models, p.Cookies, p.Attestations, p.Documents, p.Known, p.Security.Languages} {
		mix(v)
	}
	for i := range p.Data {
		mix(p.Data[i].Fields)
	}
	for i := range p.Purposes {
		mix(p.Purposes[i].May)
		mix(p.Purposes[i].Sees)
		mix(p.Purposes[i].Recipients)
	}
	for i := range p.Models {
		mix(p.Models[i].Regions)
	}
	for i := range p.Clauses {
		mix(p.Clauses[i].Keep)
		mix(p.Clauses[i].Translations)
		for _, k := range p.Clauses[i].Keep {
			for _, v := range k.Params {
				if list, ok := v.([]string); ok {
					mix(list)
				}
			}
		}
	}
}

// Whatever changes between two policies is told both ways, and each way in the other's words; and
// what is told is whole: sentences, reasons, and people.
func TestThereAndBack(t *testing.T) {
	p := base(t)
	rapid.Check(t, func(t *rapid.T) {
		a, before := mutated(t, p, 3)
		b, after := mutated(t, a, 3)
		there, back := compare(a, b), compare(b, a)
		if got, want := told(back, false), told(there, true); !slices.Equal(got, want) {
			t.Fatalf("from %q by %q: on the way back\n%q, want\n%q", before, after, got, want)
		}
		for _, c := range there.Changes {
			if c.Says == "" || strings.ContainsAny(c.Says, "{}") || c.Why == "" || len(c.For) == 0 || c.About == nil || c.Clauses == nil {
				t.Fatalf("a change is not whole: %+v", c)
			}
		}
		if there.Notice.Needed != (len(there.Material(true)) > 0) {
			t.Fatal("notice is needed where something is material, and only there")
		}
	})
}

// Words that went make up the old text, words that came the new one.
func TestWordsAddUp(t *testing.T) {
	p := base(t)
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"we", "keep", "your", "data", "30", "days", "not"}), 1, 400).Draw(t, "words"), " ")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := copied(p), copied(p)
		a.Clauses[0].Text, b.Clauses[0].Text = text.Draw(t, "old"), text.Draw(t, "new")
		for _, c := range compare(a, b).Changes {
			var old, new []string
			for _, w := range c.Words {
				if w.Is != diff.Added {
					old = append(old, w.Text)
				}
				if w.Is != diff.Gone {
					new = append(new, w.Text)
				}
			}
			if strings.Join(old, " ") != a.Clauses[0].Text || strings.Join(new, " ") != b.Clauses[0].Text {
				t.Fatalf("%v do not make up %q and %q", c.Words, a.Clauses[0].Text, b.Clauses[0].Text)
			}
		}
	})
}

// A policy as large as the language allows, every clause changed or renamed, takes no time to speak of.
func TestLargePolicies(t *testing.T) {
	a := base(t)
	a.Clauses = nil
	for i := range 10_000 {
		a.Clauses = append(a.Clauses, policy.Clause{ID: fmt.Sprintf("c%d", i), Section: "S", Text: "We answer in time, all of us.",
			Keep: []policy.Keep{{Control: "clock", Params: policy.Params{"duty": fmt.Sprintf("mail %d", i%7), "within": policy.Term{Form: policy.Within, Count: i%90 + 1, Unit: policy.Day}}}}})
	}
	b, c := copied(a), copied(a)
	for i := range b.Clauses {
		b.Clauses[i].ID, c.Clauses[i].ID = fmt.Sprintf("d%d", i), fmt.Sprintf("d%d", i)
		c.Clauses[i].Text = strings.Repeat("words ", 100) + c.Clauses[i].ID
	}
	for name, new := range map[string]*policy.Policy{"renamed": b, "rewritten": c} {
		if r := compare(a, new); len(r.Changes) < 10_000 {
			t.Errorf("%s: only %d changes", name, len(r.Changes))
		}
	}
}
