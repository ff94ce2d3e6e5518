package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// member is a canary person at the people's door of tenant A, with a browser that runs no scripts.
type member struct {
	*System
	trial           *trial
	login, password string
	born            string
	form            url.Values
	marks           marks
	jar             map[string]string // the browser's cookies
	set             []*http.Cookie    // every cookie that was set, as it was sent
}

// ofAge is the age of a canary that is old enough for anything.
const ofAge = 80

// stranger is a canary person whom nobody knows yet.
func (s *System) stranger(t *trial) (*member, error) {
	if s.HTTP == nil || s.URL == "" || s.Policy == nil || s.Now == nil {
		return nil, errors.New("there is no front door")
	}
	if s.People == nil {
		return nil, errors.New("nobody can sign in: the policy names no email address that is one person's alone")
	}
	m := &member{System: s, trial: t, password: token(), marks: newMarks(), jar: map[string]string{}}
	m.born = s.Now().UTC().AddDate(-ofAge, 0, 0).Format(time.DateOnly)
	m.form = url.Values{}
	set, login, _ := strings.Cut(s.Policy.Contacts.Email, ".")
	for _, d := range dataSets(s.Policy, func(d *policy.DataSet) bool { return d.ID == set }) {
		for i := range d.Fields {
			if f := &d.Fields[i]; !f.Optional || f.ID == login {
				value, _ := m.marks.value(f)
				m.form.Set(d.ID+"."+f.ID, fmt.Sprint(value))
			}
		}
	}
	if m.login = m.form.Get(s.Policy.Contacts.Email); m.login == "" {
		return nil, errors.New("the policy names no email address that people could sign in with")
	}
	return m, nil
}

// asMember runs fn with somebody who is about to register, and erases them whatever becomes of fn.
func (s *System) asMember(ctx context.Context, t *trial, fn func(*member)) {
	m, err := s.stranger(t)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	defer m.forget(ctx)
	fn(m)
}

// forget erases whoever the server made of the member.
func (m *member) forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	subject, err := m.People.Whose(ctx, m.login)
	if err != nil {
		m.trial.hurdle("a canary account could not be found again: %v", err)
	}
	if subject != "" {
		(&person{door: m.door(m.Canary.A.Key), policy: m.Policy, tenant: m.Canary.A.ID, id: subject}).forget(ctx, m.trial)
	}
}

// visit is one request with the browser's cookies; cookies that the answer sets are kept.
func (m *member) visit(ctx context.Context, method, page string, form url.Values) (answer, error) {
	c := call{method: method, path: "/account/en/" + page, host: m.People.Host, raw: []byte(form.Encode())}
	if method == http.MethodPost {
		c.kind = "application/x-www-form-urlencoded"
	}
	for name, value := range m.jar {
		c.cookies = append(c.cookies, &http.Cookie{Name: name, Value: value})
	}
	a, err := m.door("").do(ctx, c)
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		m.set = append(m.set, cookie)
		if gone(cookie, m.Now()) {
			delete(m.jar, cookie.Name)
		} else {
			m.jar[cookie.Name] = cookie.Value
		}
	}
	return a, err
}

// gone reports whether an answer takes a cookie back.
func gone(c *http.Cookie, now time.Time) bool {
	return c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(now) || c.Value == ""
}

func (m *member) get(ctx context.Context, page string) (answer, error) {
	return m.visit(ctx, http.MethodGet, page, nil)
}

// registering sends the form of a registration.
func (m *member) registering(ctx context.Context) (answer, error) {
	form := url.Values{"password": {m.password}, "born": {m.born}}
	for name, value := range m.form {
		form[name] = value
	}
	return m.visit(ctx, http.MethodPost, "register", form)
}

func (m *member) signIn(ctx context.Context, password string) (answer, error) {
	return m.visit(ctx, http.MethodPost, "sign-in", url.Values{"login": {m.login}, "password": {password}})
}

func (m *member) verify(ctx context.Context, code, password string) (answer, error) {
	return m.visit(ctx, http.MethodPost, "verify", url.Values{"code": {code}, "password": {password}})
}

// in reports whether the browser is signed in: whether the account's own page is shown to it.
func (m *member) in(ctx context.Context) (bool, error) {
	a, err := m.get(ctx, "")
	switch {
	case err != nil:
		return false, err
	case a.ok():
		return true, nil
	case a.status == http.StatusSeeOther || a.status == http.StatusUnauthorized || a.refused():
		return false, nil
	}
	return false, fmt.Errorf("the account's page: %s", a)
}

