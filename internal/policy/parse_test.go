package policy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// small is a policy that uses every part of the language once.
const small = `version: "1"
organisation: {name: Acme, role: processor, contact: privacy@acme.example, address: Dubai, website: https://acme.example,
  authority: {name: Authority, url: https://authority.example/complain}}
laws: {gdpr: {title: GDPR, citation: Regulation (EU) 2016/679}}
calendar: AE
regions:
  dubai: {provider: Azure, place: UAE North, country: AE}
  dublin: {provider: Azure, place: North Europe, country: IE}
environments: [production]
backups: {epoch: 1d, horizon: 2w}
data:
  person:
    title: Person
    category: identity
    fields:
      name: text
      email: {type: email, unique: true}
      photo: {type: blob, optional: true, max: 10MiB}
  session:
    title: Session
    category: technical
    storage: memory-only
    records: many
    fields: {token: text}
  visits:
    title: Visits
    category: usage
    sensitive: false
    records: many
    keep: 90d
    fields: {at: date, via: {type: enum, values: [web, app]}}
purposes:
  service:
    title: Service
    basis: contract
    may: [read, write, disclose]
    sees: {person: all, visits: [at]}
    recipients: [mailer]
    under-restriction: true
    when: hour < 18
recipients:
  mailer: {name: Mailer Ltd, role: processor, region: dublin, safeguard: Standard contractual clauses}
clauses:
  - id: c-tls
    section: Security
    text: >
      All is
      encrypted.
    keep:
      - tls: {minimum: "1.3"}
      - tenant-isolation
      - tenant-isolation:
  - id: c-risk
    section: Security
    text: "No system is perfect: use it at your risk."
    statement: true
  - id: c-open
    section: Other
    text: Nothing keeps this yet.
`

func TestParse(t *testing.T) {
	p, err := policy.Parse("small.yaml", []byte(small), controls())
	if err != nil {
		t.Fatal(err)
	}
	day := 24 * time.Hour
	want := policy.Policy{
		Version: "1",
		Organisation: policy.Organisation{Name: "Acme", Role: "processor", Contact: "privacy@acme.example", Address: "Dubai",
			Website: "https://acme.example", Authority: policy.Authority{Name: "Authority", URL: "https://authority.example/complain"}},
		Laws:     []policy.Law{{ID: "gdpr", Title: "GDPR", Citation: "Regulation (EU) 2016/679", Pos: policy.Pos{Line: 4, Column: 8}}},
		Calendar: "AE",
		Regions: []policy.Region{
			{ID: "dubai", Provider: "Azure", Place: "UAE North", Country: "AE", Pos: policy.Pos{Line: 7, Column: 3}},
			{ID: "dublin", Provider: "Azure", Place: "North Europe", Country: "IE", Pos: policy.Pos{Line: 8, Column: 3}},
		},
		Environments: []string{"production"},
		Backups:      policy.Backups{Epoch: day, Horizon: 14 * day},
		Data: []policy.DataSet{
			{ID: "person", Title: "Person", Category: "identity", Storage: policy.Stored, Pos: policy.Pos{Line: 12, Column: 3}, Fields: []policy.Field{
				{ID: "name", Type: policy.Text, Pos: policy.Pos{Line: 16, Column: 7}},
				{ID: "email", Type: policy.Email, Find: true, Unique: true, Pos: policy.Pos{Line: 17, Column: 7}},
				{ID: "photo", Type: policy.Blob, Optional: true, Max: 10 << 20, Pos: policy.Pos{Line: 18, Column: 7}},
			}},
			{ID: "session", Title: "Session", Category: "technical", Storage: policy.Memory, Many: true, Pos: policy.Pos{Line: 19, Column: 3}, Fields: []policy.Field{
				{ID: "token", Type: policy.Text, Pos: policy.Pos{Line: 24, Column: 14}},
			}},
			{ID: "visits", Title: "Visits", Category: "usage", Storage: policy.Stored, Many: true, Keep: 90 * day, Pos: policy.Pos{Line: 25, Column: 3}, Fields: []policy.Field{
				{ID: "at", Type: policy.Date, Pos: policy.Pos{Line: 31, Column: 14}},
				{ID: "via", Type: policy.Enum, Values: []string{"web", "app"}, Pos: policy.Pos{Line: 31, Column: 24}},
			}},
		},
		Purposes: []policy.Purpose{{ID: "service", Title: "Service", Basis: policy.Contract,
			May: []policy.Action{policy.Read, policy.Write, policy.Disclose},
			Sees: []policy.Sight{
				{DataSet: "person", Fields: []string{"name", "email", "photo"}, Pos: policy.Pos{Line: 37, Column: 12}},
				{DataSet: "visits", Fields: []string{"at"}, Pos: policy.Pos{Line: 37, Column: 25}},
			},
			Recipients: []string{"mailer"}, UnderRestriction: true, When: "hour < 18", Pos: policy.Pos{Line: 33, Column: 3}}},
		Recipients: []policy.Recipient{{ID: "mailer", Name: "Mailer Ltd", Role: "processor", Region: "dublin",
			Safeguard: "Standard contractual clauses", Pos: policy.Pos{Line: 42, Column: 3}}},
		Clauses: []policy.Clause{
			{ID: "c-tls", Section: "Security", Text: "All is encrypted.", Pos: policy.Pos{Line: 44, Column: 5}, Keep: []policy.Keep{
				{Control: "tls", Params: policy.Params{"minimum": "1.3"}, Pos: policy.Pos{Line: 50, Column: 9}},
				{Control: "tenant-isolation", Params: policy.Params{}, Pos: policy.Pos{Line: 51, Column: 9}},
				{Control: "tenant-isolation", Params: policy.Params{}, Pos: policy.Pos{Line: 52, Column: 9}},
			}},
			{ID: "c-risk", Section: "Security", Text: "No system is perfect: use it at your risk.", Statement: true, Pos: policy.Pos{Line: 53, Column: 5}},
			{ID: "c-open", Section: "Other", Text: "Nothing keeps this yet.", Pos: policy.Pos{Line: 57, Column: 5}},
		},
		File: "small.yaml", Source: []byte(small), Digest: policy.Digest(p),
	}
	if !reflect.DeepEqual(*p, want) {
		t.Errorf("got\n%+v, want\n%+v", *p, want)
	}
}

