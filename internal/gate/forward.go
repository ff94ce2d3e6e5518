package gate

import (
	"net/http"
	"net/url"
	"strings"

	"clause.dev/clause/internal/detection"
)

// Forward returns the endpoint for proxies that stand in front of the application themselves, and ask who sent a
// request: nginx (auth_request), Caddy (forward_auth), Traefik (ForwardAuth), Envoy (ext_authz over HTTP). It belongs
// at a listener that they alone reach.
//
// The first three say in X-Forwarded-Host, -Method and -Uri what was asked, at /forward-auth; Envoy asks with the
// request's own method, host and path, below /envoy. The answer is 200 with the identity, or without if nobody is
// signed in and nobody has to be; else 303 to the page for signing in, or 401.
func (g *Gate) Forward() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /account/keys.json", g.keys)
	mux.HandleFunc("/forward-auth", func(w http.ResponseWriter, r *http.Request) {
		at, err := url.ParseRequestURI(r.Header.Get("X-Forwarded-Uri"))
		if err != nil || at.Host != "" || len(r.Header["X-Forwarded-Uri"]) != 1 {
			refuse(w, http.StatusBadRequest, "X-Forwarded-Uri does not say what was asked for.")
			return
		}
		g.forward(w, r, asked{r.Header.Get("X-Forwarded-Host"), r.Header.Get("X-Forwarded-Method"), at, r.URL.Query().Get("redirect") != "no"})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Not through the multiplexer: it would make the path another one, by sending elsewhere.
		if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/envoy/"); ok {
			at, err := url.ParseRequestURI("/" + rest)
			if err != nil {
				refuse(w, http.StatusBadRequest, "The address cannot be read.")
				return
			}
			at.RawQuery = r.URL.RawQuery
			g.forward(w, r, asked{r.Host, r.Method, at, true})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// asked is what a proxy was asked for.
type asked struct {
	host, method string
	at           *url.URL
	redirect     bool // nginx takes 2xx, 401 and 403 alone
}

func (g *Gate) forward(w http.ResponseWriter, r *http.Request, a asked) {
	path, ok := fold(a.at)
	switch {
	case !strings.EqualFold(a.host, g.host):
		refuse(w, http.StatusForbidden, "This server does not answer for that host.")
		return
	case a.method == "":
		refuse(w, http.StatusBadRequest, "X-Forwarded-Method does not say what was asked for.")
		return
	case !ok || path+"/" == Account || strings.HasPrefix(path, Account) && !strings.HasPrefix(a.at.Path, Account):
		refuse(w, http.StatusForbidden, "The address can be read in more than one way.")
		return
	}
	of := r.Clone(r.Context())
	of.Method, of.Host = a.method, a.host
	who, err := g.who(of)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "It cannot be said now who is signed in.")
		return
	}
	if who.token == "" && g.needs(path) {
		if !a.redirect && navigates(a.method, r.Header) {
			w.Header().Set(SignIn, signInAt(a.at))
			refuse(w, http.StatusUnauthorized, "Please sign in.")
			return
		}
		g.sendToSignIn(w, a.method, r.Header, a.at)
		return
	}
	if g.Passed != nil {
		i := detection.Interaction{At: g.Wall(), Method: a.method, Path: a.at.Path, Subject: who.subject, Session: who.session}
		i.From, i.Port = detection.Place(r.RemoteAddr)
		g.Passed(i)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if who.token != "" {
		h.Set(Header, who.token)
	} else {
		h.Set("X-Envoy-Auth-Headers-To-Remove", strings.ToLower(Header)) // the client's own copy
	}
	w.WriteHeader(http.StatusOK)
}
