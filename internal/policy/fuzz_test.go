package policy_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/policy"
)

// FuzzParse: no file makes the parser panic; what it refuses it explains; what it accepts holds
// what the model promises, and the schema for editors accepts it too.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, src := range files(f, "../../examples/*/policy.yaml", "testdata/broken/*.yaml") {
		f.Add(src)
	}
	for _, s := range []string{"", "a: &a [*a]", "- - - -", "? a\n: b", "{", "[[", "'", "\"\\", "a: |\n b\n\tc", "%YAML", "---\n...\n---", "a:\r\n- b\r", "<<: *x",
		"data: {}\npurposes:\nclauses: [{keep: [tls: ]}]", "!", "a: >-\n", "known: [{finding: x}, {finding: x}]", "laws: {x: {titles: {en: a, \"ar \": b}}}", "security: {contacts: [tel:+1]}", "clauses: [{keep: [clock: {within: 9999 years}]}]", "\ufeffversion: x", "k: [a, {b: c}, - d]", "a: b: c", "#! x"} {
		f.Add([]byte(s))
	}
	v, schema := controls(), compiledSchema(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Parse("p.yaml", src, v)
		if err == nil {
			holds(t, p)
			if err := validate(schema, src); err != nil {
				t.Errorf("the parser accepts what the schema refuses: %v", err)
			}
			return
		}
		explains(t, src, p, err)
	})
}

// files reads all files of the patterns.
func files(t testing.TB, patterns ...string) (all [][]byte) {
	t.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal("no files of ", pattern, err)
		}
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, src)
		}
	}
	return all
}

func explains(t interface{ Errorf(string, ...any) }, src []byte, p *policy.Policy, err error) {
	var problems policy.Problems
	if p != nil || !errors.As(err, &problems) || len(problems) == 0 {
		t.Errorf("policy %v with error %v", p, err)
	}
	lines := strings.Count(string(src), "\n") + 1
	for _, problem := range problems {
		if problem.Msg == "" || problem.Code == "" || problem.Pos.Line > lines || !utf8.ValidString(problem.String()) {
			t.Errorf("unclear: %+v in %d lines", problem, lines)
		}
	}
	if slices.ContainsFunc([]byte(err.Error()), func(c byte) bool { return c < ' ' && c != '\n' }) {
		t.Errorf("the error holds control characters: %q", err)
	}
}

func holds(t interface{ Errorf(string, ...any) }, p *policy.Policy) {
	ids := map[string]bool{}
	for _, c := range p.Clauses {
		if ids[c.ID] || c.ID == "" || c.Text == "" || c.Section == "" {
			t.Errorf("clause %+v", c)
		}
		ids[c.ID] = true
	}
	for _, c := range p.Clauses {
		for _, tr := range c.Translations {
			if tr.Language == p.Language || tr.Language == "" || tr.Text == "" {
				t.Errorf("translation %+v of a policy in %q", tr, p.Language)
			}
		}
		for _, k := range c.Keep {
			for name, v := range k.Params {
				if term, ok := v.(policy.Term); ok && term.String() == "" {
					t.Errorf("%s of %s is no term", name, k.Control)
				}
			}
		}
	}
	for _, a := range p.Attestations {
		if a.Issued.IsZero() || a.Kind == policy.Certificate && a.Expires.IsZero() || !a.Expires.IsZero() && a.Expires.Before(a.Issued) {
			t.Errorf("attestation %+v", a)
		}
	}
	for _, d := range p.Data {
		if d.Source == "" || (d.Subject == "") != (len(p.Subjects) == 0) {
			t.Errorf("data set %+v", d)
		}
	}
	for _, u := range p.Purposes {
		if len(u.Sees) == 0 || len(u.May) == 0 || u.Basis == "" {
			t.Errorf("purpose %+v", u)
		}
		for _, s := range u.Sees {
			set, ok := p.DataSet(s.DataSet)
			if !ok || len(s.Fields) == 0 {
				t.Errorf("sight %+v", s)
				continue
			}
			for _, id := range s.Fields {
				if _, ok := set.Field(id); !ok {
					t.Errorf("sight %+v of no field %s", s, id)
				}
			}
		}
	}
	if p.Backups.Epoch <= 0 || p.Backups.Horizon <= 0 || len(p.Regions) == 0 || len(p.Environments) == 0 || p.Digest == "" {
		t.Errorf("policy %+v", p)
	}
}

// Taking lines away, doubling and swapping them makes the mistakes that people make.
func TestParseOfMangledPolicies(t *testing.T) {
	v := controls()
	original := strings.SplitAfter(small, "\n")
	rapid.Check(t, func(t *rapid.T) {
		lines := slices.Clone(original)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				lines = slices.Delete(lines, i, i+1)
			case 1:
				lines = slices.Insert(lines, i, lines[i])
			case 2:
				j := rapid.IntRange(0, len(lines)-1).Draw(t, "other")
				lines[i], lines[j] = lines[j], lines[i]
			case 3:
				cut := rapid.IntRange(0, len(lines[i])).Draw(t, "cut")
				lines[i] = lines[i][:cut]
			}
		}
		src := []byte(strings.Join(lines, ""))
		p, err := policy.Parse("p.yaml", src, v)
		if err != nil {
			explains(t, src, p, err)
			return
		}
		holds(t, p)
	})
}
