package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Product is a product that the policy covers.
type Product struct {
	ID, Title, URL string
	Pos            Pos
}

// Model is a language model that sees personal data.
type Model struct {
	ID, Name  string
	Recipient string   // who hosts it, an id of Recipients; "" for the organisation itself
	Regions   []string // where what it is given may be kept or processed by default
	Retention string   // what the host keeps of it, as published
	Tenancy   string   // whether others share the deployment, as published
	Trains    bool     // what it is given trains models
	Pos       Pos
}

// Cookie is a cookie that the service sets.
type Cookie struct {
	ID       string
	Name     string // as it travels
	Title    string // what it is for
	Kind     CookieKind
	Party    string        // first or third
	Lifetime time.Duration // zero: until the browser closes
	Signed   bool
	HTTPOnly bool
	Secure   bool
	Titles   Titles
	Pos      Pos
}

// CookieKind is what a cookie is for. All but the necessary need consent, Directive 2002/58/EC art. 5(3).
type CookieKind string

// The kinds of cookies.
const (
	Necessary   CookieKind = "necessary"
	Preference  CookieKind = "preference"
	Analytics   CookieKind = "analytics"
	Advertising CookieKind = "advertising"
)

// Attestation is a signed document of somebody who looked where no program can.
type Attestation struct {
	ID, Title string
	Kind      AttestationKind
	Standard  string // such as ISO/IEC 27001:2022
	Issuer    string
	Issued    time.Time // the day
	Expires   time.Time // the last day it holds; zero if it has none
	Document  string    // URL of the document, "" where it is shown on request
	SHA256    string    // of the document, in hexadecimal
	Pos       Pos
}

// AttestationKind is what sort of document attests.
type AttestationKind string

// The kinds of attestations.
const (
	Certificate AttestationKind = "certificate"
	Report      AttestationKind = "report" // of an audit or a test: old after a year
	Licence     AttestationKind = "licence"
	Declaration AttestationKind = "declaration"
)

// Document is a further document that the policy names.
type Document struct {
	ID, Title, URL string
	SHA256         string // of the document, in hexadecimal
	Pos            Pos
}

// Security is what security.txt says, RFC 9116.
type Security struct {
	Contacts        []string // in order of preference: email addresses, pages or telephones, as URIs
	Expires         time.Time
	Encryption      string
	Acknowledgments string
	Policy          string
	Hiring          string
	Languages       []string
	Rewards         bool // researchers are rewarded: a bug bounty
	Team            bool // there are people for security and nothing else
	Pos             Pos
}

// Contacts says how people are reached. The server itself reads these fields, in the name of the purpose,
// when it has something to tell a person.
type Contacts struct {
	Purpose                     string // "" if the policy does not say how people are reached
	Name, Email, Phone, Address string // as data-set.field; "" for what is not there
	Pos                         Pos
}

// Known is a finding of clause check that the policy's owners know of and live with.
type Known struct {
	Finding string   // its code
	About   []string // ids of what it is about; empty for all findings of the code
	Reason  string
	Pos     Pos
}

var (
	languageForm    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	digestForm      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	secureForm      = regexp.MustCompile(`^https://[^\s/?#@]+([/?#]\S*)?$`)
	securityContact = regexp.MustCompile(`^mailto:[^\s@]+@[^\s@]+\.[^\s@]+$|^https://[^\s/?#@]+([/?#]\S*)?$|^tel:\+[0-9-]+$`)
	encryptionForm  = regexp.MustCompile(`^https://[^\s/?#@]+([/?#]\S*)?$|^dns:\S+$|^openpgp4fpr:[0-9A-Fa-f]{40,64}$`)
	cookieName      = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")
)

const languageHint = "a language of BCP 47, such as en, ar or pt-BR"

func language(into *string) text { return text{into, 35, languageForm, languageHint} }

func digest(into *string) text {
	return text{into, 64, digestForm, "64 small hexadecimal digits, as sha256sum prints"}
}

func productForm(d *Product, id string, pos Pos) value {
	d.ID, d.Pos = id, pos
	return form{what: fmt.Sprintf("product %q", id), keys: []key{
		{"title", title(&d.Title), true, "the product's name"},
		{"url", link(&d.URL), false, "where it is served"},
	}}
}

func subjectForm(s *Subject, id string, pos Pos) value {
	s.ID, s.Pos = id, pos
	return form{what: fmt.Sprintf("subject %q", id), keys: []key{
		{"title", title(&s.Title), true, "what these people are called: customers, employees of customers, …"},
		{"titles", titles{&s.Titles}, false, "the title in other languages"},
	}}
}

