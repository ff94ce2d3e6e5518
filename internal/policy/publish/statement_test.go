package publish_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// updateStatements writes what is published instead of comparing it: go test -update-statements.
var updateStatements = flag.Bool("update-statements", false, "write the golden files of the statements")

// published is the day of publishing in tests.
var published = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// examples are the policies of the four companies.
const examples = "../../../examples"

func load(t testing.TB, path string) *policy.Policy {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(src))
}

func parse(t testing.TB, src string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("policy.yaml", []byte(src), control.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func options(lang string) publish.Options {
	return publish.Options{Language: lang, On: published, Controls: early{control.Catalogue()}}
}

// early is the catalogue as it was when few controls ran: building one more changes no golden file.
type early struct{ policy.Vocabulary }

func (e early) Control(name string) (policy.ControlSpec, bool) {
	spec, ok := e.Vocabulary.Control(name)
	spec.Runs = slices.Contains([]string{"tls", "encryption-at-rest", "residency", "erasure", "retention", "consent", "purpose-limitation", "no-disclosure"}, name)
	return spec, ok
}

// whole is a policy with everything that can be said.
func whole(t testing.TB) *policy.Policy { return load(t, "testdata/whole/policy.yaml") }

// read publishes a document.
func read(t testing.TB, p *policy.Policy, lang, name string) string {
	t.Helper()
	f, err := publish.One(p, name, options(lang))
	if err != nil {
		t.Fatal(err)
	}
	return string(f.Bytes)
}

// The documents that people read.
var (
	pages = []string{"statement.html", "cookies.html", "sub-processors.html", "processing-record.html"}
	words = []string{"statement.md", "statement.txt", "cookies.md", "sub-processors.md", "processing-record.csv"}
)

func TestStatementsAreAsTheyWereRead(t *testing.T) {
	for folder, policies := range map[string]struct {
		path  string
		names []string
	}{
		"whole":   {"testdata/whole/policy.yaml", append(append([]string{}, pages...), words...)},
		"clesaro": {examples + "/clesaro/policy.yaml", append([]string{"statement.html"}, words...)},
		"clarus":  {examples + "/clarus/policy.yaml", words},
		"clari":   {examples + "/clari/policy.yaml", words},
		"clear":   {examples + "/clear/policy.yaml", words},
	} {
		p := load(t, policies.path)
		for _, lang := range []string{"en", "ar"} {
			for _, name := range policies.names {
				t.Run(folder+"/"+lang+"/"+name, func(t *testing.T) {
					f, err := publish.One(p, name, options(lang))
					if err != nil && strings.Contains(err.Error(), "holds nothing") {
						return // of cookies, most say nothing
					}
					if err != nil {
						t.Fatal(err)
					}
					golden(t, filepath.Join("testdata", folder, lang, name), bytes.ReplaceAll(unstyled(f.Bytes), []byte(p.Digest), []byte("…")))
				})
			}
		}
	}
}

var styleDigest = regexp.MustCompile(`sha256-[^ ]*&#39;`)

// unstyled leaves the style out, which is the same everywhere, and its digest.
func unstyled(b []byte) []byte {
	from, to := bytes.Index(b, []byte("<style>")), bytes.Index(b, []byte("</style>"))
	if from < 0 || to < 0 {
		return b
	}
	out := append(append([]byte{}, b[:from+len("<style>")]...), b[to:]...)
	return styleDigest.ReplaceAll(out, []byte("sha256-…&#39;"))
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *updateStatements {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s, line %d, is now\n%s\nread it, and if it is right, run go test -update-statements", path, i+1, g[i])
		}
	}
	t.Fatalf("%s is longer than what is published now", path)
}
