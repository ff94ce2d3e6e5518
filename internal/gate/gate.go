// Package gate stands in front of the company's own application, so that what the policy promises of cookies,
// sign-in and third parties holds whatever the application's code does.
//
// A request comes in under one host name. What begins with /account/ is for the pages of accounts; all else goes to
// the application, with an identity that the gate signed if somebody is signed in, and without whatever the client
// sent under that name. What the application answers leaves without cookies that the policy does not name, and with
// a Content-Security-Policy that admits nobody else.
//
// What two programs could read in two ways is refused rather than passed on: a path with encoded slashes or dots, a
// host that is not ours, an upgrade to anything but a WebSocket.
package gate

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate/inspect"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/policy"
)

// Config is what the gate is made of.
type Config struct {
	URL       string            // the address people use: https://host, or https://host:port
	Upstream  *url.URL          // the application; nil: it stands elsewhere, see Forward
	Transport http.RoundTripper // the way to it; nil: over the network
	Account   http.Handler      // the pages of accounts
	Tenant    string            // whose people come
	Session   string            // the name of the cookie that keeps them signed in
	Cookies   []policy.Cookie   // those that may leave
	Private   []string          // beginnings of paths that nobody reaches without signing in
	Key       ed25519.PrivateKey
	Limits    Limits
	Inspect   *inspect.Inspector // looks into forms for attacks; nil: nobody does
	Ban       time.Duration      // for how long a source of attacks is kept out; zero: none is
	Proxies   []netip.Prefix     // those that stand before the gate: no source of attacks
	// Check returns the session whose token this is: Unauthenticated if it is nobody's.
	Check func(ctx context.Context, token string) (session.Session, error)
	// Purposes are those that a person consents to.
	Purposes func(ctx context.Context, subject string) ([]string, error)
	Now      func() time.Time
	Wall     func() time.Time // the machine's clock, for connections
	Report   func(Report)     // of what did not pass
	// Observe is told of every request once it is over; nil: nobody is.
	Observe func(detection.Interaction)
	// Passed is told what another proxy lets pass, of whom and whence: what the application answers there, the gate
	// does not see. nil: nobody is.
	Passed func(detection.Interaction)
	// Watch is how soon an answer under way, or a WebSocket, ends after its session did; zero: ten seconds.
	Watch time.Duration
}

// Report is something that did not pass the gate.
type Report struct {
	What string // "cookie set", "cookie sent", "answer", "attack", "ban"
	Name string // of the cookie, or of the kind of attack
	Err  error  // why the application could not be asked
}

// Account is where the addresses of accounts begin, which the application never sees.
const Account = "/account/"

// Header carries the identity to the application.
const Header = "Clause-Identity"

// SignIn is what an application says beside status 401 to have somebody sign in: "required". What the gate answers
// where it cannot send somebody there, it says in the same header: the address.
const SignIn = "Clause-Sign-In"

// Gate is the gate. Safe for use by many at once.
type Gate struct {
	Config
	host    string // as in Host, in lower case
	may     map[string]policy.Cookie
	private []string // folded
	proxy   *httputil.ReverseProxy
	tokens  tokens
	sources sources
	bans    bans
	away    counters
	foreign *http.CrossOriginProtection
}

// New returns the gate.
func New(c Config) (*Gate, error) {
	const op = "gate.New"
	at, err := url.Parse(c.URL)
	if err != nil || at.Scheme != "https" || at.Host == "" || at.Path != "" {
		return nil, fault.New(op, fault.Invalid, "%q is not the address of a server", c.URL)
	}
	if err := CheckUpstream(c.Upstream); err != nil {
		return nil, fault.Wrap(op, err)
	}
	g := &Gate{Config: c, host: strings.ToLower(at.Host), may: map[string]policy.Cookie{}, foreign: http.NewCrossOriginProtection()}
	for _, cookie := range c.Cookies {
		g.may[cookie.Name] = cookie
	}
	for _, p := range c.Private {
		folded, ok := fold(&url.URL{Path: p})
		if !ok {
			return nil, fault.New(op, fault.Invalid, "%q is not the beginning of a path", p)
		}
		g.private = append(g.private, folded)
	}
	if g.Transport == nil {
		g.Transport = transport()
	}
	g.tokens.sign = newSigner(c.Key)
	g.sources.Limits = c.Limits.complete()
	g.bans.lasts, g.bans.spare = c.Ban, c.Proxies
	g.proxy = &httputil.ReverseProxy{
		Rewrite: g.rewrite, ModifyResponse: g.answer, ErrorHandler: g.unanswered, Transport: g.Transport,
		BufferPool: newBuffers(), ErrorLog: quiet(),
	}
	return g, nil
}

