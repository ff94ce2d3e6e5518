package gate

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
)

// CheckUpstream refuses an address of an application to which the way would not be encrypted.
func CheckUpstream(at *url.URL) error {
	const op = "gate.CheckUpstream"
	switch {
	case at == nil:
		return nil
	case at.Host == "" || at.Path != "" && at.Path != "/" || at.RawQuery != "" || at.Fragment != "" || at.User != nil || at.Scheme != "http" && at.Scheme != "https":
		return fault.New(op, fault.Invalid, "it is not the address of an application").WithHint("for example http://127.0.0.1:3000")
	case at.Scheme == "http" && !loopback(at.Hostname()):
		return fault.New(op, fault.Invalid, "the way to the application would not be encrypted").WithHint("https, unless the application runs on this machine")
	}
	return nil
}

// rewrite makes of a request what the application is asked.
func (g *Gate) rewrite(p *httputil.ProxyRequest) {
	out := p.Out
	out.URL.Scheme, out.URL.Host = g.Upstream.Scheme, g.Upstream.Host
	out.Host = p.In.Host
	// A trailer would come after the identity was checked, and some servers add it to the head.
	out.Trailer = nil
	for name := range out.Header {
		if spoofs(name) {
			delete(out.Header, name)
		}
	}
	if out.Header.Get("Upgrade") != "" && !isUpgrade(out.Header) {
		// Another protocol inside of this one (h2c) would pass the gate unseen.
		out.Header.Del("Upgrade")
		out.Header.Del("Connection")
	}
	g.cookiesIn(out.Header)
	p.SetXForwarded()
	if token, _ := p.In.Context().Value(carried{}).(string); token != "" {
		out.Header.Set(Header, token)
	}
}

// spoofed are headers by which proxies tell applications who somebody is, where they come from, or what they asked
// for. The client's word for it is worth nothing.
var spoofed = []string{
	"Forwarded", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip", "Client-Ip",
	"X-Original-Url", "X-Rewrite-Url", "X-Original-Host", "X-Host", "X-Http-Host-Override", "X-Http-Method-Override", "X-Method-Override", "X-Http-Method",
	"Remote-User", "X-Remote-User", "X-User", "X-Auth-Request-User", "X-Auth-Request-Email", "X-Authenticated-User", "X-Ssl-Client-Verify", "X-Ssl-Client-Cert",
}

// spoofs reports whether a header could be taken for one that only a proxy sets. A name with an underscore is one
// with a hyphen to applications that see headers as variables (CGI): Clause_Identity.
func spoofs(name string) bool {
	return strings.HasPrefix(name, "Clause-") || strings.HasPrefix(name, "X-Forwarded") || strings.ContainsAny(name, "_.") || slices.Contains(spoofed, name)
}

// isUpgrade reports whether a request asks for a WebSocket and nothing else.
func isUpgrade(h http.Header) bool {
	all := h["Upgrade"]
	return len(all) == 1 && strings.EqualFold(all[0], "websocket")
}

// cookiesIn leaves those cookies that the policy names. The application needs no session's token, and so cannot
// lose one.
func (g *Gate) cookiesIn(h http.Header) {
	lines := h["Cookie"]
	if len(lines) == 0 {
		return
	}
	var keep []string
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ";") {
			part = strings.TrimSpace(part)
			name, _, _ := strings.Cut(part, "=")
			switch _, may := g.may[name]; {
			case name == g.Session || part == "":
			case may:
				keep = append(keep, part)
			default:
				g.report(Report{What: "cookie sent", Name: name})
			}
		}
	}
	if len(keep) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = []string{strings.Join(keep, "; ")}
}

// navigates reports whether a browser asks for a page to show.
func navigates(method string, h http.Header) bool {
	if method != http.MethodGet && method != http.MethodHead {
		return false
	}
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(h.Get("Accept"), "text/html")
}

// signInAt is where somebody signs in who wants to go to an address of this host.
func signInAt(to *url.URL) string {
	back := to.EscapedPath()
	if to.RawQuery != "" {
		back += "?" + to.RawQuery
	}
	return Account + "sign-in?" + url.Values{"to": {back}}.Encode()
}

// sendToSignIn sends a browser to the page for it; what a script asked is told where that is.
func (g *Gate) sendToSignIn(w http.ResponseWriter, method string, h http.Header, to *url.URL) {
	if navigates(method, h) {
		guard(w.Header())
		w.Header().Set("Location", signInAt(to))
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	w.Header().Set(SignIn, Account+"sign-in")
	refuse(w, http.StatusUnauthorized, "Please sign in.")
}
