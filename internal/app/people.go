package app

import (
	"net/http"

	"clause.dev/clause/internal/account"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/sso"
)

// People is the door for the people of a tenant: the pages on which they register, sign in and look after
// their account. It is Invalid if the policy names no address that people could sign in with.
func (a *App) People(tenant string) (http.Handler, error) { return a.people(tenant, nil, a.PeopleURL) }

// people is People where source says who comes from where, nil: their connections do; at an address.
func (a *App) people(tenant string, source func(*http.Request) string, url string) (http.Handler, error) {
	signOn, err := a.signOn(sso.People, url, account.Callback)
	if err != nil {
		return nil, err
	}
	return a.peopleBy(tenant, source, signOn)
}

// peopleBy is people with the identity providers that people can sign in with; nil: none.
func (a *App) peopleBy(tenant string, source func(*http.Request) string, signOn *sso.Rounds) (http.Handler, error) {
	if a.Accounts == nil {
		return nil, fault.New("app.People", fault.Invalid, "nobody can sign in: the policy does not say by which address").
			WithHint("contacts needs a purpose and an email field, and that field unique: true")
	}
	statement := ""
	if a.PublicURL != "" {
		statement = a.PublicURL + "/statement"
	}
	passkeys, err := a.passkeys()
	if err != nil {
		return nil, err
	}
	return account.New(account.Config{
		Passkeys: passkeys, SignOn: signOn,
		Statement: statement, Source: source, Desks: a.desksOf(tenant), Receipts: a.login.receipts,
		Accounts: a.Accounts, Policy: a.Policy, Tenant: tenant, Cookie: control.CookieOf(a.Policy), Login: a.login.set + "." + a.login.field,
		MinAge: a.Plan.Accounts.Rules.MinAge, Now: a.Now,
		Log: func(err error) {
			a.Log.Error("a page of an account failed", "kind", fault.KindOf(err).String(), "why", fault.Public(err))
		},
	})
}
