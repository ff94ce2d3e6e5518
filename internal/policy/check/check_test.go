package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
)

// today is the day on which the fixtures are checked.
func today() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// inspect is what clause check does with a file.
func inspect(name string, src []byte, on time.Time) []check.Finding {
	p, problems := policy.Inspect(name, src, catalogue())
	return check.Inspect(p, problems, catalogue(), on)
}

func catalogue() policy.Vocabulary { return control.Catalogue() }

// compose completes a fixture: each of its top-level keys takes the place of the base's.
func compose(t testing.TB, fixture string) string {
	t.Helper()
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	given := sections(fixture)
	for _, s := range sections(string(base)) {
		if i := slices.IndexFunc(given, func(g section) bool { return g.key == s.key }); i >= 0 {
			s = given[i]
			given = slices.Delete(given, i, i+1)
		}
		out.WriteString(s.text)
	}
	for _, s := range given {
		out.WriteString(s.text)
	}
	return out.String()
}

type section struct{ key, text string }

var topLevel = regexp.MustCompile(`^[a-z]+:`)

func sections(src string) (all []section) {
	for line := range strings.Lines(src) {
		if key := topLevel.FindString(line); key != "" {
			all = append(all, section{key: key})
		}
		if len(all) > 0 {
			all[len(all)-1].text += line
		}
	}
	return all
}

// marked are the places where a fixture says that findings are: "# ← code" at the end of their line,
// "# ↓3 code" three lines above it.
func marked(src string) (all []string) {
	mark := regexp.MustCompile(`# (?:←|↓([0-9]+)) ([a-z-]+)`)
	line := 0
	for text := range strings.Lines(src) {
		line++
		for _, m := range mark.FindAllStringSubmatch(text, -1) {
			below, _ := strconv.Atoi(m[1])
			all = append(all, fmt.Sprintf("%d: %s", line+below, m[2]))
		}
	}
	return all
}

// A bad fixture has the finding of its folder at the line that says so and nothing else; a good one has
// nothing.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) {
			fixture, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			src := compose(t, string(fixture))
			want, code := marked(src), filepath.Base(filepath.Dir(file))
			if bad := strings.HasPrefix(filepath.Base(file), "bad"); bad != (len(want) > 0) {
				t.Fatalf("has %d marks", len(want))
			}
			var got []string
			for _, f := range inspect(file, []byte(src), today()) {
				if f.Known != "" {
					continue
				}
				got = append(got, fmt.Sprintf("%d: %s", f.Pos.Line, f.Code))
				if f.Code != code || f.Message == "" || f.RestsOn == "" || f.Remedy == "" {
					t.Errorf("got %+v", f)
				}
			}
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

// Every rule is explained, and shown by a good and a bad fixture; every fixture has a rule.
func TestRules(t *testing.T) {
	codes := map[string]bool{}
	form := regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	for _, r := range check.Rules() {
		if codes[r.Code] {
			t.Errorf("two rules have the code %s", r.Code)
		}
		codes[r.Code] = true
		if !form.MatchString(r.Code) || r.Title == "" || r.Explanation == "" || r.Remedy == "" {
			t.Errorf("%+v lacks something", r)
		}
		if !slices.Contains([]check.Severity{check.Error, check.Warning, check.Note}, r.Severity) {
			t.Errorf("%s is of severity %q", r.Code, r.Severity)
		}
		bad, good := check.Examples(r.Code)
		if bad == "" || good == "" {
			t.Errorf("%s lacks testdata/%s/bad.yaml or good.yaml", r.Code, r.Code)
		}
	}
	folders, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.IsDir() && f.Name() != "fuzz" && !codes[f.Name()] {
			t.Errorf("testdata/%s: no rule has this code", f.Name())
		}
	}
}
