// Package web is what doors whose pages are made on the server have in common: how a request is read, what every
// answer says, words in several languages.
package web

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
)

// maxForm bounds what a form may send, in bytes.
const maxForm = 64 << 10

// ReadForm reads the form of a request that sends one, into PostForm.
func ReadForm(w http.ResponseWriter, r *http.Request) error {
	const op = "web.ReadForm"
	if r.Method != http.MethodPost {
		return nil
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return fault.New(op, fault.Invalid, "only a form can be sent here")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fault.New(op, fault.TooLarge, "the form is too large, or broken")
	}
	return nil
}

// One is what is said under a name; "" where nothing is, or more than one thing.
func One(values url.Values, name string) string {
	if all := values[name]; len(all) == 1 {
		return all[0]
	}
	return ""
}

// Cookie is the value of a cookie; two of the name are none: one of them was planted.
func Cookie(r *http.Request, name string) string {
	all := r.CookiesNamed(name)
	if len(all) != 1 {
		return ""
	}
	return all[0].Value
}

// Source is the address that a connection comes from.
func Source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Local reports whether an address is one of this host, and no browser could take it for another's (open redirect).
func Local(to string) bool {
	u, err := url.Parse(to)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && u.Opaque == "" && strings.HasPrefix(to, "/") &&
		!strings.HasPrefix(to, "//") && !strings.ContainsAny(to, "\\\t\r\n") && len(to) < 2000
}

// Reads is which of some languages somebody reads, by what their browser says; the first for who reads none.
func Reads(r *http.Request, languages []string) string {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains(languages, base) {
			return base
		}
	}
	return languages[0]
}
