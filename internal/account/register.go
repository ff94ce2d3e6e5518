package account

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/web"
)

// registerPage is what the form of a registration shows: what was typed comes back, but for the password.
type registerPage struct {
	visit    *visit
	Asked    []asked
	Consents []consent
	MinAge   int
	Latest   string // the latest day of birth
}

// Typed is what was typed into a field.
func (p registerPage) Typed(name string) string { return p.visit.field(name) }

// Ticked reports whether a consent was ticked; none is before somebody does.
func (p registerPage) Ticked(id string) bool {
	return slices.Contains(p.visit.r.PostForm["consent"], id)
}

func (v *visit) registerPage() registerPage {
	d := v.door
	return registerPage{visit: v, Asked: d.asks, Consents: consentsOf(d.Policy, v.lang), MinAge: d.MinAge, Latest: d.Now().Format(time.DateOnly)}
}

func (v *visit) registerForm() error {
	if v.In() {
		v.redirect("")
		return nil
	}
	return v.show(http.StatusOK, "register", v.registerPage(), nil)
}

func (v *visit) register() error {
	given, err := v.door.registration(v.lang, v.r.PostForm)
	if err == nil {
		err = v.door.Accounts.Register(v.r.Context(), v.door.Tenant, given, v.source())
	}
	if fault.Is(err, fault.Refused) {
		return v.say(http.StatusForbidden, "too-young", "age", strconv.Itoa(v.door.MinAge))
	}
	if err != nil {
		return v.complain(err, "register", v.registerPage())
	}
	v.redirect("verify")
	return nil
}

func (v *visit) verifyForm() error { return v.show(http.StatusOK, "verify", nil, nil) }

func (v *visit) verify() error {
	in, err := v.door.Accounts.Verify(v.r.Context(), v.door.Tenant, v.field("code"), v.field("password"), v.source(), v.device())
	if err != nil {
		return v.complain(err, "verify", nil)
	}
	v.letIn(in)
	v.redirect("")
	return nil
}

func (v *visit) recoverForm() error { return v.show(http.StatusOK, "recover", nil, nil) }

func (v *visit) recover() error {
	if err := v.door.Accounts.Recover(v.r.Context(), v.door.Tenant, v.field("login"), v.source()); err != nil {
		return v.complain(err, "recover", nil)
	}
	v.redirect("reset")
	return nil
}

func (v *visit) resetForm() error { return v.show(http.StatusOK, "reset", nil, nil) }

func (v *visit) reset() error {
	if err := v.door.Accounts.Reset(v.r.Context(), v.door.Tenant, v.field("code"), v.field("password"), v.source()); err != nil {
		return v.complain(err, "reset", nil)
	}
	return v.say(http.StatusOK, "was-reset")
}

// to is a query that carries on where somebody wanted to go.
func to(path string) string {
	if !web.Local(path) {
		return ""
	}
	return "?" + url.Values{"to": {path}}.Encode()
}
