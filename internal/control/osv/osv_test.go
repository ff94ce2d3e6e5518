package osv_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/control/osv"
	"clause.dev/clause/internal/fault"
)

const index = `{"modified":"2026-11-20T10:00:00Z"}`

// archive makes a list of files.
func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, entries ...string) *osv.List {
	t.Helper()
	files := map[string]string{"index/db.json": index, "index/vulns.json": "[]"}
	for i, e := range entries {
		files[fmt.Sprintf("ID/GO-2026-%04d.json", i)] = e
	}
	src := archive(t, files)
	l, err := osv.Read(bytes.NewReader(src), int64(len(src)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func entry(id, module, events string) string {
	return fmt.Sprintf(`{"id":%q,"aliases":["CVE-2026-1"],"affected":[{"package":{"name":%q,"ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[%s]}]}]}`, id, module, events)
}

// What is weak is what lies in a range, as OSV says: from introduced on, until fixed, through last_affected.
func TestAffecting(t *testing.T) {
	for _, row := range []struct {
		events, version, fixed string
		module                 string
		weak                   bool
	}{
		{`{"introduced":"0"},{"fixed":"0.7.0"}`, "v0.6.9", "0.7.0", "", true},
		{`{"introduced":"0"},{"fixed":"0.7.0"}`, "v0.7.0", "", "", false},
		{`{"introduced":"0"},{"fixed":"0.7.0"}`, "v0.0.0-20200101000000-abcdefabcdef", "0.7.0", "", true},
		{`{"introduced":"0"},{"fixed":"0.7.0"}`, "v0.7.0-rc.1", "0.7.0", "", true},
		{`{"introduced":"1.2.0"},{"fixed":"1.2.5"},{"introduced":"1.3.0"},{"fixed":"1.3.2"}`, "v1.2.9", "", "", false},
		{`{"introduced":"1.2.0"},{"fixed":"1.2.5"},{"introduced":"1.3.0"},{"fixed":"1.3.2"}`, "v1.3.1", "1.3.2", "", true},
		{`{"introduced":"1.3.0"},{"fixed":"1.3.2"},{"introduced":"1.2.0"},{"fixed":"1.2.5"}`, "v1.2.1", "1.2.5", "", true},
		{`{"introduced":"1.0.0"}`, "v9.0.0", "", "", true},
		{`{"introduced":"1.0.0"}`, "v0.9.0", "", "", false},
		{`{"introduced":"0"},{"last_affected":"1.4.0"}`, "v1.4.0", "", "", true},
		{`{"introduced":"0"},{"last_affected":"1.4.0"}`, "v1.4.1", "", "", false},
		{`{"introduced":"0"},{"fixed":"2.0.0"}`, "v1.0.0+incompatible", "2.0.0", "", true},
		{`{"introduced":"0"},{"fixed":"2.0.0"}`, "(devel)", "", "", false},
		{`{"introduced":"1.26.0-0"},{"fixed":"1.26.3"}`, "go1.26.2", "1.26.3", osv.Stdlib, true},
		{`{"introduced":"1.26.0-0"},{"fixed":"1.26.3"}`, "go1.26rc2", "1.26.3", osv.Stdlib, true},
		{`{"introduced":"1.26.0-0"},{"fixed":"1.26.3"}`, "go1.26.3", "", osv.Stdlib, false},
		{`{"introduced":"1.26.0-0"},{"fixed":"1.26.3"}`, "go1.26.2 X:nocoverageredesign", "1.26.3", osv.Stdlib, true},
	} {
		module := row.module
		if module == "" {
			module = "example.com/m"
		}
		hits := read(t, entry("GO-2026-0001", module, row.events)).Affecting([]osv.Part{{"example.com/other", row.version}, {module, row.version}})
		if weak := len(hits) == 1; weak != row.weak || len(hits) > 1 || weak && (hits[0].Fixed != row.fixed || hits[0].ID != "GO-2026-0001" || hits[0].Aliases[0] != "CVE-2026-1") {
			t.Errorf("%s of %s: %+v", row.version, row.events, hits)
		}
	}
}

// Versions in turn: weak are those after an odd number of events.
func TestRangesAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.SliceOfNDistinct(rapid.IntRange(1, 60), 1, 8, rapid.ID[int]).Draw(t, "marks")
		at := map[int]bool{}
		for _, m := range marks {
			at[m] = true
		}
		var events []string
		weak, model := false, map[int]bool{}
		for n := 0; n <= 61; n++ {
			if at[n] {
				kind := "introduced"
				if weak {
					kind = "fixed"
				}
				weak = !weak
				events = append(events, fmt.Sprintf(`{%q:"1.%d.0"}`, kind, n))
			}
			model[n] = weak
		}
		events = rapid.Permutation(events).Draw(t, "events")
		files := map[string]string{"index/db.json": index, "ID/x.json": entry("x", "m", strings.Join(events, ","))}
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range files {
			w, _ := z.Create(name)
			w.Write([]byte(text))
		}
		z.Close()
		l, err := osv.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		for n, want := range model {
			if got := len(l.Affecting([]osv.Part{{"m", fmt.Sprintf("v1.%d.0", n)}})) == 1; got != want {
				t.Fatalf("1.%d.0 of %v is weak: %v, want %v", n, events, got, want)
			}
		}
	})
}

