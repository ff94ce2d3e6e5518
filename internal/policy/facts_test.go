package policy_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/policy"
)

// replaced is the policy with one part of it changed.
func replaced(t *testing.T, src, old, changed string) string {
	t.Helper()
	if strings.Count(src, old) != 1 {
		t.Fatalf("%q is in the policy %d times", old, strings.Count(src, old))
	}
	return strings.Replace(src, old, changed, 1)
}

// changed parses the small policy with one part of it changed.
func changed(t *testing.T, old, new string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte(replaced(t, small, old, new)), controls())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDefaults(t *testing.T) {
	p := changed(t, "language: en\n", "")
	if p.Language != "en" {
		t.Errorf("the language is %q", p.Language)
	}
	if p := changed(t, "language: en\n", "language: fr\n"); p.Language != "fr" {
		t.Errorf("the language is %q", p.Language)
	}
	person := p.Data[0]
	if person.Source != policy.FromPerson || person.Subject != "users" || p.Cookies[0].Party != "first" {
		t.Errorf("got %+v and %+v", person, p.Cookies[0])
	}
	if p := changed(t, "subjects: {users: {title: Users, titles: {ar: المستخدمون}}}\n", ""); p.Data[0].Subject != "" {
		t.Errorf("the data is about %q, of no subjects", p.Data[0].Subject)
	}
	for _, none := range []string{"", "known:\n", "known: []\n"} {
		if p := changed(t, "known:\n  - {finding: report-old, about: [iso], reason: The next audit is in May.}\n", none); len(p.Known) != 0 {
			t.Errorf("%q makes %+v known", none, p.Known)
		}
	}
}

func TestSourceOfData(t *testing.T) {
	p := changed(t, "    category: identity\n", "    category: identity\n    source: third-party\n    from: The bank\n")
	if d := p.Data[0]; d.Source != policy.FromThirdParty || d.From != "The bank" {
		t.Errorf("got %+v", d)
	}
}

func TestOrganisation(t *testing.T) {
	p := changed(t, "name: Acme, role: processor,", "name: Acme, role: processor, terms: https://acme.example/terms, guide: https://acme.example/guide,\n"+
		"  officer: {name: Ann, contact: ann@acme.example}, agent: {name: Acme Europe, contact: https://acme.example/eu},")
	want := policy.Organisation{Name: "Acme", Role: "processor", Address: "Dubai", Contact: "privacy@acme.example", Website: "https://acme.example",
		Terms: "https://acme.example/terms", Guide: "https://acme.example/guide",
		Officer: policy.Party{Name: "Ann", Contact: "ann@acme.example"}, Agent: policy.Party{Name: "Acme Europe", Contact: "https://acme.example/eu"},
		Authority: policy.Authority{Name: "Authority", URL: "https://authority.example/complain"}}
	if p.Organisation != want {
		t.Errorf("got %+v", p.Organisation)
	}
}

func TestPurposeExplains(t *testing.T) {
	p := changed(t, "    when: hour < 18\n", "    interest: Fewer frauds.\n    duty: Federal law.\n    without: No account.\n    automated: A score.\n    titles: {ar: الخدمة}\n")
	u := p.Purposes[0]
	if u.Interest != "Fewer frauds." || u.Duty != "Federal law." || u.Without != "No account." || u.Automated != "A score." || u.Titles["ar"] != "الخدمة" {
		t.Errorf("got %+v", u)
	}
}

func TestSecurityContacts(t *testing.T) {
	for contact, sound := range map[string]bool{
		"mailto:security@acme.example": true, "https://acme.example/report?x=1": true, "tel:+971-4-000-0000": true,
		"security@acme.example": false, "http://acme.example": false, "tel:04000": false, "mailto:a@b": false, "mailto:a@b.example x": false,
		"https://": false, "https://user@acme.example": false, "javascript:alert(1)": false,
	} {
		src := replaced(t, small, "[mailto:security@acme.example, tel:+97140000000]", `["`+contact+`"]`)
		if p, err := policy.Parse("p.yaml", []byte(src), controls()); (err == nil) != sound {
			t.Errorf("contact %q: %v, %v", contact, p, err)
		}
	}
}

func TestContacts(t *testing.T) {
	const old = "      photo: {type: blob"
	src := replaced(t, small, old, "      phone: {type: phone, optional: true}\n      home: {type: text, optional: true}\n"+old)
	src = replaced(t, src, "  visits:\n", "  letters:\n    title: Letters\n    category: usage\n    fields: {to: text, at: date}\n  visits:\n")
	for contacts, part := range map[string]string{
		"{purpose: service, name: person.name, email: person.email, phone: person.phone, address: person.home}": "",
		"{purpose: service, email: person.email}":                      "",
		"{purpose: service, phone: person.phone}":                      "",
		"{purpose: service, name: person.name}":                        "no way to reach anybody",
		"{email: person.email}":                                        "contacts lacks purpose",
		"{purpose: servise, email: person.email}":                      `there is no purpose "servise"`,
		"{purpose: service, email: person.mail}":                       `there is no field "person.mail"`,
		"{purpose: service, email: email}":                             "email cannot be",
		"{purpose: service, email: [person.email]}":                    "email must be a text",
		"{purpose: service, email: person.name}":                       "a field of type text",
		"{purpose: service, phone: person.email}":                      "a field of type email",
		"{purpose: service, email: person.email, name: visits.via}":    "a person can have several",
		"{purpose: service, email: person.email, address: letters.to}": `the purpose "service" may not read letters.to`,
	} {
		p, err := policy.Parse("p.yaml", []byte(replaced(t, src, "recipients:\n", "contacts: "+contacts+"\nrecipients:\n")), controls())
		if part == "" && err != nil || part != "" && (err == nil || !strings.Contains(err.Error(), part)) {
			t.Errorf("%s: want %q, got %v", contacts, part, err)
		}
		if err == nil && (p.Contacts.Purpose != "service" || p.Contacts.Pos.Line == 0 || p.Contacts.Email+p.Contacts.Phone == "") {
			t.Errorf("%s: got %+v", contacts, p.Contacts)
		}
	}
	without := replaced(t, src, "may: [read, write, disclose]", "may: [write, disclose]")
	if _, err := policy.Parse("p.yaml", []byte(replaced(t, without, "recipients:\n", "contacts: {purpose: service, email: person.email}\nrecipients:\n")), controls()); err == nil {
		t.Error("a purpose that may not read reaches people")
	}
}

