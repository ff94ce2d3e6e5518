package control_test

import (
	"net/http"
	"net/url"
	"testing"
)

func passwordRulesSabotages() []sabotage {
	return []sabotage{
		{name: "any password is taken", says: "A weak password was taken", front: posing(func(_ *impostor, _ http.ResponseWriter, _ *http.Request, page string, form url.Values) bool {
			if page == "register" {
				form.Set("password", good)
			}
			return false
		})},
		{name: "there is no list of leaked ones", says: "A leaked password was taken", before: func(t *testing.T, w *world) {
			had := w.App.Accounts.Leaked
			w.App.Accounts.Leaked = nil
			t.Cleanup(func() { w.App.Accounts.Leaked = had })
		}},
		{name: "who is refused is stored", says: "stored all the same", front: posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
			if page != "register" || len(form.Get("password")) > 20 {
				return false
			}
			form.Set("password", good)
			i.post(r, page, form)
			w.WriteHeader(http.StatusUnprocessableEntity)
			return true
		})},
		{name: "a leaked one may be changed to", says: "changed to a leaked one", front: posing(func(_ *impostor, _ http.ResponseWriter, _ *http.Request, page string, form url.Values) bool {
			if page == "password" {
				form.Set("password", good)
			}
			return false
		})},
		{name: "any password opens an account", says: "Another password opened", front: posing(func(i *impostor, _ http.ResponseWriter, _ *http.Request, page string, form url.Values) bool {
			if page == "sign-in" {
				form.Set("password", i.password)
			}
			return false
		})},
		signOffIgnored(),
	}
}
