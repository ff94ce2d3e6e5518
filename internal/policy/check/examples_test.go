package check_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
)

// The four examples contradict themselves where the list of promises says so, and nowhere else.
func TestExamples(t *testing.T) {
	for name, want := range map[string][]string{
		"clarus":  {"memory-only-backed-up"},
		"clari":   {"hidden-sub-processor", "model-residency-elsewhere"},
		"clear":   {"attestation-expired", "findings-outlast-limit", "report-old"},
		"clesaro": {"wrong-citation"},
	} {
		file := "../../../examples/" + name + "/policy.yaml"
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Parse(file, src, control.Catalogue())
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range []string{"2026-11-21", "2027-02-28", "2027-05-31"} {
			t.Run(fmt.Sprint(name, " on ", day), func(t *testing.T) {
				on, _ := time.Parse(time.DateOnly, day)
				var got []string
				for _, f := range check.Run(p, control.Catalogue(), on) {
					got = append(got, f.Code)
					if f.Known == "" {
						t.Errorf("%s:%d: %s: %s\n%s", f.File, f.Pos.Line, f.Code, f.Message, f.Excerpt)
					}
				}
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("found %q, want %q", got, want)
				}
			})
		}
	}
}