// What is withdrawn, or of another ecosystem, is no weakness; what names no range is one of every version.
func TestEntries(t *testing.T) {
	l := read(t,
		`{"id":"a","withdrawn":"2026-01-01T00:00:00Z","affected":[{"package":{"name":"m","ecosystem":"Go"}}]}`,
		`{"id":"b","affected":[{"package":{"name":"m","ecosystem":"npm"}}]}`,
		`{"id":"c","affected":[{"package":{"name":"m","ecosystem":"Go"}},{"package":{"name":"m","ecosystem":"Go"}}]}`)
	if hits := l.Affecting([]osv.Part{{"m", "v1.0.0"}}); len(hits) != 1 || hits[0].ID != "c" || l.Size != 2 || l.Modified.Day() != 20 {
		t.Errorf("%+v of %+v", hits, l)
	}
}

// What is no list is refused, and says where to get one.
func TestNoList(t *testing.T) {
	for name, src := range map[string][]byte{
		"nothing":          nil,
		"a page":           []byte("<html>"),
		"no entries":       archive(t, map[string]string{"index/db.json": index}),
		"no date":          archive(t, map[string]string{"ID/x.json": entry("x", "m", "")}),
		"a bad date":       archive(t, map[string]string{"index/db.json": `{"modified":"yesterday"}`, "ID/x.json": entry("x", "m", "")}),
		"a damaged entry":  archive(t, map[string]string{"index/db.json": index, "ID/x.json": `{`}),
		"an entry unnamed": archive(t, map[string]string{"index/db.json": index, "ID/x.json": `{}`}),
	} {
		if _, err := osv.Read(bytes.NewReader(src), int64(len(src))); !fault.Is(err, fault.Invalid) || !strings.Contains(fmt.Sprintf("%v", err), "no list of known weaknesses") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What govulncheck found not to concern the program is left out, and nothing else.
func TestAssessed(t *testing.T) {
	got, err := osv.Assessed([]byte(`{"@context":"https://openvex.dev/ns/v0.2.0","statements":[
		{"vulnerability":{"@id":"https://pkg.go.dev/vuln/GO-1","name":"GO-1"},"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"},
		{"vulnerability":{"name":"GO-2"},"status":"affected"},
		{"vulnerability":{"name":"GO-3"},"status":"not_affected"},
		{"vulnerability":{"name":"GO-4"},"status":"not_affected","justification":"component_not_present"},
		{"vulnerability":{"name":"GO-4"},"status":"affected"}]}`))
	if err != nil || len(got) != 1 || got["GO-1"] != "vulnerable_code_not_in_execute_path" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "[]", `{"statements":[]}`} {
		if _, err := osv.Assessed([]byte(bad)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive(f, map[string]string{"index/db.json": index, "ID/x.json": entry("x", "m", `{"introduced":"0"},{"fixed":"1.0.0"}`)}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if l, err := osv.Read(bytes.NewReader(src), int64(len(src))); err == nil {
			l.Affecting([]osv.Part{{"m", "v1.0.0"}, {osv.Stdlib, "go1.26.0"}})
		}
		osv.Assessed(src)
	})
}
