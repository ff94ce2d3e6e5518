package account

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/web"
)

// Callback is where a provider sends people back to, below the address that people use. The language in it is that of
// nobody: which one they read comes back with the state's end.
func Callback(provider string) string { return Prefix + languages[0] + "/callback/" + provider }

// Elsewhere are the providers whose accounts people can continue with.
func (p *page) Elsewhere() []*sso.Party {
	if p.door.SignOn == nil {
		return nil
	}
	return p.door.SignOn.Parties
}

// leave sends the browser to a provider. Nobody is signed in yet, so that its cookie is one of this way there and back
// alone; it is the cookie that will hold the session, and holds none.
func (v *visit) leave() error {
	if v.In() {
		v.goOn(v.r.URL.Query().Get("to"))
		return nil
	}
	browser := "to." + sso.Random()
	at, err := v.away(sso.Trip{Browser: browser, Back: v.r.URL.Query().Get("to")})
	if err != nil {
		return v.failElsewhere(err)
	}
	http.SetCookie(v.w, session.Cookie(v.door.Cookie, browser))
	v.goTo(at)
	return nil
}

// addProvider leads somebody signed in to a provider whose account they want to sign in with from now on, if they know
// the password: who found a browser signed in would come back whenever they liked. A form of this
// host's own begins it: an address that did would be followed from other sites too, and would add the account that the
// browser was made to sign in to there, an attacker's (forced linking). The content policy lets no form lead to another
// host, so the answer is a page with the way there.
func (v *visit) addProvider() error {
	if err := v.door.Accounts.Prove(v.r.Context(), v.door.Tenant, v.who, v.field("password")); err != nil {
		return v.again("provider", err)
	}
	id := v.r.PathValue("provider")
	at, err := v.away(sso.Trip{Browser: v.token(), Subject: v.who.Subject, Back: Prefix + v.lang + "/security"})
	if err != nil {
		return v.failElsewhere(err)
	}
	name := v.door.SignOn.Party(id).Title
	return v.show(http.StatusOK, "said", said{
		Title: v.phrase("providers.add", "name", name), Text: v.phrase("providers.there", "name", name), Link: at, Label: v.phrase("providers.go", "name", name),
	}, nil)
}

// away makes ready to leave, and returns the address at the provider.
func (v *visit) away(t sso.Trip) (string, error) {
	if !web.Local(t.Back) {
		t.Back = ""
	}
	if err := v.door.Accounts.MayLeave(v.source()); err != nil {
		return "", err
	}
	t.Back = v.lang + t.Back
	return v.door.SignOn.Begin(v.r.Context(), v.door.Tenant, v.r.PathValue("provider"), t)
}

func (v *visit) goTo(provider string) {
	v.w.Header().Set("Referrer-Policy", "no-referrer") // the provider need not know from which page
	http.Redirect(v.w, v.r, provider, http.StatusSeeOther)
}

// failElsewhere says what went wrong at a provider, or on the way.
func (v *visit) failElsewhere(err error) error {
	status, key := web.StatusOf(err), "elsewhere-failed"
	switch {
	case fault.Is(err, fault.NotFound):
		key = "not-found"
	case fault.Is(err, fault.Refused):
		key = "elsewhere-refused"
	case fault.Is(err, fault.Conflict):
		key = "elsewhere-owned"
	case fault.Is(err, fault.Unavailable):
		key = "elsewhere-away"
	case !fault.Is(err, fault.Unauthenticated):
		return err
	}
	if status >= http.StatusInternalServerError {
		v.door.Log(err)
	}
	why := v.complaintOf(err)
	return v.say(status, key, "why", strings.TrimSpace(why.Msg+" "+why.Hint))
}

