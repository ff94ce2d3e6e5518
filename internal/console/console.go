// Package console is the door for staff, on a listener of its own: the boards of what is promised and owed, the
// ledgers, and the desks at which staff work. Pages are made on the server, load nothing of others, and work
// without scripts. They show ids, counts and times: whatever else is behind a grant.
//
// A page is a method of visit with a template pages/<name>.html within the frame and words of its own in
// words/<language>/<file>.json. To add one, in files of your own:
//
//  1. Register it in the list of your desk, which [New] calls: page("GET", "at/{tenant}/holds", (*visit).holds).
//     page asks who comes: nobody reaches a page who is not signed in. "at/{tenant}/…" is of a tenant, or of the
//     organisation, which is the tenant _org.
//  2. Call ONE domain function with v.who.Caller, which names the member, has the scopes that their roles have in
//     v.tenant, and is admitted by the domain: the ledger says who looked. The desks stand in Config.Desks.
//  3. Answer by v.show(status, name, data, nil), after a change by v.redirect; return what went wrong. A form whose
//     error belongs beside it is shown again by v.complain.
//  4. Add the page to desks (nav.go) if the navigation leads there.
//
// Each form is POSTed to this host: another site's is refused before it is read.
package console

import (
	"embed"
	"net/http"
	"net/url"
	"strings"
	"time"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/web"
)

// Config is what the console is made of.
type Config struct {
	URL    string // where staff find it, https://…: no other host is answered for; "": any is
	Ways   []Way  // further ways to sign in than by a member's key
	Roles  Roles  // what members may do here, by role
	Desks  Desks
	Policy *policy.Policy
	Now    func() time.Time
	Log    func(err error) // of what went wrong here, for the operator
}

// Prefix is where the console's addresses begin, and Callback where those begin to which other ways of signing in
// come back.
const (
	Prefix   = "/console/"
	Callback = "/callback/"
)

// cookie is the name of the one cookie.
const cookie = "__Host-clause-console"

//go:embed pages words
var files embed.FS

// door is the console.
type door struct {
	Config
	host     string               // of URL
	words    map[string]web.Words // by language
	views    web.Views
	sessions sessions
	guesses  paced // failed attempts to sign in
	leaves   paced // browsers sent elsewhere to sign in
}

// New returns the console.
func New(c Config) (http.Handler, error) {
	d := &door{Config: c}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, fault.New("console.New", fault.Invalid, "the console's address is none")
		}
		d.host = u.Host
	}
	var err error
	if d.words, err = web.ReadWords(files, languages); err != nil {
		return nil, err
	}
	if d.views, err = web.ReadViews(files, "pages/parts.html"); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	d.route(mux)
	return web.Guarded(d.hosted(mux), contentPolicy, d.foreign), nil
}

// visit is one request, and whose it is.
type visit struct {
	door   *door
	w      http.ResponseWriter
	r      *http.Request
	lang   string
	tenant string          // that the address names; "" for none
	place  string          // of the navigation, where the page's name does not say
	who    access.Presence // zero: nobody is signed in
}

// In reports whether somebody is signed in.
func (v *visit) In() bool { return v.who.Caller.Credential.ID != "" }

type handler func(*visit) error

// route registers a page for who is signed in, below the language.
type route func(method, page string, do handler)

func (d *door) route(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", d.welcome)
	mux.HandleFunc("GET "+Prefix+"{$}", d.welcome)
	mux.HandleFunc("GET "+Prefix+"style.css", asset("pages/style.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET "+Prefix+"icon.svg", asset("pages/icon.svg", "image/svg+xml"))
	mux.HandleFunc("GET "+Prefix+"{lang}/sign-in", d.serve((*visit).signInForm))
	mux.HandleFunc("POST "+Prefix+"{lang}/sign-in", d.serve((*visit).signIn))
	mux.HandleFunc("GET "+Prefix+"{lang}/sign-in/{way}", d.serve((*visit).begin))
	mux.HandleFunc("GET "+Callback+"{way}", d.serve((*visit).finish))
	d.pages(func(method, page string, do handler) {
		mux.HandleFunc(method+" "+Prefix+"{lang}/"+page, d.serve(private(do)))
	})
	mux.HandleFunc("/", d.serve(func(v *visit) error { return v.say(http.StatusNotFound, "not-found") }))
}

// pages are all that is for who is signed in.
func (d *door) pages(page route) {
	page("POST", "sign-out", (*visit).signOut)
	d.boards(page)
	d.work(page)
}

// Routes are the addresses of those pages, as http.ServeMux takes them, for who tries whether each asks who comes.
func Routes() (all []string) {
	(&door{}).pages(func(method, page string, _ handler) { all = append(all, method+" "+Prefix+"{lang}/"+page) })
	return all
}

// welcome finds out which language somebody reads.
func (d *door) welcome(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, Prefix+d.reads(r)+"/", http.StatusFound)
}