// Windows line ends and a byte-order mark-free UTF-8 text give the same policy.
func TestParseWindowsLines(t *testing.T) {
	p, err := policy.Parse("small.yaml", []byte(strings.ReplaceAll(small, "\n", "\r\n")), controls())
	if err != nil {
		t.Fatal(err)
	}
	if p.Clauses[0].Text != "All is encrypted." || p.Clauses[2].Pos.Line != 57 {
		t.Errorf("got %+v", p.Clauses)
	}
}

// Each file in testdata/broken begins with the problems it must give, in order, one to a line:
// "#! line:column code part of the message or hint".
func TestBroken(t *testing.T) {
	for _, f := range brokenFiles(t) {
		t.Run(filepath.Base(f.name), func(t *testing.T) {
			p, err := policy.Parse("p.yaml", f.src, controls())
			var problems policy.Problems
			if p != nil || !errors.As(err, &problems) {
				t.Fatalf("got policy %v and error %v", p, err)
			}
			for i, got := range problems {
				if i >= len(f.wants) {
					t.Errorf("unexpected: %s", got)
					continue
				}
				where := fmt.Sprintf("%d:%d %s ", got.Pos.Line, got.Pos.Column, got.Code)
				words, found := strings.CutPrefix(f.wants[i], where)
				if !found || !strings.Contains(got.Msg+" → "+got.Hint, words) {
					t.Errorf("want %q, got %s%s", f.wants[i], where, got)
				}
				if got.Hint == "" || got.File != "p.yaml" || !strings.Contains(got.Excerpt, "^") {
					t.Errorf("no hint, file or excerpt: %+v", got)
				}
			}
			for _, missing := range f.wants[min(len(problems), len(f.wants)):] {
				t.Errorf("missing: %s", missing)
			}
		})
	}
}

// brokenFile is a fixture: its wants are the problems, schema says whether the JSON Schema sees one.
type brokenFile struct {
	name   string
	src    []byte
	wants  []string
	schema bool
}

func brokenFiles(t *testing.T) []brokenFile {
	t.Helper()
	names, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	var files []brokenFile
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := brokenFile{name: name, src: src}
		for line := range strings.Lines(string(src)) {
			if want, ok := strings.CutPrefix(line, "#! "); ok {
				f.wants = append(f.wants, strings.TrimSpace(want))
			}
			f.schema = f.schema || strings.HasPrefix(line, "#schema")
		}
		files = append(files, f)
	}
	return files
}

func TestProblemIsShownWithItsPlace(t *testing.T) {
	_, err := policy.Parse("p.yaml", []byte(strings.Replace(small, "basis: contract", "basis: kontract", 1)), controls())
	const want = `p.yaml:35:12: basis cannot be "kontract"
   35 |     basis: kontract
      |            ^^^^^^^^
  → did you mean "contract"?
`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v, want\n%s", err, want)
	}
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("kind is %s", fault.KindOf(err))
	}
}
