package publish_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// securityField is a line of security.txt. From the grammar of RFC 9116, section 4: field-name ":" SP
// value, each line ended by LF; web URIs are https (2.4); Expires is a date-time of RFC 3339.
var securityField = map[string]*regexp.Regexp{
	"Contact":             regexp.MustCompile(`^(mailto:[!-~]+@[!-~]+|https://[!-~]+|tel:\+[0-9-]+)$`),
	"Expires":             regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$`),
	"Encryption":          regexp.MustCompile(`^(https|openpgp4fpr|dns):[!-~]+$`),
	"Acknowledgments":     regexp.MustCompile(`^https://[!-~]+$`),
	"Preferred-Languages": regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*(, ?[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)*$`),
	"Canonical":           regexp.MustCompile(`^https://[!-~]+/\.well-known/security\.txt$`),
	"Policy":              regexp.MustCompile(`^https://[!-~]+$`),
	"Hiring":              regexp.MustCompile(`^https://[!-~]+$`),
}

// validSecurityTxt returns the fields of a valid file.
func validSecurityTxt(t *testing.T, doc string) map[string][]string {
	t.Helper()
	fields := map[string][]string{}
	body, ok := strings.CutSuffix(doc, "\n")
	if !ok {
		t.Error("the last line has no end")
	}
	for _, line := range strings.Split(body, "\n") {
		name, value, found := strings.Cut(line, ": ")
		form, known := securityField[name]
		if !found || !known || !form.MatchString(value) {
			t.Errorf("%q is no line of security.txt", line)
		}
		fields[name] = append(fields[name], value)
	}
	if len(fields["Contact"]) == 0 {
		t.Error("there is no Contact")
	}
	for _, once := range []string{"Expires", "Preferred-Languages"} {
		if len(fields[once]) > 1 || once == "Expires" && len(fields[once]) != 1 {
			t.Errorf("%s is there %d times", once, len(fields[once]))
		}
	}
	return fields
}

func TestSecurityTxtIsValid(t *testing.T) {
	some := 0
	for folder, p := range policies(t) {
		doc := maybe(t, p, "en", ".well-known/security.txt")
		if (doc == "") != (len(p.Security.Contacts) == 0) {
			t.Errorf("%s: security.txt is %q", folder, doc)
		}
		if doc == "" {
			continue
		}
		some++
		fields := validSecurityTxt(t, doc)
		if got, want := strings.Join(fields["Contact"], " "), strings.Join(p.Security.Contacts, " "); got != want {
			t.Errorf("%s: the contacts are %s, want %s", folder, got, want)
		}
		if expires, err := time.Parse(time.RFC3339, fields["Expires"][0]); err != nil || !expires.Equal(p.Security.Expires) {
			t.Errorf("%s: it expires on %s", folder, fields["Expires"][0])
		}
	}
	if some < 2 {
		t.Errorf("only %d policies have one", some)
	}
}

func TestSecurityTxtHoldsAllThatThePolicySays(t *testing.T) {
	p := parse(t, strings.Replace(small, "clauses:", `security:
  contacts: ["tel:+971-4-000", "https://acme.example/report"]
  expires: 2027-03-04
  encryption: https://acme.example/key
  acknowledgments: https://acme.example/thanks
  policy: https://acme.example/programme
  hiring: https://acme.example/jobs
  languages: [en, pt-BR]
clauses:`, 1))
	want := `Contact: tel:+971-4-000
Contact: https://acme.example/report
Expires: 2027-03-04T00:00:00Z
Encryption: https://acme.example/key
Acknowledgments: https://acme.example/thanks
Policy: https://acme.example/programme
Hiring: https://acme.example/jobs
Preferred-Languages: en, pt-BR
Canonical: https://acme.example/.well-known/security.txt
`
	if got := read(t, p, "en", ".well-known/security.txt"); got != want {
		t.Errorf("security.txt is\n%s", got)
	}
	validSecurityTxt(t, want)
}

// A file that no program can read, or that a program reads otherwise than meant, helps nobody.
func TestSecurityTxtIsNotWrittenWrong(t *testing.T) {
	for what, spoil := range map[string]func(*policy.Security){
		"plain http":          func(s *policy.Security) { s.Policy = "http://acme.example/" },
		"not ASCII":           func(s *policy.Security) { s.Hiring = "https://acme.example/stellen/für" },
		"no language":         func(s *policy.Security) { s.Languages = []string{"the queen's english"} },
		"a line of another's": func(s *policy.Security) { s.Languages = []string{"en\nContact: mailto:evil@evil.example"} },
		"a contact with a line": func(s *policy.Security) {
			s.Contacts = []string{"mailto:a@acme.example\nContact: mailto:evil@evil.example"}
		},
		"a contact not ASCII":  func(s *policy.Security) { s.Contacts = []string{"mailto:sécurité@acme.example"} },
		"a key over plain web": func(s *policy.Security) { s.Encryption = "http://acme.example/key" },
	} {
		p := parse(t, strings.Replace(small, "clauses:", "security: {contacts: [\"mailto:security@acme.example\"], expires: 2027-01-01}\nclauses:", 1))
		spoil(&p.Security)
		if f, err := publish.One(p, ".well-known/security.txt", options("en")); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, %s", what, err, f.Bytes)
		}
	}
}

func TestGPCFollowsFromThePolicy(t *testing.T) {
	const promise, none = "no-direct-marketing", ""
	const cookie = "cookies: {ads: {name: ads, title: Advertising, kind: advertising}}\n"
	for _, c := range []struct{ name, effective, control, cookies, want string }{
		{"promised", "effective: 2026-03-01\n", promise, "", "2026-03-01"},
		{"dated by the version", "", promise, "", "2026-02-01"},
		{"not promised", "", none, "", ""},
		{"promised, and broken by a cookie", "", promise, cookie, ""},
	} {
		src := strings.Replace(small, "clauses:", c.effective+c.cookies+"clauses:", 1)
		if c.control != "" {
			src += "  - {id: c-sale, section: Use, text: We sell nothing., keep: [" + c.control + "]}\n"
		}
		want := ""
		if c.want != "" {
			want = "{\n  \"gpc\": true,\n  \"lastUpdate\": \"" + c.want + "\"\n}\n"
		}
		if got := maybe(t, parse(t, src), "en", ".well-known/gpc.json"); got != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
	undated := strings.Replace(small, "2026-02-01", "third edition", 1) + "  - {id: c-sale, section: Use, text: We sell nothing., keep: [no-direct-marketing]}\n"
	if got := maybe(t, parse(t, undated), "en", ".well-known/gpc.json"); !strings.Contains(got, published.Format(time.DateOnly)) {
		t.Errorf("a policy without a date is dated %q", got)
	}
}

// small is a policy of one clause.
const small = `version: 2026-02-01
organisation: {name: Acme, role: controller, contact: privacy@acme.example, website: "https://acme.example/home"}
regions: {dubai: {provider: Azure, place: UAE North, country: AE}}
environments: [production]
backups: {epoch: 7d, horizon: 21d}
data: {person: {title: Person, category: identity, fields: {name: text}}}
purposes: {service: {title: Service, basis: contract, may: [read], sees: {person: all}}}
clauses:
  - {id: c-tls, section: Security, text: All is encrypted., keep: [tls: {minimum: "1.3"}]}
`
