package account

import (
	"net/http"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/rights"
)

func (v *visit) closeForm() error { return v.show(http.StatusOK, "close", nil, nil) }

// close erases whoever is signed in, knows the password and says that they mean it.
func (v *visit) close() error {
	const op = "account.close"
	k := &v.door.Desks
	if v.field("sure") != "yes" {
		return v.complain(fault.New(op, fault.Invalid, "say that you are sure").WithField("sure"), "close", nil)
	}
	if err := v.door.Accounts.Prove(v.r.Context(), v.door.Tenant, v.who, v.field("password")); err != nil {
		return v.complain(err, "close", nil)
	}
	ask := rights.Ask{Subject: v.who.Subject, Right: rights.Erasure, Language: v.lang}
	r, err := k.Rights.Exercise(v.r.Context(), k.Caller, v.door.Tenant, ask, nil)
	if fault.Is(err, fault.Conflict) { // GDPR art. 18(1)(b), (c): they may need it kept
		err = fault.New(op, fault.Conflict, "you have restricted what is done with your data").WithHint("lift the restriction first, on the page of your rights")
	}
	if err != nil {
		return v.complain(err, "close", nil)
	}
	http.SetCookie(v.w, session.Cookie(v.door.Cookie, ""))
	v.who = session.Session{}
	what := "closed"
	if r.Reason != "" { // a law keeps something of them
		what = "closed-held"
	}
	return v.say(http.StatusOK, what, "request", r.ID)
}
