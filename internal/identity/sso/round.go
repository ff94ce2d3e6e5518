package sso

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Rounds are the round trips of browsers to providers and back. Safe for use by many at once, on many servers.
type Rounds struct {
	DB      *db.DB
	Key     [32]byte // makes what goes along with a state; the same on all servers of a store
	Parties []*Party
}

// lasts is how long somebody may be away, and how long what they proved counts until they finish.
const lasts = 10 * time.Minute

// secrets are those of one round. All are made of the state, which the browser carries and the store does not have.
type secrets struct{ state, nonce, verifier string }

var b64 = base64.RawURLEncoding.Strict()

func (r *Rounds) secrets(state string) secrets {
	return secrets{state, b64.EncodeToString(r.mac("nonce", state)), b64.EncodeToString(r.mac("verifier", state))}
}

func (r *Rounds) mac(parts ...string) []byte {
	m := hmac.New(sha256.New, r.Key[:])
	for _, p := range parts {
		m.Write([]byte(p))
		m.Write([]byte{0})
	}
	return m.Sum(nil)
}

// Random is a value that nobody can guess, for the cookie of a browser that signs in.
func Random() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails: Go ends the program instead
	return b64.EncodeToString(b)
}

// Party is the provider with an id; nil if there is none.
func (r *Rounds) Party(id string) *Party {
	if r == nil {
		return nil
	}
	for _, p := range r.Parties {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Title is what the provider of an issuer is called.
func (r *Rounds) Title(issuer string) string {
	if r != nil {
		for _, p := range r.Parties {
			if p.Issuer == issuer {
				return p.Title
			}
		}
	}
	return issuer
}

// Trip is what is remembered of a browser that was sent away.
type Trip struct {
	Browser string // the value of its cookie
	Subject string // who adds the provider to their account; "" for who signs in
	Back    string // where they wanted to go
}

// Begin returns the address at a provider to which a browser is sent.
func (r *Rounds) Begin(ctx context.Context, tenant, id string, t Trip) (string, error) {
	const op = "sso.Begin"
	party := r.Party(id)
	if party == nil {
		return "", fault.New(op, fault.NotFound, "there is no such identity provider")
	}
	s := r.secrets(Random())
	to, err := party.Start(ctx, s)
	if err != nil {
		return "", fault.Wrap(op, err)
	}
	err = r.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM sign_ins WHERE tenant_id = $1 AND until_at <= $2`, tenant, tx.Now().UnixMicro()); err != nil {
			return err
		}
		state, browser := sha256.Sum256([]byte(s.state)), sha256.Sum256([]byte(t.Browser))
		_, err := tx.Exec(`INSERT INTO sign_ins (tenant_id, state_hash, provider, browser, subject_id, back, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			tenant, state[:], id, browser[:], t.Subject, t.Back, tx.Now().Add(lasts).UnixMicro())
		return err
	})
	return to, fault.Wrap(op, err)
}

func over() error {
	return fault.New("sso.End", fault.Unauthenticated, "the sign-in took too long, was used already, or began in another browser").WithHint("begin again")
}

// End takes the answer that a provider sent back with a browser. The round is over, whatever comes of it.
func (r *Rounds) End(ctx context.Context, tenant, id string, answer url.Values, browser string) (*Identity, Trip, error) {
	const op = "sso.End"
	party := r.Party(id)
	if party == nil {
		return nil, Trip{}, fault.New(op, fault.NotFound, "there is no such identity provider")
	}
	state := answer.Get("state")
	t, err := r.take(ctx, tenant, id, state, browser)
	if err != nil {
		return nil, t, fault.Wrap(op, err)
	}
	who, err := party.Finish(ctx, answer, r.secrets(state))
	return who, t, fault.Wrap(op, err)
}

// take ends a round, once.
func (r *Rounds) take(ctx context.Context, tenant, id, state, browser string) (t Trip, err error) {
	if state == "" || browser == "" {
		return t, over()
	}
	good := false
	err = r.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		good = false
		hash, from := sha256.Sum256([]byte(state)), sha256.Sum256([]byte(browser))
		var provider string
		var began []byte
		var until int64
		err := tx.One(`SELECT provider, browser, subject_id, back, until_at FROM sign_ins WHERE tenant_id = $1 AND state_hash = $2`+tx.LockRow(),
			[]any{tenant, hash[:]}, &provider, &began, &t.Subject, &t.Back, &until)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		good = provider == id && subtle.ConstantTimeCompare(began, from[:]) == 1 && tx.Now().UnixMicro() < until
		_, err = tx.Exec(`DELETE FROM sign_ins WHERE tenant_id = $1 AND state_hash = $2`, tenant, hash[:])
		return err
	})
	if err == nil && !good {
		return Trip{}, over()
	}
	t.Browser = browser
	return t, err
}

// pledge is what the server says to itself, by way of the browser, of somebody who proved to be whom a provider knows
// and has no account yet. So nothing is stored of them before they ask for one.
type pledge struct {
	Identity
	Tenant, Browser string
	Until           int64
}

// Pledge keeps an identity with the browser until its person has filled in the form of a new account.
func (r *Rounds) Pledge(tenant, browser string, i *Identity, now time.Time) string {
	// Strings, numbers and booleans: it cannot fail.
	plain, _ := json.Marshal(pledge{*i, tenant, r.browser(browser), now.Add(lasts).UnixMicro()})
	text := b64.EncodeToString(plain)
	return text + "." + b64.EncodeToString(r.mac("pledge", text))
}

// browser stands for a browser's cookie in a page, which scripts could read.
func (r *Rounds) browser(cookie string) string { return b64.EncodeToString(r.mac("browser", cookie)) }

// Redeem returns the identity of a pledge that this server gave to this browser a moment ago.
func (r *Rounds) Redeem(tenant, browser, text string, now time.Time) (*Identity, error) {
	text, mac, _ := strings.Cut(text, ".")
	given, err := b64.DecodeString(mac)
	if err != nil || !hmac.Equal(given, r.mac("pledge", text)) {
		return nil, over()
	}
	plain, err := b64.DecodeString(text)
	if err != nil {
		return nil, over()
	}
	var p pledge
	if json.Unmarshal(plain, &p) != nil || p.Tenant != tenant || p.Browser != r.browser(browser) || browser == "" || now.UnixMicro() >= p.Until || now.Add(lasts).UnixMicro() < p.Until-int64(time.Minute/time.Microsecond) {
		return nil, over()
	}
	return &p.Identity, nil
}
