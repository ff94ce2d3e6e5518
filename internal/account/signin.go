package account

import (
	"net/http"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

func (v *visit) signInForm() error {
	if v.In() {
		v.goOn(v.r.URL.Query().Get("to"))
		return nil
	}
	return v.showSignIn(nil)
}

func (v *visit) signIn() error {
	in, err := v.door.Accounts.SignIn(v.r.Context(), v.door.Tenant, v.field("login"), v.field("password"), v.source(), v.device())
	if fault.Is(err, fault.Refused) { // the address is not verified
		return v.say(http.StatusForbidden, "unverified")
	}
	if err != nil {
		return v.showSignIn(err)
	}
	v.letIn(in)
	if in.Half {
		v.redirect("second" + to(v.field("to")))
		return nil
	}
	v.goOn(v.field("to"))
	return nil
}

func (v *visit) secondForm() error { return v.show(http.StatusOK, "second", nil, nil) }

func (v *visit) second() error {
	in, err := v.door.Accounts.SignInSecond(v.r.Context(), v.door.Tenant, v.token(), v.field("code"), v.device())
	if err != nil {
		return v.complain(err, "second", nil)
	}
	v.letIn(in)
	v.goOn(v.field("to"))
	return nil
}

func (v *visit) signOut() error {
	err := v.door.Accounts.SignOut(v.r.Context(), v.door.Tenant, v.who)
	if err != nil && !fault.Is(err, fault.NotFound) { // it was ended elsewhere in this moment
		return err
	}
	http.SetCookie(v.w, session.Cookie(v.door.Cookie, ""))
	v.redirect("sign-in")
	return nil
}

// homePage is where somebody signed in arrives.
type homePage struct {
	Since session.Session
	Ways  []string // the pages about what is held of them
}

func (v *visit) home() error {
	return v.show(http.StatusOK, "home", homePage{v.who, []string{"data", "consents", "trail", "requests", "notices"}}, nil)
}
