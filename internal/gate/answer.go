package gate

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// What a page may load. Where an application says nothing itself, it runs no script that stands in the page, which
// is how what somebody wrote becomes a script. Where it says something, browsers hold it to both: its own word
// counts for what stands in the page, ours for whom else it may ask: nobody.
const (
	strict = "default-src 'self' data: blob:; script-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
	beside = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)

// dropped are headers that would have browsers tell others of people (reports), ask elsewhere (Alt-Svc), or tell
// what the application is made of.
var dropped = []string{
	"Set-Cookie2", "Report-To", "Reporting-Endpoints", "Nel", "Content-Security-Policy-Report-Only", "Alt-Svc", "Server", "X-Powered-By",
	"Public-Key-Pins", "Public-Key-Pins-Report-Only", "Sourcemap", "X-Sourcemap", "Expect-Ct", "Attribution-Reporting-Register-Source", "Attribution-Reporting-Register-Trigger",
	"Observe-Browsing-Topics", "Supports-Loading-Mode", "Speculation-Rules", "Set-Login", Header, SignIn,
}

// guard sets what every answer says.
func guard(h http.Header) {
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "SAMEORIGIN") // for browsers that know no frame-ancestors
	h.Set("X-Dns-Prefetch-Control", "off")
	if h.Get("Referrer-Policy") == "" {
		h.Set("Referrer-Policy", "same-origin")
	}
}

// answer makes of the application's answer what may leave.
func (g *Gate) answer(r *http.Response) error {
	asked := r.StatusCode == http.StatusUnauthorized && r.Header.Get(SignIn) != ""
	h := r.Header
	for _, name := range dropped {
		delete(h, name)
	}
	g.cookiesOut(h)
	g.links(h)
	content(h)
	guard(h)
	identified := r.Request.Header.Get(Header) != ""
	if identified && h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private") // of one person: no cache may give it to another
	}
	if asked && !identified {
		g.askToSignIn(r)
	}
	return nil
}

// askToSignIn sends to sign in whoever the application wants to know.
func (g *Gate) askToSignIn(r *http.Response) {
	r.Header.Set("Cache-Control", "no-store")
	if !navigates(r.Request.Method, r.Request.Header) {
		r.Header.Set(SignIn, Account+"sign-in")
		return
	}
	_ = r.Body.Close() // it is not read
	r.Body, r.ContentLength = http.NoBody, 0
	r.Header.Set("Content-Length", "0")
	for _, name := range []string{"Content-Type", "Content-Encoding", "Transfer-Encoding", "Www-Authenticate"} {
		r.Header.Del(name)
	}
	r.TransferEncoding, r.Trailer = nil, nil
	r.StatusCode, r.Status = http.StatusSeeOther, ""
	r.Header.Set("Location", signInAt(r.Request.URL))
}

// content sets what a page may load.
func content(h http.Header) {
	own := h["Content-Security-Policy"]
	if len(own) == 0 {
		h["Content-Security-Policy"] = []string{strict}
		return
	}
	all, ours := make([]string, 0, len(own)+1), strict
	for _, line := range own {
		for one := range strings.SplitSeq(line, ",") { // several policies can stand in a line (CSP section 2.2.2)
			kept, scripts := silent(one)
			if kept != "" {
				all = append(all, kept)
			}
			if scripts {
				ours = beside
			}
		}
	}
	h["Content-Security-Policy"] = append(all, ours)
}

// silent is a policy for content without whom browsers would report to, and whether it says which scripts run.
func silent(one string) (kept string, scripts bool) {
	var keep []string
	for part := range strings.SplitSeq(one, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		switch strings.ToLower(words[0]) {
		case "report-uri", "report-to":
			continue
		case "default-src", "script-src", "script-src-elem":
			scripts = true
		}
		keep = append(keep, strings.Join(words, " "))
	}
	return strings.Join(keep, "; "), scripts
}

// cookiesOut leaves those cookies that the policy names, as it describes them. The one that keeps people signed in
// is ours alone: an application that could set it could sign people in as somebody else (session fixation).
func (g *Gate) cookiesOut(h http.Header) {
	lines := h["Set-Cookie"]
	if len(lines) == 0 {
		return
	}
	keep := make([]string, 0, len(lines))
	for _, line := range lines {
		name, _, _ := strings.Cut(line, "=")
		named, may := g.may[strings.TrimSpace(name)]
		c, err := http.ParseSetCookie(line)
		if err != nil || !may || c.Name != named.Name || c.Name == g.Session {
			g.report(Report{What: "cookie set", Name: strings.TrimSpace(name)})
			continue
		}
		if text := g.asNamed(c, &named).String(); text != "" {
			keep = append(keep, text)
		}
	}
	if len(keep) == 0 {
		delete(h, "Set-Cookie")
		return
	}
	h["Set-Cookie"] = keep
}

// asNamed makes a cookie what the policy says it is: of this host, over TLS, no longer than promised.
func (g *Gate) asNamed(c *http.Cookie, named *policy.Cookie) *http.Cookie {
	c.Domain, c.Secure, c.Partitioned = "", true, false
	c.HttpOnly = c.HttpOnly || named.HTTPOnly
	if c.SameSite != http.SameSiteStrictMode {
		c.SameSite = http.SameSiteLaxMode
	}
	ends := c.MaxAge < 0 || c.MaxAge == 0 && !c.Expires.IsZero() && c.Expires.Before(g.Now())
	if ends {
		c.MaxAge, c.Expires, c.RawExpires = -1, time.Time{}, ""
		return c
	}
	lasts := time.Duration(c.MaxAge) * time.Second
	if c.MaxAge == 0 && !c.Expires.IsZero() {
		lasts = c.Expires.Sub(g.Now())
	}
	if c.MaxAge > int(named.Lifetime/time.Second) || lasts > named.Lifetime {
		lasts = named.Lifetime
	}
	c.MaxAge, c.Expires, c.RawExpires = int(lasts/time.Second), time.Time{}, ""
	return c
}

// links makes an address that the application gave of itself one that people can follow.
func (g *Gate) links(h http.Header) {
	to := h.Get("Location")
	for _, own := range []string{g.Upstream.Scheme + "://" + g.Upstream.Host, "http://" + g.host} {
		if rest, ok := strings.CutPrefix(to, own); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
			h.Set("Location", g.URL+rest)
			return
		}
	}
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