// callback takes a browser that comes back from a provider.
func (v *visit) callback() error {
	browser := v.token()
	who, t, err := v.door.SignOn.End(v.r.Context(), v.door.Tenant, v.r.PathValue("provider"), v.r.URL.Query(), browser)
	back := v.returned(t)
	if err != nil {
		return v.failElsewhere(err)
	}
	if t.Subject != "" { // the cookie is still that of the session in which it began
		if t.Subject != v.who.Subject {
			return v.failElsewhere(fault.New("account.callback", fault.Unauthenticated, "somebody else is signed in"))
		}
		if err := v.door.Accounts.AddProvider(v.r.Context(), v.door.Tenant, v.who, who); err != nil {
			return v.failElsewhere(err)
		}
		v.goOn(back)
		return nil
	}
	in, err := v.door.Accounts.SignInWith(v.r.Context(), v.door.Tenant, who, v.device())
	if fault.Is(err, fault.NotFound) {
		return v.newcomer(browser, who)
	}
	if err != nil {
		return err
	}
	v.enter(in, back)
	return nil
}

// returned is where somebody wanted to go; the language they read becomes that of the answer.
func (v *visit) returned(t sso.Trip) string {
	if len(t.Back) >= 2 && v.door.words[t.Back[:2]] != nil {
		v.lang = t.Back[:2]
		return t.Back[2:]
	}
	return ""
}

// enter hands out the session, and asks for the second step if there is one.
func (v *visit) enter(in identity.SignedIn, back string) {
	v.letIn(in)
	if in.Half {
		v.redirect("second" + to(back))
		return
	}
	v.goOn(back)
}

// joinPage is the form of somebody whom a provider knows, and nobody here.
type joinPage struct {
	registerPage
	Pledge, Email, Provider string
}

func (v *visit) joinPage(pledge string, who *sso.Identity) joinPage {
	p := joinPage{registerPage: v.registerPage(), Pledge: pledge, Email: who.Email, Provider: v.door.SignOn.Title(who.Issuer)}
	p.Asked = nil
	for _, a := range v.door.asks {
		if !a.Login {
			p.Asked = append(p.Asked, a)
		}
	}
	return p
}

// newcomer asks somebody new what is asked at registration. Nothing of them is stored before they send it.
func (v *visit) newcomer(browser string, who *sso.Identity) error {
	if err := v.door.Accounts.Vacant(v.r.Context(), v.door.Tenant, who); err != nil {
		return v.failElsewhere(err)
	}
	pledge := v.door.SignOn.Pledge(v.door.Tenant, browser, who, v.door.Now())
	return v.show(http.StatusOK, "join", v.joinPage(pledge, who), nil)
}

func (v *visit) joinForm() error {
	v.redirect("sign-in")
	return nil
}

func (v *visit) join() error {
	d := v.door
	pledge := v.field("pledge")
	who, err := d.SignOn.Redeem(d.Tenant, v.token(), pledge, d.Now())
	if err == nil && d.SignOn.Party(who.Provider) == nil {
		err = fault.New("account.join", fault.Unauthenticated, "the provider is offered no more")
	}
	if err != nil {
		return v.failElsewhere(err)
	}
	form := maps.Clone(v.r.PostForm)
	form.Set(d.Login, who.Email)
	given, err := d.registration(v.lang, form)
	var in identity.SignedIn
	if err == nil {
		in, err = d.Accounts.JoinWith(v.r.Context(), d.Tenant, who, given, v.source(), v.device())
	}
	switch {
	case fault.Is(err, fault.Refused):
		return v.say(http.StatusForbidden, "too-young", "age", strconv.Itoa(d.MinAge))
	case fault.Is(err, fault.Conflict):
		return v.failElsewhere(err)
	case err != nil:
		return v.complain(err, "join", v.joinPage(pledge, who))
	}
	v.enter(in, "")
	return nil
}

// linked is a provider that somebody signs in with.
type linked struct{ Issuer, Title string }

// Linked are those of whoever is signed in.
func (p *page) Linked() (all []linked, err error) {
	if p.door.SignOn == nil {
		return nil, nil
	}
	issuers, err := p.door.Accounts.Providers(p.r.Context(), p.door.Tenant, p.who)
	for _, i := range issuers {
		all = append(all, linked{i, p.door.SignOn.Title(i)})
	}
	return all, err
}

func (v *visit) removeProvider() error {
	err := v.door.Accounts.RemoveProvider(v.r.Context(), v.door.Tenant, v.who, v.field("issuer"))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return v.again("provider", err)
	}
	v.redirect("security")
	return nil
}
