package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Policies as large as the language allows, each made to cost one rule as much as it can.
func TestTimeIsBounded(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	list := func(n int, format string) string { return strings.TrimSuffix(many(n, format), ", ") }
	for name, fixture := range map[string]string{
		"vague words":   "clauses:\n" + many(1800, "  - {id: c%d, section: S, text: "+strings.Repeat("reasonable and from time to time ", 9)+", keep: [interaction-log]}\n"),
		"one long text": "clauses:\n  - {id: c, section: S, text: " + strings.Repeat("we never share no location for 30 days reasonably ", 150) + "}\n",
		"denied uses": "purposes:\n" + many(200, "  p%d: {title: Marketing and advertising, basis: legitimate-interests, may: [read], sees: {orders: all}}\n") +
			"clauses:\n" + many(1500, "  - {id: c%d, section: S, text: We do not use it for marketing nor for advertising., keep: [interaction-log]}\n"),
		"hidden processors": "recipients:\n" + many(700, "  r%d: {name: R, role: processor, region: dubai}\n") +
			"clauses:\n" + many(1200, "  - {id: c%d, section: S, text: We have no sub-processors., keep: [interaction-log]}\n"),
		"named data": "data:\n" + many(500, "  d%d: {title: Your orders, category: c, keep: 5d, fields: {f: text}}\n") + "purposes:\n  p: {title: P, basis: contract, may: [read], sees: {d0: all}}\n" +
			"clauses:\n" + many(900, "  - {id: c%d, section: S, text: Orders are kept for 30 days., keep: [interaction-log]}\n"),
		"known": "known:\n" + many(900, "  - {finding: no-control, about: [c%d], reason: R}\n") +
			"clauses:\n" + many(1600, "  - {id: c%d, section: S, text: T}\n"),
		"attestations": "attestations:\n" + many(199, "  a%d: {title: T, kind: report, issuer: I, issued: 2020-01-01}\n") +
			"clauses:\n" + many(60, "  - {id: c%d, section: S, text: T, keep: [attested: {attestations: ["+list(199, "a%[1]d, ")+"]}]}\n"),
	} {
		t.Run(name, func(t *testing.T) {
			src := compose(t, fixture)
			before, began := cpu(t), time.Now()
			got := inspect("p.yaml", []byte(src), today())
			used := cpu(t) - before
			t.Logf("%d KiB, %d findings, %v of CPU, %v", len(src)>>10, len(got), used, time.Since(began))
			if len(got) == 0 || used > 5*time.Second {
				t.Errorf("%d findings after %v of CPU", len(got), used)
			}
		})
	}
}
