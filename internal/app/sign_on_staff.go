package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/web"
)

// staffWays are the ways to sign in to the console by the organisation's own directory.
func (a *App) staffWays(desk *access.Desk) (ways []console.Way, err error) {
	rounds, err := a.signOn(sso.Staff, a.ConsoleURL, func(id string) string { return console.Callback + id })
	if err != nil || rounds == nil {
		return nil, err
	}
	key, err := a.Ring.Derive("identities of staff")
	for _, p := range rounds.Parties {
		ways = append(ways, &staffWay{rounds: rounds, party: p, desk: desk, key: key})
	}
	return ways, err
}

// staffWay is a provider that vouches for members of staff.
type staffWay struct {
	rounds *sso.Rounds
	party  *sso.Party
	desk   *access.Desk
	key    [32]byte // of the hashes of identities
}

// wayCookie binds the way to a provider and back to a browser. It is gone when they are back.
const wayCookie = "__Host-clause-sign-in"

// ID is the provider's.
func (s *staffWay) ID() string { return s.party.ID }

// Name is the provider's.
func (s *staffWay) Name() string { return s.party.Title }

// Begin returns where the browser goes.
func (s *staffWay) Begin(w http.ResponseWriter, r *http.Request, to string) (string, error) {
	browser := sso.Random()
	at, err := s.rounds.Begin(r.Context(), db.Organisation, s.party.ID, sso.Trip{Browser: browser, Back: to})
	if err == nil {
		http.SetCookie(w, session.Cookie(wayCookie, browser))
	}
	return at, err
}

// Finish returns the pass of the member whom the provider vouches for, with a second factor.
func (s *staffWay) Finish(w http.ResponseWriter, r *http.Request) (access.Pass, string, error) {
	browser := web.Cookie(r, wayCookie)
	http.SetCookie(w, session.Cookie(wayCookie, ""))
	who, trip, err := s.rounds.End(r.Context(), db.Organisation, s.party.ID, r.URL.Query(), browser)
	if err != nil {
		return access.Pass{}, trip.Back, err
	}
	if !who.Strong {
		return access.Pass{}, trip.Back, fault.New("app.staffWay", fault.Refused, "the identity provider did not prove a second factor").WithHint("set one up there, and sign in with it")
	}
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte(who.Handle()))
	pass, err := s.desk.SignIn(r.Context(), [32]byte(mac.Sum(nil)), s.party.RolesOf(who.Groups))
	return pass, trip.Back, err
}
