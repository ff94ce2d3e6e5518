// Package account is the door for people: the pages on which they register, sign in, and look after their
// account. Pages are made on the server, load nothing of others, and work without scripts.
//
// An address is /account/<language>/<page>: which language somebody reads needs no cookie to be known. What
// opens something, a code or a password, travels in bodies alone, never in an address.
package account

import (
	"embed"
	"net/http"
	"net/url"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/passkey"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/web"
)

// Config is what the door is made of.
type Config struct {
	Accounts *identity.Accounts
	Desks    Desks
	Policy   *policy.Policy
	// Receipts are the templates of what people keep of their consents, by language and purpose.
	Receipts map[string]map[string][]byte
	Tenant   string         // whose people come to this door
	Cookie   string         // the name of the one cookie
	Login    string         // the field that people sign in with, as data-set.field
	Passkeys *passkey.Party // for whose site passkeys are made; nil: there are none
	MinAge   int            // 0: nobody is asked
	SignOn   *sso.Rounds    // identity providers whose accounts people can sign in with; nil: none
	// Statement is where the published policy is read; "" if nowhere.
	Statement string
	// Source is the address somebody comes from; nil: that of the connection.
	Source func(*http.Request) string
	Now    func() time.Time
	Log    func(err error) // of what went wrong here, for the operator
}

// Prefix is where the door's addresses begin.
const Prefix = "/account/"

//go:embed pages words
var files embed.FS

// door is the pages of one tenant's people.
type door struct {
	Config
	words map[string]web.Words // by language
	views web.Views
	asks  []asked
}

// New returns the door. It panics on nothing: what it is made of was checked with the policy.
func New(c Config) (http.Handler, error) {
	d := &door{Config: c, asks: askedOf(c.Policy, c.Login)}
	var err error
	if d.words, err = web.ReadWords(files, languages); err != nil {
		return nil, err
	}
	if d.views, err = web.ReadViews(files); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	d.route(mux)
	return web.Guarded(mux, contentPolicy, d.foreign), nil
}

// visit is one request, and whose it is.
type visit struct {
	door *door
	w    http.ResponseWriter
	r    *http.Request
	lang string
	who  session.Session // zero: nobody is signed in
}

// In reports whether somebody is signed in.
func (v *visit) In() bool { return v.who.ID != "" }

type handler func(*visit) error

func (d *door) route(mux *http.ServeMux) {
	mux.HandleFunc("GET "+Prefix+"{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, Prefix+d.reads(r)+"/", http.StatusFound)
	})
	mux.HandleFunc("GET "+Prefix+"sign-in", func(w http.ResponseWriter, r *http.Request) { // for who does not know the language
		http.Redirect(w, r, Prefix+d.reads(r)+"/sign-in"+to(r.URL.Query().Get("to")), http.StatusFound)
	})
	mux.HandleFunc("GET "+Prefix+"style.css", asset("pages/style.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET "+Prefix+"icon.svg", asset("pages/icon.svg", "image/svg+xml"))
	mux.HandleFunc("GET "+Prefix+"code.js", asset("pages/code.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET "+Prefix+"passkey.js", asset("pages/passkey.js", "text/javascript; charset=utf-8"))
	open := func(page string, get, post handler) {
		mux.HandleFunc("GET "+Prefix+"{lang}/"+page, d.serve(get))
		mux.HandleFunc("POST "+Prefix+"{lang}/"+page, d.serve(post))
	}
	open("register", (*visit).registerForm, (*visit).register)
	open("verify", (*visit).verifyForm, (*visit).verify)
	open("sign-in", (*visit).signInForm, (*visit).signIn)
	open("second", (*visit).secondForm, (*visit).second)
	open("recover", (*visit).recoverForm, (*visit).recover)
	open("reset", (*visit).resetForm, (*visit).reset)
	mine := func(method, page string, do handler) {
		mux.HandleFunc(method+" "+Prefix+"{lang}/"+page, d.serve(private(do)))
	}
	mine("GET", "{$}", (*visit).home)
	mine("POST", "sign-out", (*visit).signOut)
	mine("GET", "security", (*visit).security)
	mine("POST", "password", (*visit).changePassword)
	mine("POST", "sessions", (*visit).endSession)
	mine("POST", "second-factor", (*visit).offerFactor)
	mine("POST", "second-factor/confirm", (*visit).confirmFactor)
	mine("POST", "second-factor/remove", (*visit).dropFactor)
	mine("POST", "passkeys/remove", (*visit).dropPasskey) // who has some from before can be rid of them
	if d.Passkeys != nil {
		open("sign-in/passkey", (*visit).signInForm, (*visit).signInPasskey)
		mine("POST", "passkeys", (*visit).offerPasskey)
		mine("POST", "passkeys/add", (*visit).addPasskey)
	}
	if d.Desks.ReportMinor != nil {
		open("minor", (*visit).minorForm, (*visit).minor)
	}
	if d.SignOn != nil {
		mux.HandleFunc("GET "+Prefix+"{lang}/continue/{provider}", d.serve((*visit).leave))
		mux.HandleFunc("GET "+Prefix+"{lang}/callback/{provider}", d.serve((*visit).callback))
		open("join", (*visit).joinForm, (*visit).join)
		mine("POST", "providers/{provider}", (*visit).addProvider)
		mine("POST", "providers", (*visit).removeProvider)
	}
	d.mine(mine)
	mux.HandleFunc(Prefix, d.serve(func(v *visit) error { return v.say(http.StatusNotFound, "not-found") }))
}

// private is for whoever is signed in; others are sent to sign in, and come back.
func private(do handler) handler {
	return func(v *visit) error {
		if v.In() {
			return do(v)
		}
		to := "sign-in"
		if v.r.Method == http.MethodGet {
			to += "?" + url.Values{"to": {v.r.URL.Path}}.Encode()
		}
		v.redirect(to)
		return nil
	}
}

// serve finds out the language and who is signed in, and tells what goes wrong.
func (d *door) serve(do handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{door: d, w: w, r: r, lang: r.PathValue("lang")}
		if d.words[v.lang] == nil {
			v.lang = d.reads(r)
			if r.PathValue("lang") != "" {
				do = func(v *visit) error { return v.say(http.StatusNotFound, "not-found") }
			}
		}
		if err := v.arrive(); err != nil {
			v.fail(err)
			return
		}
		if err := do(v); err != nil {
			v.fail(err)
		}
	}
}

