package control

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// CookiesOnlyNecessary keeps clauses that say no cookie tracks anybody.
type CookiesOnlyNecessary struct{}

// Check finds nothing: that the policy declares other cookies is a finding of its own (cookie-despite-claim).
func (c *CookiesOnlyNecessary) Check(*policy.Policy) error { return nil }

// Plan has the gate let none but the necessary cookies leave.
func (c *CookiesOnlyNecessary) Plan(p *Plan) { p.Necessary = true }

// Probe reads the server's own pages; puts an application that tracks people behind a gate, and looks what comes
// out; and visits the company's application, if it stands behind the gate.
func (c *CookiesOnlyNecessary) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil || s.Behind == nil {
		t.hurdle("the policy, or the gate, cannot be seen.")
		return t.finding("")
	}
	if !s.clausesShown(ctx, t) { // a door that says nothing at all proves nothing
		return t.finding("")
	}
	v := &cookieVisit{trial: t, may: necessary(s.Policy)}
	for _, path := range []string{"/", "/statement", "/docs", "/v1/tenants"} {
		a, err := s.door("").do(ctx, call{method: "GET", path: path})
		if err != nil {
			t.hurdle("reading %s at the front door: %v", path, err)
			continue
		}
		v.look("the front door's "+path, a.header)
	}
	for _, own := range []string{"", "default-src * 'unsafe-inline'"} {
		v.tracked(ctx, s, own)
	}
	kept := "No cookie leaves the server but " + list(v.may) + ", and what an application behind the gate sets besides is taken away. No application stands behind the gate now."
	if s.Application == "" {
		t.note("No application stands behind the gate (serve --upstream): what one that stands elsewhere sets is not seen.")
	} else {
		v.application(ctx, s)
		kept = "No cookie leaves the server, or the application behind the gate, but " + list(v.may) + ", and no page may load what others serve."
	}
	return t.finding(kept)
}

// necessary are the names of the cookies that may be set.
func necessary(p *policy.Policy) (names []string) {
	for _, c := range p.Cookies {
		if c.Kind == policy.Necessary {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		names = []string{"__Host-session"}
	}
	return names
}

// cookieVisit looks at what answers set.
type cookieVisit struct {
	*trial
	may []string
}

// look finds cookies that may not be set, read as loosely as a browser does.
func (v *cookieVisit) look(where string, h http.Header) {
	for _, line := range h["Set-Cookie"] {
		name, rest, _ := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !slices.Contains(v.may, name) {
			v.breach("A cookie that is not necessary is set by %s: %s.", where, cut(name, 40))
			return
		}
		if strings.HasPrefix(strings.TrimSpace(rest), planted) {
			v.breach("The application can set the cookie that keeps people signed in (%s).", where)
			return
		}
	}
	v.good("No cookie but a necessary one is set by %s.", where)
}

// planted is what the canary application would have the session be.
const planted = "planted-by-an-application"

// tracked puts an application behind a gate that does all it can to track people, and asks for its page.
func (v *cookieVisit) tracked(ctx context.Context, s *System, own string) {
	app := &tracker{own: own, set: []string{
		"_ga=GA1.1.1.1; Path=/; Max-Age=63072000", "_fbp=fb.1.1; Path=/; SameSite=None; Secure", "IDE=x; Domain=example.com; Expires=Fri, 31 Dec 2100 00:00:00 GMT",
		token() + "=1", v.may[0] + "x=1", strings.ToUpper(v.may[0]) + "X=1; Path=/", " " + v.may[0] + " =" + planted, v.may[0] + "=" + planted + "; Path=/; Secure",
	}}
	for _, c := range s.Policy.Cookies {
		if c.Kind != policy.Necessary {
			app.set = append(app.set, c.Name+"=1; Path=/")
		}
	}
	gate, err := s.Behind(app)
	if err != nil {
		v.hurdle("no gate could be made: %v", err)
		return
	}
	a, err := through(ctx, gate, "/", "_ga=GA1.1.1.1; "+planted+"=1")
	switch {
	case err != nil:
		v.hurdle("the gate could not be asked: %v", err)
		return
	case a.status != http.StatusOK || string(a.body) != trackedPage:
		v.hurdle("the canary application could not be reached through the gate: %s", a)
		return
	case strings.Contains(app.cookie, "_ga") || strings.Contains(app.cookie, planted):
		v.breach("A cookie that is not necessary reaches the application.")
	}
	v.look("a canary application behind the gate", a.header)
	v.alone("a canary application behind the gate", a.header)
	for _, page := range []string{"/account/en/sign-in", "/account/en/register"} {
		if a, err := through(ctx, gate, page, ""); err == nil && a.ok() {
			v.look("the page "+page, a.header)
		}
	}
}

// alone reports whether an answer lets a page load what others serve: a script of theirs has cookies of its own.
func (v *cookieVisit) alone(where string, h http.Header) {
	for _, line := range h["Content-Security-Policy"] {
		if confines(line) {
			v.good("No page of %s may load what others serve.", strings.TrimPrefix(where, "a page of "))
			return
		}
	}
	v.breach("A page of %s may load what others serve.", where)
}

// confines reports whether a policy for content lets everything come from this host alone.
func confines(line string) bool {
	byDefault := false
	for part := range strings.SplitSeq(line, ";") {
		words := strings.Fields(strings.ToLower(part))
		if len(words) == 0 || !strings.HasSuffix(words[0], "-src") {
			continue
		}
		byDefault = byDefault || words[0] == "default-src"
		for _, source := range words[1:] {
			if !strings.HasPrefix(source, "'") && source != "data:" && source != "blob:" {
				return false
			}
		}
	}
	return byDefault
}

// application visits the company's own.
func (v *cookieVisit) application(ctx context.Context, s *System) {
	a, err := (door{http: s.HTTP, url: s.Application}).do(ctx, call{method: "GET", path: "/"})
	if err != nil {
		v.hurdle("visiting the company's application: %v", err)
		return
	}
	v.look("the company's application", a.header)
	v.alone("the company's application", a.header)
}

// tracker is a canary application: it answers without a network.
type tracker struct {
	own    string // its Content-Security-Policy
	set    []string
	cookie string // what it was sent
}

const trackedPage = `<!doctype html><title>Canary</title><script src="https://tracker.example/a.js"></script>`

// RoundTrip answers.
func (a *tracker) RoundTrip(r *http.Request) (*http.Response, error) {
	a.cookie += strings.Join(r.Header["Cookie"], "; ")
	h := http.Header{"Set-Cookie": a.set, "Content-Type": {"text/html"}}
	if a.own != "" {
		h.Set("Content-Security-Policy", a.own)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: r,
		Body: io.NopCloser(strings.NewReader(trackedPage)), ContentLength: int64(len(trackedPage)),
	}, nil
}

// Behind is a gate, and the host it answers for.
type Behind struct {
	Later func(time.Duration) // moves its clock on
	Host  string
	Door  string // as what is found there is named, "" if nothing is searched
	http.Handler
}

// through asks a gate, without a network.
func through(ctx context.Context, gate Behind, path, cookie string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Scheme: "https", Host: gate.Host, Path: path}).String(), nil)
	if err != nil {
		return answer{}, err
	}
	r.RemoteAddr = "127.0.0.1:1"
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := &written{header: http.Header{}}
	gate.ServeHTTP(w, r)
	return answer{status: w.status, header: w.sent, body: w.body.Bytes()}, nil
}

// written is an answer as it was written.
type written struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

// Header is the head that is not sent yet.
func (w *written) Header() http.Header { return w.header }

// WriteHeader sends it.
func (w *written) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *written) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}