func TestSecurityAddresses(t *testing.T) {
	const key = "openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f"
	p := changed(t, "  languages: [en, ar]\n", "  encryption: "+key+"\n  acknowledgments: https://acme.example/thanks\n  policy: https://acme.example/policy\n"+
		"  hiring: https://acme.example/jobs\n  rewards: true\n  team: true\n")
	want := policy.Security{Contacts: p.Security.Contacts, Expires: date(2027, 1, 1), Encryption: key, Acknowledgments: "https://acme.example/thanks",
		Policy: "https://acme.example/policy", Hiring: "https://acme.example/jobs", Rewards: true, Team: true, Pos: policy.Pos{Line: 54, Column: 1}}
	if !reflect.DeepEqual(p.Security, want) {
		t.Errorf("got %+v", p.Security)
	}
}

func TestAttestations(t *testing.T) {
	for body, part := range map[string]string{
		"kind: report, issued: 2025-02-01":                                           "",
		"kind: declaration, issued: 2025-02-01":                                      "",
		"kind: certificate, issued: 2025-02-01":                                      "a certificate has an end",
		"kind: licence, issued: 2025-02-01":                                          "a licence has an end",
		"kind: licence, issued: 2025-02-01, expires: 2025-02-01":                     "", // a day is a day
		"kind: report, issued: 2025-02-01, expires: 2025-01-31":                      "ends before it was issued",
		"kind: report, issued: 2025-02-29":                                           "issued cannot be",
		"kind: report, issued: 2025-2-1":                                             "issued cannot be",
		"kind: report, issued: 20250201":                                             "issued must be a text",
		"kind: report, issued: 2025-02-01T00:00:00Z":                                 "issued cannot be",
		"kind: report, issued: 1899-12-31":                                           "issued cannot be",
		"kind: rumour, issued: 2025-02-01":                                           "kind cannot be",
		"kind: report, issued: 2025-02-01, sha256: " + digestOfNone:                  "",
		"kind: report, issued: 2025-02-01, sha256: " + strings.ToUpper(digestOfNone): "sha256 cannot be",
	} {
		src := replaced(t, small, "attestations:\n", "attestations:\n  x: {title: X, issuer: Y, "+body+"}\n")
		_, err := policy.Parse("p.yaml", []byte(src), controls())
		if part == "" && err != nil || part != "" && (err == nil || !strings.Contains(err.Error(), part)) {
			t.Errorf("%s: want %q, got %v", body, part, err)
		}
	}
}

const digestOfNone = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestModelsAndCookies(t *testing.T) {
	p := changed(t, "models:\n", "models:\n  own: {name: Small, regions: [dubai], trains: true}\n")
	if m := p.Models[0]; m.Recipient != "" || !m.Trains || m.Regions[0] != "dubai" {
		t.Errorf("got %+v", m)
	}
	p = changed(t, "cookies:\n", "cookies:\n  ads: {name: _ads, title: Ads, kind: advertising, party: third, lifetime: 2w, titles: {ar: إعلانات}}\n")
	want := policy.Cookie{ID: "ads", Name: "_ads", Title: "Ads", Kind: policy.Advertising, Party: "third", Lifetime: 14 * 24 * time.Hour,
		Titles: policy.Titles{"ar": "إعلانات"}, Pos: policy.Pos{Line: 50, Column: 3}}
	if !reflect.DeepEqual(p.Cookies[0], want) {
		t.Errorf("got %+v", p.Cookies[0])
	}
}

// A text has one language of its own; it is translated into others, once each.
func TestLanguages(t *testing.T) {
	for language, part := range map[string]string{
		"ar": `the policy itself is in "ar"`, "fr": "", "pt-BR": "", "zh-Hant-TW": "", "es-419": "", "AR": "language cannot be", "arabic": "language cannot be",
	} {
		_, err := policy.Parse("p.yaml", []byte(replaced(t, small, "language: en\n", "language: "+language+"\n")), controls())
		if part == "" && err != nil || part != "" && (err == nil || !strings.Contains(err.Error(), part)) {
			t.Errorf("%s: want %q, got %v", language, part, err)
		}
	}
}

// The order in which ids are listed does not make it another finding; other ids do.
func TestKnownTwice(t *testing.T) {
	for second, twice := range map[string]bool{
		"{finding: report-old, about: [iso], reason: r}":      true,
		"{finding: report-old, about: [soc], reason: r}":      false,
		"{finding: report-old, about: [iso, soc], reason: r}": false,
		"{finding: report-old, reason: r}":                    false,
		"{finding: other, about: [iso], reason: r}":           false,
	} {
		_, err := policy.Parse("p.yaml", []byte(replaced(t, small, "known:\n", "known:\n  - "+second+"\n")), controls())
		if (err != nil) != twice || twice && !strings.Contains(err.Error(), "known twice") {
			t.Errorf("%s: %v", second, err)
		}
	}
}
