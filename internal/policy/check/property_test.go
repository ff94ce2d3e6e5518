package check_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
)

// sources are the fixtures, completed, and the examples.
func sources(t testing.TB) (all []string) {
	t.Helper()
	files, _ := filepath.Glob("testdata/*/*.yaml")
	examples, _ := filepath.Glob("../../../examples/*/policy.yaml")
	if len(files) < 100 || len(examples) < 4 {
		t.Fatal("there are no fixtures")
	}
	for _, file := range append(files, examples...) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, compose(t, string(src)))
	}
	return all
}

// sane fails where findings could not be relied on, whatever the policy.
func sane(t failer, src string, on time.Time) {
	t.Helper()
	got := inspect("p.yaml", []byte(src), on)
	if !reflect.DeepEqual(got, inspect("p.yaml", []byte(src), on)) {
		t.Errorf("twice the same policy, not the same findings")
	}
	lines := strings.SplitAfter(src, "\n")
	if !slices.IsSortedFunc(got, func(a, b check.Finding) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	}) && got[len(got)-1].Pos.Line > 0 { // "and 5 problems more" stands last
		t.Errorf("findings are not in the order of the file")
	}
	for _, f := range got {
		switch {
		case f.Message == "" || f.Remedy == "" || f.RestsOn == "" || f.Clauses == nil || f.About == nil:
			t.Errorf("%s lacks something: %+v", f.Code, f)
		case f.Pos.Line > len(lines), f.Pos.Line > 0 && f.Pos.Column > utf8.RuneCountInString(lines[f.Pos.Line-1])+1, f.Pos.Line > 0 && f.Pos.Column < 1:
			t.Errorf("%s is at %v, outside the file", f.Code, f.Pos)
		case f.Pos.Line > 0 && f.Excerpt == "":
			t.Errorf("%s at %v has no excerpt", f.Code, f.Pos)
		case slices.ContainsFunc(f.Clauses, func(id string) bool { return !slices.Contains(f.About, id) || !strings.Contains(src, id) }):
			t.Errorf("%s is about %q and not about the clauses %q", f.Code, f.About, f.Clauses)
		}
	}
}

type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

// Policies put together of parts of others: most parse, many are refused by their controls, and the
// rules meet declarations they were not written for.
func TestFindingsCanBeReliedOn(t *testing.T) {
	parts := map[string][]string{}
	var keys []string
	for _, src := range sources(t) {
		for _, s := range sections(src) {
			if parts[s.key] == nil {
				keys = append(keys, s.key)
			}
			parts[s.key] = append(parts[s.key], s.text)
		}
	}
	parsed := 0
	rapid.Check(t, func(t *rapid.T) {
		var src strings.Builder
		for _, key := range keys {
			required := slices.Contains([]string{"version:", "organisation:", "regions:", "environments:", "backups:", "data:", "purposes:", "clauses:"}, key)
			if required || rapid.Bool().Draw(t, key) {
				src.WriteString(rapid.SampledFrom(parts[key]).Draw(t, key))
			}
		}
		on := today().AddDate(0, 0, rapid.IntRange(-2000, 2000).Draw(t, "day"))
		if p, _ := policy.Inspect("p.yaml", []byte(src.String()), catalogue()); p != nil {
			parsed++
		}
		sane(t, src.String(), on)
	})
	if parsed < 3 { // of a hundred; some ten are expected
		t.Errorf("only %d policies could be looked at", parsed)
	}
}

// FuzzCheck looks for a policy that a rule cannot bear.
func FuzzCheck(f *testing.F) {
	for _, src := range sources(f) {
		f.Add(src, 0)
	}
	f.Fuzz(func(t *testing.T, src string, day int) {
		sane(t, src, today().AddDate(0, 0, day%10_000))
	})
}