// ServeHTTP is one request.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.Observe != nil {
		o := &observed{ResponseWriter: w, gate: g, began: g.Wall()}
		defer o.done(r)
		w = o
	}
	now := g.Now()
	if until, banned := g.bans.holds(r.RemoteAddr, now); banned {
		g.away.add(forBan)
		refuseBanned(w, until.Sub(now))
		return
	}
	if !strings.EqualFold(r.Host, g.host) { // a cache or a mail must never be made for a host of somebody's choosing
		g.turn(w, forHost, http.StatusMisdirectedRequest, "This server does not answer for that host.")
		return
	}
	if r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		g.turn(w, forMethod, http.StatusMethodNotAllowed, "This method is not spoken here.")
		return
	}
	leave, ok := g.sources.enter(r.RemoteAddr, g.Wall())
	if !ok {
		w.Header().Set("Retry-After", "1")
		g.turn(w, forRate, http.StatusTooManyRequests, "There are too many requests from your address.")
		return
	}
	defer leave()
	path, ok := fold(r.URL)
	switch {
	case !ok:
		g.turn(w, forPath, http.StatusBadRequest, "The address can be read in more than one way.")
	case strings.HasPrefix(r.URL.Path, Account) && strings.HasPrefix(path, Account):
		g.account(w, r)
	case path+"/" == Account && r.URL.Path+"/" == Account:
		http.Redirect(w, r, Account, http.StatusMovedPermanently)
	case path+"/" == Account || strings.HasPrefix(path, Account): // the same to an application that is lax
		g.turn(w, forPath, http.StatusNotFound, "There is no such page.")
	case g.Upstream == nil:
		refuse(w, http.StatusNotFound, "There is no such page.")
	default:
		g.application(w, r, path)
	}
}

// account answers for accounts.
func (g *Gate) account(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == Account+"keys.json" {
		g.keys(w, r)
		return
	}
	// A form is small: who sends it slowly, or reads the answer slowly, is let go of.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(g.Wall().Add(formWithin))
	_ = control.SetWriteDeadline(g.Wall().Add(pageWithin))
	g.Account.ServeHTTP(w, r)
}

// application passes a request on.
func (g *Gate) application(w http.ResponseWriter, r *http.Request, path string) {
	who, err := g.who(r)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "It cannot be said now who is signed in. Please try again.")
		return
	}
	noteWho(w, who)
	if who.token == "" && g.needs(path) {
		g.sendToSignIn(w, r.Method, r.Header, r.URL)
		return
	}
	body, ok := g.bounded(w, r)
	if !ok {
		g.turn(w, forSize, http.StatusRequestEntityTooLarge, "What was sent is too large.")
		return
	}
	if body, ok = g.sound(w, r, body); !ok {
		return
	}
	ctx := context.WithValue(r.Context(), carried{}, who.token)
	if who.token != "" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		defer g.watch(ctx, cancel, who.cookie)()
	}
	out := r.WithContext(ctx)
	out.Body = body
	g.proxy.ServeHTTP(g.steady(w, r), out)
	for _, name := range []string{"Set-Cookie", Header} { // the head was sent: what is set now comes after the body
		delete(w.Header(), name)
		delete(w.Header(), http.TrailerPrefix+name)
	}
}

// carried is the key of the identity that goes with a request: between the gate and its own proxy, nobody else's.
type carried struct{}

// needs reports whether nobody reaches a path without signing in.
func (g *Gate) needs(path string) bool {
	for _, p := range g.private {
		if path == p || strings.HasPrefix(path, strings.TrimSuffix(p, "/")+"/") {
			return true
		}
	}
	return false
}

// watchEvery is how often it is looked whether the session of a request under way lasts.
const watchEvery = 10 * time.Second

// watch ends a request whose session ends.
func (g *Gate) watch(ctx context.Context, end context.CancelFunc, token string) (stop func() bool) {
	return time.AfterFunc(cmp.Or(g.Watch, watchEvery), func() {
		if ctx.Err() != nil {
			return
		}
		if _, err := g.Check(ctx, token); fault.Is(err, fault.Unauthenticated) {
			end()
			return
		}
		g.watch(ctx, end, token)
	}).Stop
}

// unanswered says that the application did not answer.
func (g *Gate) unanswered(w http.ResponseWriter, r *http.Request, err error) {
	if !g.unsound(w, r, err) {
		g.report(Report{What: "answer", Err: err})
		refuse(w, http.StatusBadGateway, "The application does not answer. Please try again in a moment.")
	}
}

func (g *Gate) report(r Report) {
	if g.Report != nil {
		g.Report(r)
	}
}

// refuse answers in the gate's own words.
func refuse(w http.ResponseWriter, status int, text string) { say(w, status, "text/plain", text+"\n") }

// say answers with something of the gate's own.
func say(w http.ResponseWriter, status int, kind, text string) {
	h := w.Header()
	guard(h)
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", kind+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
