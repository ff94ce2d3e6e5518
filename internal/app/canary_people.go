package app

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/netip"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

// besideCanaryPeople has the front door serve the people of the first canary tenant too, as those of a real
// one are served. It does so under a name made up at this start, which nobody but the probes learns: nobody
// else can register there.
func (a *App) besideCanaryPeople(door http.Handler) (http.Handler, error) {
	if a.Accounts == nil {
		return door, nil
	}
	people, err := a.people(canaryA, somewhere, "https://"+a.canaries.host)
	if err != nil {
		return nil, err
	}
	name := []byte(a.canaries.host)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Host), name) == 1 {
			people.ServeHTTP(w, r)
			return
		}
		door.ServeHTTP(w, r)
	}), nil
}

// somewhere is where a canary comes from: at each visit another place, of addresses that are nobody's (RFC
// 3849). So what is guessed at the real door holds up no probe, and no probe holds up anybody.
func somewhere(*http.Request) string {
	at := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 1}
	rand.Read(at[4:8]) // never fails: Go ends the program instead
	return netip.AddrFrom16(at).String()
}

// canaryPeople is what the probes may use of accounts; nil if nobody can sign in.
func (a *App) canaryPeople() *control.People {
	if a.Accounts == nil {
		return nil
	}
	return &control.People{
		Host: a.canaries.host,
		Whose: func(ctx context.Context, login string) (string, error) {
			subject, err := directory{a, a.Vault}.Named(ctx, canaryA, login)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
				return "", nil
			}
			return subject, err
		},
		Mailed: a.mailedCode,
		Hashes: func(ctx context.Context, look func(hash string)) error {
			tenants, err := a.Vault.Tenants(ctx, a.Operator())
			if err != nil {
				return err
			}
			for _, t := range tenants {
				if err := a.Accounts.PasswordHashes(ctx, t.ID, func(hash string) error { look(hash); return nil }); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// mailedCode makes the code of the newest mail by which a canary verifies an address, as the outbox would.
func (a *App) mailedCode(ctx context.Context, subject string) (string, error) {
	var details string
	err := a.DB.Get(ctx, canaryA, `SELECT details FROM outbox WHERE tenant_id = $1 AND subject_id = $2 AND channel = $3 AND template = 'account-verify'
		ORDER BY created_at DESC, message_id LIMIT 1`, []any{canaryA, subject, string(notify.Email)}, &details)
	if err != nil {
		return "", fault.Wrap("app.mailedCode", err)
	}
	var said map[string]string
	if err := json.Unmarshal([]byte(details), &said); err != nil || said[notify.Code] == "" {
		return "", fault.New("app.mailedCode", fault.Other, "the mail has no code")
	}
	return a.Accounts.CodeOf(canaryA, said[notify.Code]), nil
}
