package control_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

const clesaroFile = "../../examples/clesaro/policy.yaml"

// clesaro is the example's policy, freshly parsed.
func clesaro(t testing.TB) *policy.Policy {
	t.Helper()
	src, err := os.ReadFile(clesaroFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(clesaroFile, src, control.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestClesaroIsPlanned(t *testing.T) {
	plan, err := control.PlanOf(clesaro(t))
	if err != nil {
		t.Fatal(err)
	}
	if plan.AggregateMin != 20 || plan.AggregateClause != "clesaro-aggregates" || plan.EraseWithin != 30*day {
		t.Errorf("Clesaro plans %+v", plan)
	}
}

// Each running control is one file with a test beside it; each parameter is named and explained.
func TestEveryControlIsOneFile(t *testing.T) {
	files := map[string]string{}
	vocabulary := control.Catalogue()
	for _, name := range vocabulary.Names() {
		spec, ok := vocabulary.Control(name)
		if !ok || spec.Name != name || spec.Doc == "" || spec.Check == nil {
			t.Errorf("%s: its entry is incomplete: %+v", name, spec)
		}
		for _, param := range spec.Params {
			if param.Name == "" || param.Doc == "" || param.Type == "" {
				t.Errorf("%s: the parameter %+v is incomplete", name, param)
			}
		}
		if !spec.Runs {
			continue
		}
		file := filepath.Base(control.File(name))
		if other := files[file]; other != "" || file != fileOf(name) {
			t.Errorf("%s is in %s, as is %q", name, file, other)
		}
		files[file] = name
		for _, path := range []string{file, strings.TrimSuffix(file, ".go") + "_test.go"} {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// fileOf is the file of a control. One whose name would make it a file of tests has another.
func fileOf(name string) string {
	if name == "penetration-test" {
		return "pentest.go"
	}
	return strings.ReplaceAll(name, "-", "_") + ".go"
}

func TestEveryControlIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/controls.md")
	if err != nil {
		t.Fatal(err)
	}
	vocabulary := control.Catalogue()
	for _, name := range vocabulary.Names() {
		_, section, found := strings.Cut(string(text), "\n### "+name+"\n")
		if !found {
			t.Errorf("docs/controls.md has no section %q", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n### ")
		spec, _ := vocabulary.Control(name)
		for _, param := range spec.Params {
			if !strings.Contains(section, "`"+param.Name+"`") {
				t.Errorf("docs/controls.md does not name the parameter %s of %s", param.Name, name)
			}
		}
		if spec.Runs && !strings.Contains(section, "**Not proven:**") {
			t.Errorf("docs/controls.md does not say what the probe of %s does not prove", name)
		}
	}
}

func TestParametersAreDecoded(t *testing.T) {
	for _, row := range []struct {
		name  string
		keep  policy.Keep
		field string // at fault; "-" for none
	}{
		{"a text", keep("tls", policy.Params{"minimum": "1.3"}), "-"},
		{"an integer", keep("aggregates", policy.Params{"people": int64(5)}), "-"},
		{"a duration", keep("erasure", policy.Params{"within": time.Hour}), "-"},
		{"ids", keep("memory-only", policy.Params{"data": []string{"session"}}), "-"},
		{"an optional one left out", keep("retention", nil), "-"},
		{"a missing one", keep("tls", nil), "minimum"},
		{"an integer for a text", keep("tls", policy.Params{"minimum": int64(1)}), "minimum"},
		{"a text for an integer", keep("aggregates", policy.Params{"people": "5"}), "people"},
		{"an integer for a duration", keep("erasure", policy.Params{"within": int64(5)}), "within"},
		{"a duration for an integer", keep("aggregates", policy.Params{"people": time.Hour}), "people"},
		{"a text for ids", keep("memory-only", policy.Params{"data": "session"}), "data"},
		{"nothing for a text", keep("tls", policy.Params{"minimum": nil}), "minimum"},
		{"an unknown one", keep("tenant-isolation", policy.Params{"strength": "high"}), ""},
		{"an unknown control", keep("wishful-thinking", nil), ""},
	} {
		c, _, err := control.Of(row.keep)
		if row.field == "-" {
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
			continue
		}
		var f *fault.Error
		if !fault.Is(err, fault.Invalid) || c != nil || !asFault(err, &f) || f.Field != row.field {
			t.Errorf("%s gives %v, %v", row.name, c, err)
		}
	}
}

// A planned control leaves its clauses unproven, whatever it is told.
func TestPlannedControlsProveNothing(t *testing.T) {
	vocabulary, planned := control.Catalogue(), 0
	for _, name := range vocabulary.Names() {
		spec, _ := vocabulary.Control(name)
		if spec.Runs {
			continue
		}
		planned++
		params := policy.Params{}
		for _, p := range spec.Params {
			params[p.Name] = sampleOf(p)
		}
		c, runs, err := control.Of(keep(name, params))
		if err != nil || runs {
			t.Errorf("%s: runs %v, %v", name, runs, err)
			continue
		}
		if got := c.Probe(t.Context(), &control.System{}); got.Outcome != control.Unable {
			t.Errorf("%s: its probe says %s", name, got.Outcome)
		}
	}
	if planned == 0 {
		t.Error("no control is planned")
	}
}

// sampleOf is some value of a parameter's type.
func sampleOf(p policy.Param) any {
	switch p.Type {
	case policy.ParamText:
		return slices.Concat(p.Values, []string{"x"})[0]
	case policy.ParamInteger:
		return int64(1)
	case policy.ParamBool:
		return true
	case policy.ParamDuration:
		return time.Hour
	case policy.ParamTerm:
		return policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}
	}
	return []string{"x"}
}

// Without a system every probe is unable, none is content.
func TestNothingToSeeIsUnable(t *testing.T) {
	for _, clause := range clesaro(t).Clauses {
		for _, k := range clause.Keep {
			c, runs, err := control.Of(k)
			if err != nil || !runs {
				continue
			}
			if got := c.Probe(t.Context(), &control.System{Policy: small()}); got.Outcome != control.Unable || got.Summary == "" {
				t.Errorf("%s: a probe that sees nothing says %+v", k.Control, got)
			}
		}
	}
}
