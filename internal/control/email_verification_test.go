package control_test

import (
	"net/http"
	"net/url"
	"testing"

	"clause.dev/clause/internal/control"
)

func TestEmailVerificationPlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("email-verification", nil)))
	if err != nil || plan.Accounts.Rules.SignIn != "promise" {
		t.Errorf("who signs in too early is told of clause %q (%v)", plan.Accounts.Rules.SignIn, err)
	}
}

func emailVerificationSabotages() []sabotage {
	return []sabotage{
		{name: "nothing is verified", says: "right after registering", front: posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
			if page == "register" {
				i.post(r, page, form)
				copyOut(w, i.verify(r))
			}
			return page == "register"
		})},
		{name: "the password is enough", says: "with the password, before", front: posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, _ url.Values) bool {
			if page == "sign-in" {
				copyOut(w, i.verify(r))
			}
			return page == "sign-in"
		})},
		{name: "any code is taken", says: "with a code that was never mailed", front: posing(func(i *impostor, _ http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
			if page == "verify" {
				form.Set("code", i.code(r))
			}
			return false
		})},
		{name: "whoever has the code may choose the password", says: "with the code and another password", front: posing(func(i *impostor, _ http.ResponseWriter, _ *http.Request, page string, form url.Values) bool {
			if page == "verify" {
				form.Set("password", i.password)
			}
			return false
		})},
		{name: "a code can be used again", says: "with a code that was used", front: again()},
	}
}

// again signs in whoever gives a code that opened something before.
func again() func(*control.System, http.Handler) http.Handler {
	used := map[string]bool{}
	return posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
		if page != "verify" {
			return false
		}
		code := form.Get("code")
		if used[code] {
			copyOut(w, i.post(r, "sign-in", url.Values{"login": {i.login}, "password": {i.password}}))
			return true
		}
		got := i.post(r, page, form)
		used[code] = got.Code == http.StatusSeeOther
		copyOut(w, got)
		return true
	})
}
