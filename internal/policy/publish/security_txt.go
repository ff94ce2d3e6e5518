package publish

import (
	"regexp"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

var (
	webURI      = regexp.MustCompile(`^https://[!-~]+$`) // section 2.4: a web URI is https, and URIs are ASCII
	anyURI      = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:[!-~]+$`)
	languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	webOrigin   = regexp.MustCompile(`^https://[^/?#]+`)
)

// securityTxt writes security.txt, RFC 9116: nothing where the policy does not say where weaknesses
// are reported.
func securityTxt(r *register) ([]byte, error) {
	s := r.Security
	if len(s.Contacts) == 0 {
		return nil, nil
	}
	var out strings.Builder
	field := func(name, value string) { out.WriteString(name + ": " + value + "\n") }
	for _, contact := range s.Contacts {
		if err := wellFormed("contacts", contact, anyURI); err != nil {
			return nil, err
		}
		field("Contact", contact)
	}
	field("Expires", s.Expires.UTC().Format(time.RFC3339))
	for _, link := range []struct{ name, key, value string }{
		{"Encryption", "encryption", s.Encryption}, {"Acknowledgments", "acknowledgments", s.Acknowledgments},
		{"Policy", "policy", s.Policy}, {"Hiring", "hiring", s.Hiring},
	} {
		if link.value == "" {
			continue
		}
		if err := wellFormed(link.key, link.value, webURI); err != nil {
			return nil, err
		}
		field(link.name, link.value)
	}
	for _, tag := range s.Languages {
		if err := wellFormed("languages", tag, languageTag); err != nil {
			return nil, err
		}
	}
	if len(s.Languages) > 0 {
		field("Preferred-Languages", strings.Join(s.Languages, ", "))
	}
	if origin := webOrigin.FindString(r.Organisation.Website); origin != "" && webURI.MatchString(origin) {
		field("Canonical", origin+"/.well-known/security.txt")
	}
	return []byte(out.String()), nil
}

// wellFormed refuses what would make the file invalid, so that nobody relies on a file that no
// program reads.
func wellFormed(key, value string, form *regexp.Regexp) error {
	if form.MatchString(value) {
		return nil
	}
	return fault.New("publish.security.txt", fault.Invalid, "security.%s cannot be %q in security.txt", key, value).
		WithField("security." + key).WithHint("RFC 9116 wants addresses that begin with https://, in ASCII, and languages such as en or pt-BR")
}