// arrive reads the form, and the session. A cookie that opens nothing is taken back.
func (v *visit) arrive() error {
	if err := web.ReadForm(v.w, v.r); err != nil {
		return err
	}
	token := v.token()
	if token == "" {
		return nil
	}
	who, err := v.door.Accounts.Sessions.Check(v.r.Context(), v.door.Tenant, token, v.door.Now())
	if fault.Is(err, fault.Unauthenticated) {
		return nil
	}
	v.who = who
	return err
}

// token is the one in the cookie.
func (v *visit) token() string { return web.Cookie(v.r, v.door.Cookie) }

// letIn hands out the cookie of a session that began.
func (v *visit) letIn(in identity.SignedIn) {
	http.SetCookie(v.w, session.Cookie(v.door.Cookie, in.Token))
}

// source is the address somebody comes from.
func (v *visit) source() string {
	if v.door.Source != nil {
		return v.door.Source(v.r)
	}
	return web.Source(v.r)
}

func (v *visit) device() session.Device { return session.DeviceOf(v.source(), v.r.UserAgent()) }

// field is what a form says, at most one value.
func (v *visit) field(name string) string { return web.One(v.r.PostForm, name) }

// redirect goes on to another page of the door, after a change or a sign-in (303: never the form again).
func (v *visit) redirect(page string) {
	http.Redirect(v.w, v.r, Prefix+v.lang+"/"+page, http.StatusSeeOther)
}

// goOn goes where somebody wanted to go before they signed in: an address of this host alone, or their
// account. An address that a browser could take for another host's is none (open redirect).
func (v *visit) goOn(to string) {
	if !web.Local(to) {
		v.redirect("")
		return
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

// languages are those of the words; the first is for whoever reads none of them.
var languages = []string{"en", "ar"}

// reads is the language somebody reads, by what their browser says.
func (d *door) reads(r *http.Request) string { return web.Reads(r, languages) }

// contentPolicy lets a page load what this host serves and nothing else, and send forms nowhere else.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// foreign answers a form that another site sent.
func (d *door) foreign(w http.ResponseWriter, r *http.Request) {
	v := &visit{door: d, w: w, r: r, lang: d.reads(r)}
	if err := v.say(http.StatusForbidden, "foreign"); err != nil {
		v.fail(err)
	}
}

func asset(name, mediaType string) http.HandlerFunc { return web.Asset(files, name, mediaType) }
