package publish_test

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// poison puts a text into every free text of a policy: what a parser that lets too much through, or a
// policy that somebody else wrote, could hold.
func poison(v reflect.Value, with string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i).Name
			if free := !slices.Contains([]string{"ID", "DataSet", "Sees", "Recipients", "Known", "Digest", "Source", "File", "Basis", "Kind", "Role", "Party", "Storage", "Type", "Language", "Control", "Region", "Recipient", "Country", "Subject", "Fields"}, field); free || v.Field(i).Kind() == reflect.Slice && v.Field(i).Type().Elem().Kind() == reflect.Struct {
				poison(v.Field(i), with)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				poison(v.Index(i), with)
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if v.Type().Elem().Kind() == reflect.String {
				v.SetMapIndex(k, reflect.ValueOf(with))
			}
		}
	case reflect.String:
		if v.CanSet() && v.Len() > 0 {
			v.SetString(with)
		}
	}
}

// hostile are texts that try to be more than text.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `</style><script>alert(1)</script>`, `' onmouseover='alert(1)`,
	`{{.Policy}}`, `</title><svg onload=alert(1)>`, `data:text/html,<script>alert(1)</script>`, `]]>`, `<!--`, `https://a.example/"onclick="alert(1)`, `mailto:a@b.example?x=<b>`,
	`=HYPERLINK("https://evil.example","x")`, `+1`, `-1`, `@SUM(A1)`, "\t=1", "\r=1", "a\nb", `a,b;"c"`, `\`, `[x](javascript:alert(1))`, `vbscript:x`, `JaVaScRiPt:alert(1)`, ` javascript:alert(1)`,
}

// elements are those that a page is made of.
var elements = strings.Fields(`html head meta title style body a header p h1 h2 h3 dl div dt dd nav ol ul li main section article span table caption thead tbody tr th td bdi figure figcaption svg desc text g path rect`)

// harmless checks that a page holds no element, attribute or address that it is not made of.
func harmless(t testing.TB, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.CommentToken:
			t.Error("there is a comment")
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			if !slices.Contains(elements, tag.Data) {
				t.Errorf("there is an element %s", tag.Data)
			}
			for _, a := range tag.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" {
					t.Errorf("<%s> has the attribute %s", tag.Data, a.Key)
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#") && linked(a.Val) == "" {
					t.Errorf("a link leads to %q", a.Val)
				}
			}
		}
	}
}

func linked(address string) string {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:+"} {
		if strings.HasPrefix(address, scheme) {
			return scheme
		}
	}
	return ""
}

func withstands(t testing.TB, p *policy.Policy, with string) {
	t.Helper()
	poison(reflect.ValueOf(p).Elem(), with)
	for _, lang := range []string{"en", "ar"} {
		for _, name := range append(append([]string{}, pages...), words...) {
			f, err := publish.One(p, name, options(lang))
			if err != nil {
				t.Fatalf("%s with %q: %v", name, with, err)
			}
			switch {
			case strings.HasSuffix(name, ".html"):
				harmless(t, string(f.Bytes))
			case strings.HasSuffix(name, ".csv"):
				inertTable(t, f.Bytes)
			}
		}
	}
}

func TestWhateverAPolicySaysStaysText(t *testing.T) {
	for _, text := range hostile {
		withstands(t, whole(t), text)
	}
	rapid.Check(t, func(r *rapid.T) {
		withstands(t, whole(t), strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()), 1, 3).Draw(r, "parts"), ""))
		if t.Failed() {
			r.FailNow()
		}
	})
}

func FuzzWhateverAPolicySaysStaysText(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 2000 {
			withstands(t, whole(t), text)
		}
	})
}

// inertTable checks that a table is RFC 4180, and that no spreadsheet takes a cell for a formula.
func inertTable(t testing.TB, b []byte) {
	t.Helper()
	b, marked := bytes.CutPrefix(b, []byte("\ufeff"))
	if !marked {
		t.Error("spreadsheets are not told that the table is UTF-8")
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("the table has %d rows: %v", len(rows), err)
	}
	for _, row := range rows {
		if len(row) != len(rows[0]) {
			t.Errorf("a row has %d cells of %d", len(row), len(rows[0]))
		}
		for _, cell := range row {
			if s := strings.TrimLeft(cell, " \t\r\n"); s != "" && strings.ContainsAny(s[:1], "=+-@") || strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") {
				t.Errorf("a spreadsheet would work out %q", cell)
			}
		}
	}
}

func TestTheRecordIsATable(t *testing.T) {
	b := []byte(read(t, whole(t), "en", "processing-record.csv"))
	inertTable(t, b)
	if lines := bytes.Count(b, []byte("\r\n")); lines != 1+len(whole(t).Purposes) {
		t.Errorf("the table has %d lines that end as RFC 4180 says", lines)
	}
	p := whole(t)
	p.Purposes[0].Title = `=HYPERLINK("https://evil.example")`
	if got := read(t, p, "en", "processing-record.csv"); !strings.Contains(got, `"'=HYPERLINK(""https://evil.example"")"`) {
		t.Error("a title that is a formula is not made text")
	}
}

// TestALargePolicyIsPublished bounds time: nothing in a document grows faster than the policy.
func TestALargePolicyIsPublished(t *testing.T) {
	p := whole(t)
	for len(p.Clauses) < 2000 {
		c := p.Clauses[len(p.Clauses)%10]
		c.ID += "x"
		p.Clauses = append(p.Clauses, c)
	}
	for len(p.Data) < 500 {
		d := p.Data[len(p.Data)%4]
		d.ID += "x"
		p.Data = append(p.Data, d)
	}
	began := time.Now()
	for _, name := range append(append([]string{}, pages...), words...) {
		if got := read(t, p, "ar", name); strings.Contains(got, "<figure>") {
			t.Error("a figure of 500 kinds of data is drawn")
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a large policy took %v", took)
	}
}

func TestPublishingTwiceGivesTheSame(t *testing.T) {
	for _, name := range append(append([]string{}, pages...), words...) {
		first := read(t, whole(t), "ar", name)
		for range 5 {
			if read(t, whole(t), "ar", name) != first {
				t.Fatalf("%s is not the same every time", name)
			}
		}
	}
}
