package connect

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// Parse reads a configuration, YAML or JSON, against the policy whose data sets it names, and the secrets
// it points to. The error is policy.Problems.
func Parse(file string, src []byte, p *policy.Policy, env func(string) (string, bool)) (*Config, error) {
	r := &parser{file: file, policy: p, env: env}
	form, wrong := read(src)
	if wrong != nil {
		r.fail(wrong.at, policy.BadSyntax, "docs/connectors.md shows what a file looks like", "%s", wrong.msg)
		return nil, r.problems
	}
	c := &Config{}
	switch {
	case len(form.Connectors) == 0:
		r.fail(policy.Pos{Line: 1, Column: 1}, policy.MissingKey, "name one under connectors", "there are no connectors")
	case len(form.Connectors) > maxConnectors:
		r.fail(form.Connectors[maxConnectors].ID.at, policy.OverBound, "", "there are more than %d connectors", maxConnectors)
	}
	for i := range form.Connectors {
		one := r.connector(&form.Connectors[i])
		if slices.ContainsFunc(c.Connectors, func(o Connector) bool { return o.ID == one.ID }) {
			r.fail(form.Connectors[i].ID.at, policy.DuplicateKey, "give each an id of its own", "there are two connectors %q", one.ID)
		}
		c.Connectors = append(c.Connectors, one)
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return c, nil
}

type parser struct {
	file     string
	policy   *policy.Policy
	env      func(string) (string, bool)
	problems policy.Problems
}

func (r *parser) fail(at policy.Pos, code policy.Code, hint, format string, args ...any) {
	r.problems = append(r.problems, policy.Problem{File: r.file, Pos: at, Code: code, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

var idForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

// need returns a word that must be there and have a form, if one is given.
func (r *parser) need(w word, key string, beside policy.Pos, form *regexp.Regexp) string {
	switch {
	case w.value == "":
		r.fail(cmp.Or(w.at, beside), policy.MissingKey, "docs/connectors.md", "%s is missing", key)
	case len(w.value) > 2000 || form != nil && !form.MatchString(w.value):
		r.fail(w.at, policy.BadValue, "small letters, digits and -, beginning with a letter", "%s cannot be this", key)
	}
	return w.value
}

// name returns the name of a table or column.
func (r *parser) name(w word, key string, beside policy.Pos) string {
	s := r.need(w, key, beside, nil)
	if len(s) > 128 || strings.ContainsFunc(s, unprintable) {
		r.fail(w.at, policy.BadValue, "as the database spells it", "%s is no name of a table or column", key)
	}
	return s
}

func (r *parser) connector(f *connectorForm) Connector {
	at := cmp.Or(f.ID.at, f.Kind.at, policy.Pos{Line: 1, Column: 1})
	c := Connector{ID: r.need(f.ID, "id", at, idForm), Identifier: r.need(f.Identifier, "identifier", at, idForm)}
	for _, t := range f.Tenants {
		c.Tenants = append(c.Tenants, r.need(t, "a tenant", at, nil))
	}
	c.Timeout = r.duration(f.Timeout, "timeout", 2*time.Minute, time.Hour)
	if f.CA.value != "" {
		c.CA = r.contents(f.CA, "ca")
	}
	foreign := []struct {
		key  string
		at   policy.Pos
		kind string
	}{
		{"engine", f.Engine.at, "sql"}, {"dsn", f.DSN.at, "sql"}, {"schema", f.Schema.at, "sql"}, {"url", f.URL.at, "webhook"},
		{"secret", f.Secret.at, "webhook"}, {"attempts", f.Attempts.at, "webhook"}, {"call", f.Call.at, "webhook"},
	}
	for _, k := range foreign {
		if k.at.Line > 0 && f.Kind.value != k.kind {
			r.fail(k.at, policy.UnknownKey, "remove it", "%s is for connectors of kind %s", k.key, k.kind)
		}
	}
	switch f.Kind.value {
	case "sql":
		c.sql = r.database(f, at)
	case "webhook":
		c.hook = r.webhook(f, at)
	default:
		r.fail(cmp.Or(f.Kind.at, at), policy.BadValue, "sql or webhook", "kind is neither sql nor webhook")
	}
	return c
}

func (r *parser) duration(w word, key string, usual, most time.Duration) time.Duration {
	if w.value == "" {
		return usual
	}
	d, err := time.ParseDuration(w.value)
	if err != nil || d <= 0 || d > most {
		r.fail(w.at, policy.BadValue, "for example 30s", "%s is no time between 0 and %s", key, most)
	}
	return d
}

// secret reads what a file points to.
func (r *parser) secret(f secretForm, key string, beside policy.Pos) string {
	at := cmp.Or(f.at, beside)
	switch {
	case (f.Env.value == "") == (f.File.value == ""):
		r.fail(at, policy.MissingKey, "{env: VARIABLE} or {file: PATH}", "%s does not say where it is", key)
		return ""
	case f.Env.value != "":
		value, ok := r.env(f.Env.value)
		if !ok || value == "" {
			r.fail(at, policy.BadValue, "set it for the server", "the variable that holds %s is not set", key)
		}
		return strings.TrimSpace(value)
	}
	if info, err := os.Stat(f.File.value); err == nil && info.Mode().Perm()&0o007 != 0 {
		r.fail(f.File.at, policy.BadValue, "chmod 0600", "every user can read the file that holds %s", key)
		return ""
	}
	return strings.TrimSpace(string(r.contents(f.File, key)))
}

func (r *parser) contents(w word, key string) []byte {
	data, err := os.ReadFile(w.value)
	if err != nil || len(data) == 0 || len(data) > maxBytes {
		r.fail(w.at, policy.BadValue, "is the path right, and may the server read it?", "the file of %s cannot be read", key)
	}
	return data
}

func (r *parser) dataSet(w word, beside policy.Pos) *policy.DataSet {
	id := r.need(w, "data", beside, nil)
	d, ok := r.policy.DataSet(id)
	if !ok && id != "" {
		var known []string
		for _, d := range r.policy.Data {
			known = append(known, d.ID)
		}
		r.fail(w.at, policy.Dangling, policy.Advise(id, known), "the policy has no such data set")
	}
	if !ok {
		return &policy.DataSet{}
	}
	return d
}

// least is the least length of a webhook's secret, in bytes.
const least = 24

func (r *parser) webhook(f *connectorForm, at policy.Pos) *webhook {
	h := &webhook{url: r.need(f.URL, "url", at, nil), attempts: 5, call: r.duration(f.Call, "call", 30*time.Second, time.Hour)}
	if len(f.Tables) > 0 {
		r.fail(f.Tables[0].Table.at, policy.UnknownKey, "remove it", "tables is for connectors of kind sql")
	}
	u, err := url.Parse(h.url)
	switch {
	case h.url == "":
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Fragment != "":
		r.fail(f.URL.at, policy.BadValue, "https://", "url is no address that begins with https://")
	case u.User != nil:
		r.fail(f.URL.at, policy.BadValue, "calls are signed instead: leave it out", "url holds a password")
	}
	secret := r.secret(f.Secret, "secret", at)
	h.secret = []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		h.secret, _ = base64.StdEncoding.DecodeString(coded)
	}
	if secret != "" && len(h.secret) < least {
		r.fail(f.Secret.at, policy.BadValue, "echo whsec_$(openssl rand -base64 32)", "the secret is shorter than %d bytes, or not base64 after whsec_", least)
	}
	if f.Attempts.value != "" {
		n, err := strconv.Atoi(f.Attempts.value)
		if h.attempts = n; err != nil || n < 1 || n > 20 {
			r.fail(f.Attempts.at, policy.BadValue, "5 unless said", "attempts is no number between 1 and 20")
		}
	}
	for _, w := range f.Private {
		prefix, err := netip.ParsePrefix(w.value)
		if err != nil {
			r.fail(w.at, policy.BadValue, "for example 10.1.2.0/24, or 10.1.2.3/32", "this is no range of addresses")
		}
		h.private = append(h.private, prefix)
	}
	for _, w := range f.Takes {
		if !passed(w.value) && w.value != "rectification" {
			r.fail(w.at, policy.BadValue, "rectification, restriction, objection, withdrawal", "takes cannot hold this")
		}
		h.takes = append(h.takes, w.value)
	}
	if len(f.Data) == 0 {
		r.fail(at, policy.MissingKey, "the data sets of the policy whose copies the system holds", "data is missing")
	}
	for _, w := range f.Data {
		h.data = append(h.data, r.dataSet(w, at))
	}
	return h
}