func modelForm(m *Model, id string, pos Pos) value {
	m.ID, m.Pos = id, pos
	return form{what: fmt.Sprintf("model %q", id), keys: []key{
		{"name", title(&m.Name), true, "the model's name"},
		{"recipient", name{&m.Recipient, toRecipient}, false, "the recipient who hosts it; left out where the organisation does"},
		{"regions", list[string]{into: &m.Regions, to: toRegion}, true, "where what it is given may be by default"},
		{"retention", text{into: &m.Retention, most: textLength}, false, "what its host keeps of what it is given"},
		{"tenancy", text{into: &m.Tenancy, most: textLength}, false, "whether others share the deployment"},
		{"trains", flag{&m.Trains}, false, "true if what it is given trains models"},
	}}
}

func cookieForm(c *Cookie, id string, pos Pos) value {
	c.ID, c.Pos = id, pos
	return form{what: fmt.Sprintf("cookie %q", id), keys: []key{
		{"name", text{&c.Name, 100, cookieName, "the name as it travels: letters, digits, - and _"}, true, "the cookie's name as it travels"},
		{"title", title(&c.Title), true, "what it is for"},
		{"kind", choice[CookieKind]{&c.Kind, []CookieKind{Necessary, Preference, Analytics, Advertising}}, true, "all but necessary ones need consent"},
		{"party", choice[string]{&c.Party, []string{"first", "third"}}, false, "first (the default), or third: set by somebody else's site"},
		{"lifetime", span{&c.Lifetime}, false, "how long it lasts; left out: until the browser closes"},
		{"signed", flag{&c.Signed}, false, "a forged value is refused"},
		{"http-only", flag{&c.HTTPOnly}, false, "scripts cannot read it"},
		{"secure", flag{&c.Secure}, false, "it travels over TLS only"},
		{"titles", titles{&c.Titles}, false, "the title in other languages"},
	}, after: func(*reader, func(string) *node) {
		if c.Party == "" {
			c.Party = "first"
		}
	}}
}

func attestationForm(a *Attestation, id string, pos Pos) value {
	a.ID, a.Pos = id, pos
	return form{what: fmt.Sprintf("attestation %q", id), keys: []key{
		{"title", title(&a.Title), true, "what people call it"},
		{"kind", choice[AttestationKind]{&a.Kind, []AttestationKind{Certificate, Report, Licence, Declaration}}, true, "certificate, report, licence or declaration"},
		{"standard", title(&a.Standard), false, "the standard attested: ISO/IEC 27001:2022, SOC 2 Type 2"},
		{"issuer", title(&a.Issuer), true, "who signed it"},
		{"issued", day{&a.Issued}, true, "the day it was signed"},
		{"expires", day{&a.Expires}, false, "the last day it holds"},
		{"document", link(&a.Document), false, "where it can be read"},
		{"sha256", digest(&a.SHA256), false, "the SHA-256 of the document"},
	}, after: func(r *reader, at func(string) *node) {
		switch {
		case a.Kind == Certificate && a.Expires.IsZero() || a.Kind == Licence && a.Expires.IsZero():
			r.fail(at("kind"), MissingKey, "add expires: the last day it holds", "a %s has an end", a.Kind)
		case !a.Expires.IsZero() && a.Expires.Before(a.Issued):
			r.fail(at("expires"), Contradiction, "look at both dates", "attestation %q ends before it was issued", id)
		}
	}}
}

func documentForm(d *Document, id string, pos Pos) value {
	d.ID, d.Pos = id, pos
	return form{what: fmt.Sprintf("document %q", id), keys: []key{
		{"title", title(&d.Title), true, "what people call it"},
		{"url", link(&d.URL), true, "where it is served"},
		{"sha256", digest(&d.SHA256), false, "the SHA-256 of the document as served"},
	}}
}