// inWith reports whether a browser with these cookies alone is signed in. It keeps none.
func (m *member) inWith(ctx context.Context, jar map[string]string) (bool, error) {
	other := *m
	other.set, other.jar = nil, map[string]string{}
	for name, value := range jar {
		other.jar[name] = value
	}
	return other.in(ctx)
}

// moved reports whether a form was taken: the answer sends on to another page.
func moved(a answer) bool { return a.status == http.StatusSeeOther || a.status == http.StatusFound }

// registers registers somebody whom nothing speaks against.
func (m *member) registers(ctx context.Context) bool {
	a, err := m.registering(ctx)
	if err == nil && a.malformed() { // one good password in a thousand is taken for a leaked one
		m.password = token()
		a, err = m.registering(ctx)
	}
	if err == nil && !moved(a) {
		err = fmt.Errorf("%s", a)
	}
	if err != nil {
		m.trial.hurdle("a canary could not register: %v", err)
	}
	return err == nil
}

// code is the one that was mailed to verify the address.
func (m *member) code(ctx context.Context) (string, bool) {
	subject, err := m.People.Whose(ctx, m.login)
	if err == nil && subject == "" {
		err = errors.New("nobody was registered")
	}
	code := ""
	if err == nil {
		code, err = m.People.Mailed(ctx, subject)
	}
	if err != nil {
		m.trial.hurdle("the code that a canary is mailed could not be had: %v", err)
	}
	return code, err == nil
}

// verifies verifies the address, which signs the browser in.
func (m *member) verifies(ctx context.Context) bool {
	code, ok := m.code(ctx)
	if !ok {
		return false
	}
	a, err := m.verify(ctx, code, m.password)
	return m.mustBeIn(ctx, "verifying the address", a, err)
}

// signsIn signs in with the password.
func (m *member) signsIn(ctx context.Context) bool {
	a, err := m.signIn(ctx, m.password)
	return m.mustBeIn(ctx, "signing in", a, err)
}

// mustBeIn notes a sign-in that has to be one for what is tried next to mean anything.
func (m *member) mustBeIn(ctx context.Context, what string, a answer, err error) bool {
	in := false
	if err == nil {
		in, err = m.in(ctx)
	}
	switch {
	case err != nil:
		m.trial.hurdle("%s: %v", what, err)
	case !in:
		m.trial.hurdle("%s: %s, and nobody is signed in", what, a)
	}
	return in
}

// mustBeOut looks that somebody who tried something is not signed in.
func (m *member) mustBeOut(ctx context.Context, what string, try func() (answer, error)) {
	_, err := try()
	in := false
	if err == nil {
		in, err = m.in(ctx)
	}
	switch {
	case err != nil:
		m.trial.hurdle("signing in %s: %v", what, err)
	case in:
		m.trial.breach("An account could be used %s.", what)
	default:
		m.trial.good("An account could not be used %s.", what)
	}
}

// signsOff signs off, and looks that the cookies of before open nothing.
func (m *member) signsOff(ctx context.Context) {
	before := map[string]string{}
	for name, value := range m.jar {
		before[name] = value
	}
	if a, err := m.visit(ctx, http.MethodPost, "sign-out", nil); err != nil || !moved(a) && !a.ok() {
		m.trial.hurdle("signing off: %v", came(a, err))
		return
	}
	in, err := m.inWith(ctx, before)
	switch {
	case err != nil:
		m.trial.hurdle("a session that was ended: %v", err)
	case in:
		m.trial.breach("After signing off the session still opens the account.")
	default:
		m.trial.good("After signing off the session opens nothing, whoever kept its cookie.")
	}
}

// stored reports whether the server knows somebody of the member's address.
func (m *member) stored(ctx context.Context) bool {
	subject, err := m.People.Whose(ctx, m.login)
	if err != nil {
		m.trial.hurdle("whether a canary was stored could not be seen: %v", err)
	}
	return subject != ""
}

// cookiesOf are the policy's cookies of these ids; all if there are none.
func cookiesOf(p *policy.Policy, ids Cookies) (all []policy.Cookie) {
	for _, c := range p.Cookies {
		if len(ids) == 0 || slices.Contains(ids, c.ID) {
			all = append(all, c)
		}
	}
	return all
}
