package policy_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/policy"
)

// patience is far above what a hostile file takes, far below what it would without bounds: the
// machine may be busy.
const patience = 30 * time.Second

// Files nobody wrote as a policy: each is refused by a clear problem, and soon.
func TestHostileFiles(t *testing.T) {
	const mib = 1 << 20
	anchors := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'z'; c++ {
		anchors += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	indented := ""
	for i := range 40 {
		indented += strings.Repeat(" ", i) + "a:\n"
	}
	keys := strings.Builder{}
	for i := 0; keys.Len() < mib-20; i++ {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	for name, f := range map[string]struct {
		src  string
		code policy.Code
		msg  string
	}{
		"empty":            {"", policy.BadFile, "is empty"},
		"blank":            {" \n\n", policy.BadFile, "is empty"},
		"only comments":    {"# nothing\n", policy.MissingKey, "has no value"},
		"a word":           {"hello", policy.BadType, "must be a group of keys"},
		"a list":           {"- a\n- b\n", policy.BadType, "must be a group of keys"},
		"10 MB":            {strings.Repeat("a: b\n", 2*mib), policy.BadFile, "at most 1 MiB"},
		"binary":           {"\x7fELF\x02\x01\x01\x00\x00", policy.BadFile, "is not allowed"},
		"not UTF-8":        {"version: \xff\xfe", policy.BadFile, "not UTF-8"},
		"UTF-16":           {"\xff\xfev\x00e\x00r\x00", policy.BadFile, "UTF-16"},
		"UTF-16, big end":  {"\xfe\xff\x00v\x00e\x00r", policy.BadFile, "UTF-16"},
		"NUL":              {"version: a\x00b", policy.BadFile, "U+0000"},
		"escaped NUL":      {`version: "a\0b"`, policy.BadSyntax, "not allowed"},
		"byte-order mark":  {"\ufeffversion: a", policy.BadFile, "U+FEFF"},
		"reads otherwise":  {"version: a\u202eb", policy.BadFile, "U+202E"},
		"cycle":            {"a: &a\n  b: *a\n", policy.BadSyntax, "anchors"},
		"billion laughs":   {anchors, policy.BadSyntax, "anchors"},
		"merge":            {"<<: {a: b}\n", policy.BadSyntax, "merging"},
		"tag":              {"version: !!binary aGVsbG8=\n", policy.BadSyntax, "tags"},
		"directive":        {"%YAML 1.2\n---\nversion: a\n", policy.BadSyntax, "directives"},
		"two documents":    {"version: a\n---\nversion: b\n", policy.BadSyntax, "one document"},
		"complex key":      {"? [a, b]\n: c\n", policy.BadSyntax, "complex keys"},
		"list as key":      {"[a]: b\n", policy.BadSyntax, "invalid key"},
		"number as key":    {"1: b\n", policy.UnknownKey, `no key "1"`},
		"null as key":      {"null: b\n", policy.UnknownKey, `no key "null"`},
		"deep brackets":    {strings.Repeat("[", 10_000), policy.BadSyntax, "nested deeper"},
		"deep braces":      {strings.Repeat("{a: ", 1000) + strings.Repeat("}", 1000), policy.BadSyntax, "nested deeper"},
		"deep dashes":      {strings.Repeat("- ", 20000), policy.BadSyntax, "nested deeper"},
		"deep indentation": {indented, policy.BadSyntax, "nested deeper"},
		"many brackets":    {strings.Repeat("[", mib-1), policy.BadSyntax, "words and signs"},
		"many keys":        {keys.String(), policy.BadSyntax, "words and signs"},
		"tabs":             {"organisation:\n\tname: a\n", policy.BadSyntax, "tab"},
		"open quote":       {"version: \"" + strings.Repeat("a\n", mib/4), policy.BadSyntax, "not YAML"},
		"open brackets":    {"version: [[[[", policy.BadSyntax, ""},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			p, err := policy.Parse("p.yaml", []byte(f.src), controls())
			var problems policy.Problems
			if p != nil || !errors.As(err, &problems) {
				t.Fatalf("got policy %v, error %v", p, err)
			}
			if first := problems[0]; first.Code != f.code || !strings.Contains(first.Msg, f.msg) || first.Hint == "" {
				t.Errorf("got %+v, want code %s, message %q and a hint", first, f.code, f.msg)
			}
			if took := time.Since(began); took > patience {
				t.Errorf("took %s", took)
			}
			if len(err.Error()) > 64<<10 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// A large file must be refused before anything is made of it.
func TestLargeFileIsCheap(t *testing.T) {
	src := bytes.Repeat([]byte("a: b\n"), 2<<20)
	v := controls()
	var before int
	allocs := testing.AllocsPerRun(10, func() {
		if _, err := policy.Parse("p.yaml", src, v); err == nil {
			before++
		}
	})
	if before > 0 || allocs > 20 {
		t.Errorf("accepted %d times, %v allocations", before, allocs)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	src := small
	for i := range 5000 {
		src += fmt.Sprintf("wrong%d: 1\n", i)
	}
	_, err := policy.Parse("p.yaml", []byte(src), controls())
	var problems policy.Problems
	if !errors.As(err, &problems) || len(problems) != 101 || problems[100].Msg != "and 4900 problems more" {
		t.Errorf("got %d problems, the last %+v", len(problems), problems[len(problems)-1])
	}
}

// Advice compares a name with all that are known: thousands of each must not take minutes.
func TestManyDanglingReferences(t *testing.T) {
	src := strings.Builder{}
	src.WriteString(small)
	for i := range 2500 {
		fmt.Fprintf(&src, "  - {id: %s%d, section: S, text: T}\n", strings.Repeat("a-long-name-", 4), i)
	}
	for i := range 10 {
		fmt.Fprintf(&src, "  - {id: d%d, section: S, text: T, keep: [derived: {clauses: [", i)
		for j := range 600 {
			fmt.Fprintf(&src, "%sx%d,", strings.Repeat("a-long-nome-", 4), j)
		}
		src.WriteString("]}]}\n")
	}
	began := time.Now()
	_, err := policy.Parse("p.yaml", []byte(src.String()), controls())
	if err == nil || !strings.Contains(err.Error(), "and 5900 problems more") {
		t.Errorf("got %.300v", err)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("took %s", took)
	}
}

func TestTooMany(t *testing.T) {
	many := func(n int, line string) (b string) {
		for i := range n {
			b += fmt.Sprintf(line, i)
		}
		return b
	}
	purposes := func(n int) string {
		return strings.Replace(small, "purposes:\n", "purposes:\n"+many(n-1, "  p%d: {title: t, basis: consent, may: [read], sees: {person: all}}\n"), 1)
	}
	fields := func(n int) string {
		return strings.Replace(small, "      name: text\n", "      name: text\n"+many(n-3, "      f%d: text\n"), 1)
	}
	for name, f := range map[string]struct {
		src, msg string
	}{
		"255 purposes":            {purposes(255), ""},
		"256 purposes":            {purposes(256), "purposes holds 256, at most 255"},
		"64 fields":               {fields(64), ""},
		"65 fields":               {fields(65), "fields holds 65, at most 64"},
		"17 environments":         {strings.Replace(small, "[production]", "["+many(17, "e%d,")+"]", 1), "environments holds 17, at most 16"},
		"a long name":             {strings.Replace(small, "name: text", strings.Repeat("x", 65)+": text", 1), "cannot be the id"},
		"a right nobody has":      {strings.Replace(small, "- tenant-isolation\n", "- data-subject-rights: {rights: [access, forgiveness], within: 30 days}\n", 1), "rights cannot hold"},
		"a right":                 {strings.Replace(small, "- tenant-isolation\n", "- data-subject-rights: {rights: [access], within: 30 days}\n", 1), ""},
		"012":                     {strings.Replace(small, "- tenant-isolation\n", "- aggregates: {people: 012}\n", 1), "people cannot be 012"},
		"a long line":             {strings.Replace(small, "{person: all, visits: [at]}", "{"+strings.Repeat(" ", 300)+"persons: all}", 1), "   37 | …"},
		"a long text":             {strings.Replace(small, "Nothing keeps this yet.", strings.Repeat("x", 9000), 1), "text is longer than"},
		"a span without end":      {strings.Replace(small, "keep: 90d", "keep: 999999999w", 1), "keep cannot be"},
		"a span beyond our range": {strings.Replace(small, "keep: 90d", "keep: 36501d", 1), "keep cannot be"},
		"a blob beyond our range": {strings.Replace(small, "max: 10MiB", "max: 9999999999GiB", 1), "max is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Parse("p.yaml", []byte(f.src), controls())
			if f.msg == "" && err != nil || f.msg != "" && (err == nil || !strings.Contains(err.Error(), f.msg)) {
				t.Errorf("want %q, got %v", f.msg, err)
			}
		})
	}
}

// A control that panics on a policy must not take the server down, nor pass.
func TestControlThatPanics(t *testing.T) {
	v := controls()
	v.check("tls", func(*policy.Policy, policy.Params) error { panic("no") })
	if _, err := policy.Parse("p.yaml", []byte(small), v); err == nil || !strings.Contains(err.Error(), "cannot check") {
		t.Errorf("got %v", err)
	}
}
