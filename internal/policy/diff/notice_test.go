package diff_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
)

// noticed returns a policy that promises notice so long before a change, and nothing else of it.
func noticed(t testing.TB, ahead, calendar string) *policy.Policy {
	t.Helper()
	p := base(t)
	p.Calendar = calendar
	p.Clauses = slices.DeleteFunc(p.Clauses, func(c policy.Clause) bool { return c.ID == "acme-recipients" })
	if ahead == "" {
		p.Clauses = slices.DeleteFunc(p.Clauses, func(c policy.Clause) bool { return c.ID == "acme-changes" })
		return p
	}
	term, ok := policy.ParseTerm(ahead)
	if !ok {
		t.Fatalf("%q is no term", ahead)
	}
	c, _ := p.Clause("acme-changes")
	c.Keep[0].Params["ahead"] = term
	return p
}

// wider has another purpose, which is material.
func wider(p *policy.Policy) *policy.Policy {
	w := copied(p)
	w.Version = "2"
	w.Purposes[3].May = append(w.Purposes[3].May, policy.Delete)
	return w
}

// The first day is the announcement's and the promised time after it.
func TestFirstDay(t *testing.T) {
	for _, row := range []struct{ on, ahead, calendar, first string }{
		{"2026-06-01", "30 days", "GB", "2026-07-01"},
		{"2026-02-01", "30 days", "GB", "2026-03-03"},
		{"2028-02-01", "30 days", "GB", "2028-03-02"}, // a leap year
		{"2026-01-31", "1 month", "GB", "2026-02-28"}, // February is shorter
		{"2028-01-31", "1 month", "GB", "2028-02-29"},
		{"2026-08-31", "1 quarter", "GB", "2026-11-30"},
		{"2028-02-29", "1 year", "", "2029-02-28"},
		{"2026-06-01", "2 weeks", "", "2026-06-15"},
		{"2026-06-01", "72 hours", "", "2026-06-04"},
		{"2026-06-01", "36 hours", "", "2026-06-03"}, // a day that has begun is not over
		{"2026-06-01", "90 minutes", "", "2026-06-02"},
		{"2026-06-01", "at once", "", "2026-06-01"},
		{"2026-06-05", "1 business day", "GB", "2026-06-08"}, // a Friday
		{"2026-06-01", "10 business days", "GB", "2026-06-15"},
		{"2026-11-27", "5 business days", "AE", "2026-12-08"}, // over Eid Al Etihad, Saturday and Sunday
		{"2026-12-23", "2 business days", "GB", "2026-12-29"}, // Christmas, a week-end, Boxing Day on Monday
		{"2026-06-01", "10 business days", "ZZ", ""},          // a calendar nobody knows
		{"2026-06-01", "without undue delay", "GB", ""},
		{"2026-06-01", "before the next release", "GB", ""},
	} {
		p := noticed(t, row.ahead, row.calendar)
		r := diff.Of(p, wider(p), control.Catalogue(), day(row.on))
		if got := r.Notice.First.String(); !r.Notice.Needed || got != row.first {
			t.Errorf("%s from %s in %s: %q, want %q", row.ahead, row.on, row.calendar, got, row.first)
		}
	}
}

// A day too early is in the way, the day itself is not; nor is any day where nothing is material.
func TestDatedTooEarly(t *testing.T) {
	p := noticed(t, "30 days", "GB")
	for _, row := range []struct {
		effective string
		material  bool
		code      string
	}{
		{"2026-03-02", true, "too-early"},
		{"2026-03-03", true, ""},
		{"2027-01-01", true, ""},
		{"2026-01-02", false, ""},
	} {
		w := wider(p)
		if !row.material {
			w = copied(p)
			w.Organisation.Website = "https://new.example"
		}
		w.Effective = day(row.effective)
		r := compare(p, w)
		if got := codes(r.Problems); strings.Join(got, " ") != row.code || r.CanTakeEffect() != (row.code == "") {
			t.Errorf("dated %s, material %v: %q", row.effective, row.material, got)
		}
	}
	w := wider(noticed(t, "without undue delay", "GB"))
	w.Effective = day("2030-01-01")
	if got := codes(compare(noticed(t, "without undue delay", "GB"), w).Problems); !slices.Equal(got, []string{"notice-without-figure"}) {
		t.Errorf("a term with no figure: %q", got)
	}
}

