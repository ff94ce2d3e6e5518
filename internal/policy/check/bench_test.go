package check_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
)

// thousand is a policy of a thousand clauses, those of Clesaro's again and again.
func thousand(tb testing.TB) []byte {
	tb.Helper()
	src, err := os.ReadFile("../../../examples/clesaro/policy.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	head, clauses, _ := strings.Cut(string(src), "\nclauses:\n")
	var out strings.Builder
	out.WriteString(head + "\nclauses:\n")
	for i, n := 0, 0; n < 1000; i++ {
		for _, c := range strings.SplitAfter(clauses, "\n\n") {
			if n++; n > 1000 {
				break
			}
			text, keep, _ := strings.Cut(c, "    keep:")
			text, _, _ = strings.Cut(text, "    translations:") // else the file is larger than a policy may be
			out.WriteString(strings.Replace(text, "- id: ", fmt.Sprintf("- id: n%d-", i), 1) + "    keep:" + strings.TrimRight(keep, "\n") + "\n")
		}
	}
	return []byte(out.String())
}

// cpu is the processor time that the process has used.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCheck is clause check of a thousand clauses: parse and rules. BenchmarkRules is the rules
// alone. cpu-ms/op counts all threads, the garbage collector's too.
func BenchmarkCheck(b *testing.B) {
	src := thousand(b)
	measure(b, func() { inspect("p.yaml", src, today()) })
}

func BenchmarkRules(b *testing.B) {
	p, problems := policy.Inspect("p.yaml", thousand(b), catalogue())
	if len(problems) > 0 || len(p.Clauses) != 1000 {
		b.Fatal(len(p.Clauses), problems)
	}
	measure(b, func() { check.Run(p, catalogue(), today()) })
}

func measure(b *testing.B, fn func()) {
	before := cpu(b)
	for b.Loop() {
		fn()
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e6, "cpu-ms/op")
}
