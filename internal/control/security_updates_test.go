package control_test

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/control/osv"
	"clause.dev/clause/internal/policy"
)

func TestSecurityUpdatesCheck(t *testing.T) {
	checks(t, []check{
		{name: "days", control: &control.SecurityUpdates{Within: policy.Term{Form: policy.Within, Count: 7, Unit: policy.Day}}},
		{name: "a rhythm", control: &control.SecurityUpdates{Within: policy.Term{Form: policy.Every, Count: 1, Unit: policy.Quarter}}, param: "within", finds: []string{"of an age"}},
	})
}

// known is a list of weaknesses, fetched when the clock of apptest begins, in which nothing of ours is.
func known(t *testing.T) app.Weaknesses {
	t.Helper()
	return app.Weaknesses{
		List:  weaknessFile(t, "example.com/nobody", "0"),
		Parts: []osv.Part{{Module: osv.Stdlib, Version: runtime.Version()}, {Module: "golang.org/x/mod", Version: "v0.30.0"}}, // the binary of a test names none
	}
}

// weaknessFile writes a list of one weakness of a module, from a version on.
func weaknessFile(t testing.TB, module, introduced string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weaknesses.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range map[string]string{
		"index/db.json": `{"modified":"2026-03-01T00:00:00Z"}`,
		"ID/GO-1.json":  fmt.Sprintf(`{"id":"GO-1","aliases":["CVE-1"],"affected":[{"package":{"name":%q,"ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":%q}]}]}]}`, module, introduced),
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func weaknessSabotages() []sabotage {
	seen := func(change func(*control.Weaknesses)) func(*world, *control.System) {
		return func(_ *world, sys *control.System) {
			look := sys.Weaknesses
			sys.Weaknesses = func() (*control.Weaknesses, error) {
				known, err := look()
				if err == nil {
					change(known)
				}
				return known, err
			}
		}
	}
	weak := func(module, version string) func(*control.Weaknesses) {
		return func(known *control.Weaknesses) {
			known.Parts = append(known.Parts, osv.Part{Module: module, Version: version})
		}
	}
	return []sabotage{
		{name: "nobody looks", says: "was given no list", system: func(_ *world, sys *control.System) {
			sys.Weaknesses = func() (*control.Weaknesses, error) { return nil, control.ErrNoWeaknesses }
		}},
		{name: "the list is old", says: "is older than 7 days", system: seen(func(known *control.Weaknesses) { known.Fetched = known.Fetched.Add(-9 * 24 * time.Hour) })},
		{name: "the list is of tomorrow", says: "dated in the future", system: seen(func(known *control.Weaknesses) { known.Fetched = known.Fetched.AddDate(1, 0, 0) })},
		{name: "a part is weak", says: "example.com/nobody v1.2.3 has the known weakness GO-1", system: seen(weak("example.com/nobody", "v1.2.3"))},
		{name: "another weakness was looked at", says: "has the known weakness GO-1", system: seen(func(known *control.Weaknesses) {
			weak("example.com/nobody", "v1.2.3")(known)
			known.Assessed = map[string]string{"GO-2": "component_not_present"}
		})},
	}
}

// A weakness that somebody looked at is told of, and breaks nothing; a program that does not say what it was
// built of proves nothing.
func TestWeaknessesThatWereLookedAt(t *testing.T) {
	clock := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	c := &control.SecurityUpdates{Within: policy.Term{Form: policy.Within, Count: 7, Unit: policy.Day}}
	file, err := os.Open(weaknessFile(t, osv.Stdlib, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	list, err := osv.Read(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	look := func(parts []osv.Part, looked ...string) control.Finding {
		known := &control.Weaknesses{List: list, Fetched: clock.Add(-time.Hour), Parts: parts, Assessed: map[string]string{}}
		for _, id := range looked {
			known.Assessed[id] = "vulnerable_code_not_present"
		}
		return c.Probe(t.Context(), &control.System{Policy: small(), Now: func() time.Time { return clock }, Weaknesses: func() (*control.Weaknesses, error) { return known, nil }})
	}
	ours := []osv.Part{{Module: osv.Stdlib, Version: runtime.Version()}, {Module: "golang.org/x/mod", Version: "v0.30.0"}}
	for _, row := range []struct {
		parts []osv.Part
		ids   []string
		want  control.Outcome
	}{
		{ours, nil, control.Broken}, {ours, []string{"GO-1"}, control.Kept}, {ours, []string{"CVE-1"}, control.Kept}, {ours, []string{"GO-2"}, control.Broken},
		{nil, nil, control.Unable}, {ours[:1], []string{"GO-1"}, control.Unable},
	} {
		f := look(row.parts, row.ids...)
		if f.Outcome != row.want || row.want == control.Kept && !strings.Contains(strings.Join(f.Facts, " "), "GO-1 of stdlib was looked at") {
			t.Errorf("%v of %v is %s: %s %q", row.ids, row.parts, f.Outcome, f.Summary, f.Facts)
		}
	}
}
