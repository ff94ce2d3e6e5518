package policy_test

import (
	"encoding/json"
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
effective: 2026-03-01
language: en
products: {app: {title: The App, url: https://app.example}}
subjects: {users: {title: Users, titles: {ar: المستخدمون}}}
models:
  writer: {name: GPT, recipient: mailer, regions: [dublin], retention: 30 days, tenancy: shared, trains: false}
cookies:
  session: {name: __Host-s, title: Keeps you signed in, kind: necessary, lifetime: 1h, signed: true, http-only: true, secure: true}
attestations:
  iso: {title: ISO 27001, kind: certificate, standard: ISO/IEC 27001, issuer: TÜV, issued: 2025-02-01, expires: 2028-01-31, document: https://acme.example/iso.pdf}
documents: {terms: {title: Terms, url: https://acme.example/terms}}
security:
  contacts: [mailto:security@acme.example, tel:+97140000000]
  expires: 2027-01-01
  languages: [en, ar]
known:
  - {finding: report-old, about: [iso], reason: The next audit is in May.}
clauses:
  - id: c-tls
    section: Security
    text: >
      All is
      encrypted.
    plain: Nobody can listen.
    translations:
      ar: {section: الأمن, text: كل شيء مشفر., plain: لا أحد يستمع.}
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
			{ID: "person", Title: "Person", Category: "identity", Storage: policy.Stored, Source: policy.FromPerson, Subject: "users", Pos: policy.Pos{Line: 12, Column: 3}, Fields: []policy.Field{
				{ID: "name", Type: policy.Text, Pos: policy.Pos{Line: 16, Column: 7}},
				{ID: "email", Type: policy.Email, Find: true, Unique: true, Pos: policy.Pos{Line: 17, Column: 7}},
				{ID: "photo", Type: policy.Blob, Optional: true, Max: 10 << 20, Pos: policy.Pos{Line: 18, Column: 7}},
			}},
			{ID: "session", Title: "Session", Category: "technical", Storage: policy.Memory, Source: policy.FromPerson, Subject: "users", Many: true, Pos: policy.Pos{Line: 19, Column: 3}, Fields: []policy.Field{
				{ID: "token", Type: policy.Text, Pos: policy.Pos{Line: 24, Column: 14}},
			}},
			{ID: "visits", Title: "Visits", Category: "usage", Storage: policy.Stored, Source: policy.FromPerson, Subject: "users", Many: true, Keep: 90 * day, Pos: policy.Pos{Line: 25, Column: 3}, Fields: []policy.Field{
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
			{ID: "c-tls", Section: "Security", Text: "All is encrypted.", Pos: policy.Pos{Line: 61, Column: 5}, Keep: []policy.Keep{
				{Control: "tls", Params: policy.Params{"minimum": "1.3"}, Pos: policy.Pos{Line: 70, Column: 9}},
				{Control: "tenant-isolation", Params: policy.Params{}, Pos: policy.Pos{Line: 71, Column: 9}},
				{Control: "tenant-isolation", Params: policy.Params{}, Pos: policy.Pos{Line: 72, Column: 9}},
			}, Plain: "Nobody can listen.", Translations: []policy.Translation{{Language: "ar", Section: "الأمن",
				Text: "كل شيء مشفر.", Plain: "لا أحد يستمع.", Pos: policy.Pos{Line: 68, Column: 7}}}},
			{ID: "c-risk", Section: "Security", Text: "No system is perfect: use it at your risk.", Statement: true, Pos: policy.Pos{Line: 73, Column: 5}},
			{ID: "c-open", Section: "Other", Text: "Nothing keeps this yet.", Pos: policy.Pos{Line: 77, Column: 5}},
		},
		Effective: date(2026, 3, 1),
		Language:  "en",
		Products:  []policy.Product{{ID: "app", Title: "The App", URL: "https://app.example", Pos: policy.Pos{Line: 45, Column: 12}}},
		Subjects:  []policy.Subject{{ID: "users", Title: "Users", Titles: policy.Titles{"ar": "المستخدمون"}, Pos: policy.Pos{Line: 46, Column: 12}}},
		Models: []policy.Model{{ID: "writer", Name: "GPT", Recipient: "mailer", Regions: []string{"dublin"}, Retention: "30 days", Tenancy: "shared",
			Pos: policy.Pos{Line: 48, Column: 3}}},
		Cookies: []policy.Cookie{{ID: "session", Name: "__Host-s", Title: "Keeps you signed in", Kind: policy.Necessary, Party: "first", Lifetime: time.Hour,
			Signed: true, HTTPOnly: true, Secure: true, Pos: policy.Pos{Line: 50, Column: 3}}},
		Attestations: []policy.Attestation{{ID: "iso", Title: "ISO 27001", Kind: policy.Certificate, Standard: "ISO/IEC 27001", Issuer: "TÜV",
			Issued: date(2025, 2, 1), Expires: date(2028, 1, 31), Document: "https://acme.example/iso.pdf", Pos: policy.Pos{Line: 52, Column: 3}}},
		Documents: []policy.Document{{ID: "terms", Title: "Terms", URL: "https://acme.example/terms", Pos: policy.Pos{Line: 53, Column: 13}}},
		Security: policy.Security{Contacts: []string{"mailto:security@acme.example", "tel:+97140000000"}, Expires: date(2027, 1, 1),
			Languages: []string{"en", "ar"}, Pos: policy.Pos{Line: 54, Column: 1}},
		Known: []policy.Known{{Finding: "report-old", About: []string{"iso"}, Reason: "The next audit is in May.", Pos: policy.Pos{Line: 59, Column: 6}}},
		File:  "small.yaml", Source: []byte(small), Digest: policy.Digest(p),
	}
	if !reflect.DeepEqual(*p, want) {
		t.Error(difference(t, *p, want))
	}
}

// difference shows where two policies part.
func difference(t *testing.T, got, want policy.Policy) string {
	t.Helper()
	var lines [2][]string
	for i, p := range []policy.Policy{got, want} {
		text, err := json.MarshalIndent(p, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = strings.Split(string(text), "\n")
	}
	for i, line := range lines[0] {
		if i >= len(lines[1]) || line != lines[1][i] {
			return fmt.Sprintf("line %d: got %s, want %s, in\n%s", i, line, strings.Join(lines[1][i:min(i+1, len(lines[1]))], ""), strings.Join(lines[0][max(0, i-20):i+1], "\n"))
		}
	}
	return "they differ in a nil slice or map"
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Windows line ends and a byte-order mark-free UTF-8 text give the same policy.
func TestParseWindowsLines(t *testing.T) {
	for _, first := range []string{"# a comment\n", "# a comment that the library reads: !\n\"version\": '2'\n"} {
		src := strings.Replace(first+small, "\"version\": '2'\nversion: \"1\"\n", "\"version\": '2'\n", 1)
		p, err := policy.Parse("small.yaml", []byte(strings.ReplaceAll(src, "\n", "\r\n")), controls())
		if err != nil {
			t.Fatal(err)
		}
		if p.Clauses[0].Text != "All is encrypted." || p.Clauses[2].Pos.Line != 78 {
			t.Errorf("got %+v", p.Clauses)
		}
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
	blanks := strings.ReplaceAll(strings.Replace(small, "basis: contract", "basis: kontract \t ", 1), "\n", " \r\n")
	if _, also := policy.Parse("p.yaml", []byte(blanks), controls()); also == nil || also.Error() != strings.Replace(err.Error(), "kontract\n      |", "kontract    \n      |", 1) {
		t.Errorf("with blanks that nobody sees: got\n%q, want\n%q", also, err)
	}
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