func securityForm(s *Security) form {
	return form{what: "security", keys: []key{
		{"contacts", formed{list[string]{into: &s.Contacts, most: 10}, "contact", securityContact, "write mailto:security@example.com, https://… or tel:+…"}, true, "where a weakness is reported: mailto:, https:// or tel:, the best first"},
		{"expires", day{&s.Expires}, true, "until when this holds, at most a year ahead is wise: RFC 9116"},
		{"encryption", text{&s.Encryption, 2000, encryptionForm, "an address that begins with https://, dns: or openpgp4fpr:"}, false, "the key to encrypt a report with"},
		{"acknowledgments", secureLink(&s.Acknowledgments), false, "the page that thanks researchers"},
		{"policy", secureLink(&s.Policy), false, "how reports are handled"},
		{"hiring", secureLink(&s.Hiring), false, "open positions in security"},
		{"languages", formed{list[string]{into: &s.Languages, most: 20}, "language", languageForm, languageHint}, false, "the languages reports can be written in"},
		{"rewards", flag{&s.Rewards}, false, "true if researchers are rewarded"},
		{"team", flag{&s.Team}, false, "true if there are people for security and nothing else"},
	}, after: func(_ *reader, at func(string) *node) { s.Pos = at("").pos }}
}

// secureLink is an address that security.txt may name: RFC 9116 section 2.5 asks for TLS.
func secureLink(into *string) text {
	return text{into, 2000, secureForm, "an address that begins with https://"}
}

func knownForm(k *Known, pos Pos) value {
	k.Pos = pos
	return form{what: "the known finding", keys: []key{
		{"finding", name{into: &k.Finding}, true, "the code that clause check prints"},
		{"about", list[string]{into: &k.About, most: 100}, false, "the ids the finding is about; left out for every finding of the code"},
		{"reason", text{into: &k.Reason, most: textLength}, true, "why it stands: what an auditor would be told"},
	}}
}

// knowns are the known findings, each once.
type knowns struct{ into *[]Known }

func (k knowns) series() series[Known] {
	return series[Known]{into: k.into, most: 1000, body: knownForm, none: true}
}

func (k knowns) read(r *reader, at, n *node) {
	k.series().read(r, at, n)
	lines := map[string]int{}
	for i, known := range *k.into {
		if known.Finding == "" {
			continue
		}
		same := known.Finding + " " + strings.Join(slices.Sorted(slices.Values(known.About)), " ")
		if line, twice := lines[same]; twice {
			r.fail(n.items[i], DuplicateKey, fmt.Sprintf("the first is at line %d; remove one", line), "the finding %q is marked as known twice, about the same", short(known.Finding))
			continue
		}
		lines[same] = known.Pos.Line
	}
}

func (k knowns) schema(v Vocabulary) object { return k.series().schema(v) }

// titles are a title's translations.
type titles struct{ into *Titles }

func (t titles) read(r *reader, key, n *node) {
	if r.wrongType(key, n, mapKind) {
		return
	}
	if len(n.pairs) == 0 {
		r.fail(key, MissingKey, "add a language, or remove the key", "%s is empty", key.value)
	}
	*t.into = Titles{}
	seen := map[string]*node{}
	for _, p := range n.pairs {
		if r.repeated(seen, p.key, "the language") {
			continue
		}
		if p.key.kind != textKind || !languageForm.MatchString(p.key.value) {
			r.fail(p.key, BadValue, languageHint, "%q cannot be a language", short(p.key.value))
		}
		r.foreign(p.key)
		var words string
		title(&words).read(r, p.key, p.value)
		(*t.into)[p.key.value] = words
	}
}

// foreign checks that a text is translated into a language other than its own.
func (r *reader) foreign(language *node) {
	r.later = append(r.later, func() {
		if language.value == r.policy.Language {
			r.fail(language, Contradiction, "remove it, or correct the policy's language", "the policy itself is in %q", language.value)
		}
	})
}

// translates checks that what titles translate is there.
func (r *reader) translates(at *node, titles Titles, key, value string) {
	if len(titles) > 0 && value == "" {
		r.fail(at, Contradiction, "add "+key+", or remove titles", "titles translate %s, which is not there", key)
	}
}

func (t titles) schema(v Vocabulary) object {
	return object{"type": "object", "minProperties": 1, "propertyNames": object{"pattern": languageForm.String()}, "additionalProperties": title(nil).schema(v)}
}

func translationForm(t *Translation, lang string, pos Pos) value {
	t.Language, t.Pos = lang, pos
	return form{what: fmt.Sprintf("translation %q", lang), keys: []key{
		{"section", title(&t.Section), true, "the section in this language"},
		{"text", text{into: &t.Text, most: textLength}, true, "the promise in this language"},
		{"plain", title(&t.Plain), false, "the plain sentence in this language"},
	}, after: func(r *reader, at func(string) *node) { r.foreign(at("")) }}
}