// private is for who is signed in; others are sent to sign in, and come back.
func private(do handler) handler {
	return func(v *visit) error {
		if v.In() {
			return do(v)
		}
		to := ""
		if v.r.Method == http.MethodGet {
			to = v.r.URL.RequestURI()
		}
		v.redirect("sign-in" + withTo(to))
		return nil
	}
}

// serve finds out the language and who is signed in, and tells what goes wrong.
func (d *door) serve(do handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{door: d, w: w, r: r, lang: r.PathValue("lang"), tenant: r.PathValue("tenant")}
		if d.words[v.lang] == nil {
			v.lang = d.reads(r)
			if r.PathValue("lang") != "" {
				do = func(v *visit) error { return v.say(http.StatusNotFound, "not-found") }
			}
		}
		err := v.arrive()
		if err == nil {
			err = do(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

// arrive reads the form, and who is signed in.
func (v *visit) arrive() error {
	if err := web.ReadForm(v.w, v.r); err != nil {
		return err
	}
	if v.tenant != "" && !isID(v.tenant) {
		return fault.New("console.arrive", fault.NotFound, "there is no such tenant")
	}
	pass, ok := v.door.sessions.of(v.token(), v.door.Now())
	if !ok {
		return nil
	}
	who, err := v.present(pass, v.tenant)
	switch {
	case fault.Is(err, fault.Unauthenticated): // the membership ended, or the key was replaced
		v.door.sessions.end(v.token())
		return nil
	case fault.Is(err, fault.Refused): // it lapsed: that is said once, and then the browser is anybody's again
		v.door.sessions.end(v.token())
		return err
	case err != nil:
		return err
	}
	v.who = v.door.Roles.applied(who, v.tenant)
	return nil
}

// present is who somebody is now, with what they were granted in a tenant ("" for none): a membership that ended or
// lapsed, a key that was replaced and a role that was taken away count at once.
func (v *visit) present(pass access.Pass, tenant string) (access.Presence, error) {
	return v.door.Desks.Work.Access.Present(v.r.Context(), pass, tenant, v.door.Now())
}

// isID reports whether text could be an id: what else an address holds is no tenant's.
func isID(text string) bool {
	ok := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.:-", r)
	}
	return text != "" && len(text) <= 128 && strings.IndexFunc(text, func(r rune) bool { return !ok(r) }) < 0
}

// token is the one in the cookie.
func (v *visit) token() string { return web.Cookie(v.r, cookie) }

// field is what a form says, at most one value.
func (v *visit) field(name string) string { return web.One(v.r.PostForm, name) }

// query is what the address asks for, at most one value.
func (v *visit) query(name string) string { return web.One(v.r.URL.Query(), name) }

// redirect goes on to another page of the console, after a change or a sign-in (303: never the form again).
func (v *visit) redirect(page string) {
	http.Redirect(v.w, v.r, Prefix+v.lang+"/"+page, http.StatusSeeOther)
}

// goOn goes where somebody wanted to go before they signed in: an address of the console alone. What a browser
// could take for another host's is none (open redirect).
func (v *visit) goOn(to string) {
	if !local(to) {
		v.redirect("")
		return
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

func local(to string) bool {
	return web.Local(to) && strings.HasPrefix(to, Prefix) && !strings.Contains(to, "/../")
}

// withTo carries where somebody wanted to go.
func withTo(to string) string {
	if !local(to) {
		return ""
	}
	return "?" + url.Values{"to": {to}}.Encode()
}

// languages are those of the words; the first is for whoever reads none of them.
var languages = []string{"en", "ar"}

// reads is the language somebody reads, by what their browser says.
func (d *door) reads(r *http.Request) string { return web.Reads(r, languages) }

// contentPolicy lets a page load what this host serves and nothing else, run no script, and send forms nowhere else.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// hosted answers for no other host: a name that somebody points at this address (DNS rebinding) opens nothing.
func (d *door) hosted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.host != "" && !strings.EqualFold(r.Host, d.host) {
			http.Error(w, "This server does not answer for that host.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign answers a form that another site sent.
func (d *door) foreign(w http.ResponseWriter, r *http.Request) {
	v := &visit{door: d, w: w, r: r, lang: d.reads(r)}
	if err := v.say(http.StatusForbidden, "foreign"); err != nil {
		v.fail(err)
	}
}

// letIn begins a session: always a new one, so that none can be planted (session fixation).
func (v *visit) letIn(pass access.Pass, who access.Presence) {
	v.door.sessions.end(v.token())
	token := v.door.sessions.begin(pass, who.Caller.Credential.ID, v.door.Now())
	http.SetCookie(v.w, session.Cookie(cookie, token))
}

func asset(name, mediaType string) http.HandlerFunc { return web.Asset(files, name, mediaType) }
