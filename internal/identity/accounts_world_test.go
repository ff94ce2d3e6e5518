package identity_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/identity/session"
)

// people is a vault as small as accounts need it.
type people struct {
	mu     sync.Mutex
	keys   map[string]cipher.AEAD // of who is there
	erased map[string]bool
	login  map[string]string // by folded address
	given  map[string]*identity.Registration
	fail   error // of the next Fill
	calls  int
}

func (p *people) Named(_ context.Context, _, login string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if s, ok := p.login[strings.ToLower(login)]; ok {
		return s, nil
	}
	return "", fault.New("people.Named", fault.NotFound, "nobody")
}

func (p *people) Enrol(context.Context, string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := make([]byte, 32)
	rand.Read(key)
	block, _ := aes.NewCipher(key)
	made, _ := cipher.NewGCMWithRandomNonce(block)
	id := fmt.Sprintf("sub_%d", len(p.keys)+len(p.erased))
	p.keys[id] = made
	return id, nil
}

func (p *people) Fill(_ context.Context, _, subject string, r *identity.Registration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.fail; err != nil {
		p.fail = nil
		return err
	}
	if was, ok := p.login[strings.ToLower(r.Login)]; ok && was != subject {
		return fault.New("people.Fill", fault.Conflict, "taken")
	}
	p.login[strings.ToLower(r.Login)], p.given[subject] = subject, r
	return nil
}

func (p *people) Erase(_ context.Context, _, subject string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.keys, subject)
	delete(p.given, subject)
	p.erased[subject] = true
	for login, of := range p.login {
		if of == subject {
			delete(p.login, login)
		}
	}
	return nil
}

type person struct {
	cipher.AEAD
	id string
}

func (p person) Name() string { return "p_" + p.id }

func (p person) Seal(what, id string, plain []byte) ([]byte, error) {
	return p.AEAD.Seal(nil, nil, plain, []byte(p.id+what+id)), nil
}

func (p person) Open(what, id string, sealed []byte) ([]byte, error) {
	return p.AEAD.Open(nil, nil, sealed, []byte(p.id+what+id))
}

func (p *people) Person(_ *db.Tx, subject string) (identity.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.erased[subject] {
		return nil, fault.New("people.Person", fault.Erased, "gone")
	}
	key, ok := p.keys[subject]
	if !ok {
		return nil, fault.New("people.Person", fault.NotFound, "nobody")
	}
	return person{key, subject}, nil
}

// world is accounts over a real store, at a clock of the test's.
type world struct {
	testing.TB
	*identity.Accounts
	people *people
	mails  []identity.Mail

	mu     sync.Mutex
	at     time.Time
	waited time.Duration
}

const (
	tenant = "clesaro"
	ana    = "ana@example.ae"
	place  = "192.0.2.7"
	strong = "gentle copper walrus 41 moons"
	other  = "seven quiet lanterns under ice"
)

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(time.Microsecond)
	return w.at
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func eachAccounts(t *testing.T, run func(w *world)) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		w := &world{TB: t, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
		run(w.over(open(func(c *db.Config) { c.Now = w.now })))
	})
}

func (w *world) over(d *db.DB) *world {
	w.people = &people{keys: map[string]cipher.AEAD{}, erased: map[string]bool{}, login: map[string]string{}, given: map[string]*identity.Registration{}}
	w.Accounts = &identity.Accounts{
		DB: d, People: w.people, Key: [32]byte{7}, Now: w.now,
		Sessions: &session.Sessions{DB: d, Key: [32]byte{8}, Idle: 2 * time.Hour, Longest: 24 * time.Hour},
		Hasher:   password.NewHasher(password.Rule{Algorithm: password.Bcrypt, Cost: 4}, 2),
		Rules:    identity.Rules{MinAge: 18, MinAgeClause: "children", SignIn: "email-verification"},
		Wait: func(_ context.Context, d time.Duration) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.waited += d
		},
		Mail: func(_ *db.Tx, m identity.Mail) error {
			w.mails = append(w.mails, m)
			return nil
		},
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused checks the kind of an error.
func (w *world) refused(kind fault.Kind, err error) {
	w.Helper()
	if !fault.Is(err, kind) {
		w.Errorf("got %v, want it %v", err, kind)
	}
}

func registration(login, secret string) identity.Registration {
	return identity.Registration{
		Login: login, Password: secret, Language: "ar", Born: time.Date(1990, 5, 1, 0, 0, 0, 0, time.UTC), Consents: []string{"insights"},
		Fields: map[string]map[string]json.RawMessage{"identity": {"first_name": json.RawMessage(`"Ana"`), "email": json.RawMessage(`"` + login + `"`)}},
	}
}

func (w *world) register(login, secret string) {
	w.Helper()
	w.must(w.Register(w.Context(), tenant, registration(login, secret), place))
}

func (w *world) Context() context.Context { return context.Background() }

// last returns the newest mail, which must be of a sort.
func (w *world) last(template string) identity.Mail {
	w.Helper()
	if len(w.mails) == 0 || w.mails[len(w.mails)-1].Template != template {
		w.Fatalf("the mails are %v, the last one should be %s", w.mails, template)
	}
	return w.mails[len(w.mails)-1]
}

func (w *world) code(template string) string {
	w.Helper()
	return w.CodeOf(tenant, w.last(template).Code)
}

// join makes a verified account.
func (w *world) join(login, secret string) identity.SignedIn {
	w.Helper()
	w.register(login, secret)
	in, err := w.Verify(w.Context(), tenant, w.code("account-verify"), secret, place, session.Device{})
	w.must(err)
	return in
}

func (w *world) signIn(login, secret string) (identity.SignedIn, error) {
	return w.SignIn(w.Context(), tenant, login, secret, place, session.Device{})
}

// who returns who is signed in by a token.
func (w *world) who(token string) string {
	s, err := w.Sessions.Check(w.Context(), tenant, token, w.now())
	if err != nil {
		return ""
	}
	return s.Subject
}

// stored returns every byte of the tables of accounts.
func (w *world) stored() []byte {
	w.Helper()
	var all bytes.Buffer
	w.must(w.DB.Read(w.Context(), tenant, func(tx *db.Tx) error {
		for _, q := range []string{
			`SELECT subject_id, state, sealed FROM accounts WHERE tenant_id = $1`,
			`SELECT session_id, subject_id, secret_hash FROM sessions WHERE tenant_id = $1`,
		} {
			if err := tx.Each(q, []any{tenant}, func(scan func(...any) error) error {
				var a, b string
				var c []byte
				err := scan(&a, &b, &c)
				fmt.Fprintf(&all, "%s %s %s\n", a, b, c)
				return err
			}); err != nil {
				return err
			}
		}
		return tx.Each(`SELECT code_id, subject_id, kind FROM account_codes WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
			var a, b, c string
			err := scan(&a, &b, &c)
			fmt.Fprintln(&all, a, b, c)
			return err
		})
	}))
	return all.Bytes()
}