func codes(all []diff.Warning) (codes []string) {
	for _, w := range all {
		codes = append(codes, w.Code)
	}
	return codes
}

// The old policy's promise counts, however the new one words it.
func TestTheOldPromiseCounts(t *testing.T) {
	old, new := noticed(t, "30 days", "GB"), noticed(t, "1 day", "GB")
	if r := compare(old, new); r.Notice.First.String() != "2026-03-03" {
		t.Errorf("shortened: %+v", r.Notice)
	}
	if r := compare(new, wider(old)); r.Notice.First.String() != "2026-02-02" {
		t.Errorf("lengthened: %+v", r.Notice)
	}
	r := compare(noticed(t, "", "GB"), wider(noticed(t, "", "GB")))
	if !r.Notice.Needed || len(r.Notice.Promises) != 0 || r.Notice.First.String() != "2026-02-01" || !slices.Contains(codes(r.Warnings), "no-notice-clause") {
		t.Errorf("none: %+v, %v", r.Notice, r.Warnings)
	}
}

// New disclosures wait for the promise that is about them, if it is longer.
func TestTheStricterNotice(t *testing.T) {
	old := base(t)
	r := compare(old, wider(old))
	if len(r.Notice.Promises) != 1 || r.Notice.First.String() != "2026-03-03" {
		t.Errorf("no disclosure: %+v", r.Notice)
	}
	disclosing := wider(old)
	disclosing.Recipients = append(disclosing.Recipients, policy.Recipient{ID: "bank", Name: "Bank", Role: "processor", Region: "london"})
	r = compare(old, disclosing)
	want := diff.Promise{Clause: "acme-recipients", Control: "disclosure-notice", Ahead: "2 months", Channels: []string{}, OptOut: true, Changes: 1, First: diff.Day{Time: day("2026-04-01")}}
	if len(r.Notice.Promises) != 2 || !equal(t, r.Notice.Promises[1], want) || r.Notice.First != want.First {
		t.Errorf("a disclosure: %+v", r.Notice)
	}
}

func equal(t *testing.T, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(x) == string(y)
}

// What a person should look at.
func TestWarnings(t *testing.T) {
	edit := func(change func(*policy.Policy)) *policy.Policy {
		p := base(t)
		p.Version = "2"
		change(p)
		return p
	}
	for code, new := range map[string]*policy.Policy{
		"same-version":     edit(func(p *policy.Policy) { p.Version, p.Calendar = "1", "AE" }),
		"earlier-than-old": edit(func(p *policy.Policy) { p.Effective = day("2025-01-01") }),
		"undated":          edit(func(p *policy.Policy) { p.Calendar, p.Effective = "AE", day("0001-01-01") }),
		"basis-swapped":    edit(func(p *policy.Policy) { p.Purposes[1].Basis = policy.LegitimateInterests }),
		"document":         edit(func(p *policy.Policy) { p.Documents = nil }),
		"wording":          edit(func(p *policy.Policy) { p.Clauses[2].Text = "It goes at once." }),
	} {
		if got := codes(compare(base(t), new).Warnings); !slices.Contains(got, code) {
			t.Errorf("want %s, got %q", code, got)
		}
	}
	kept := edit(func(p *policy.Policy) { // the figure changed with its words
		p.Clauses[8].Text = "Statistics are of very many people."
		p.Clauses[8].Keep[0].Params["people"] = int64(100)
	})
	if got := codes(compare(base(t), kept).Warnings); slices.Contains(got, "wording") {
		t.Errorf("words and figure changed: %q", got)
	}
	feasts := noticed(t, "10 business days", "AE")
	r := diff.Of(feasts, wider(feasts), control.Catalogue(), day("2026-05-20")) // Eid Al Adha is expected about the 27th
	if got := codes(r.Warnings); !slices.Contains(got, "feasts-expected") {
		t.Errorf("feasts: %q", got)
	}
	r = diff.Of(feasts, wider(feasts), control.Catalogue(), day("2090-05-20"))
	if got := codes(r.Warnings); !slices.Contains(got, "feasts-unknown") {
		t.Errorf("feasts of another century: %q", got)
	}
}
