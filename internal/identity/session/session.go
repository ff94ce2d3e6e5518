// Package session keeps who is signed in.
//
// A session's token is "<id>.<secret>.<signature>": the secret is 256 random bits, of which the store keeps
// the SHA-256; the signature refuses what was never issued here before the store is asked. Every failed
// proof gives the same error, whether a token is forged, unknown, ended or too old.
//
// What is known of the device, its address and browser, is in memory alone: a restart forgets it.
package session

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Sessions are the sessions of one store. Safe for use by many at once.
type Sessions struct {
	DB      *db.DB
	Key     [32]byte      // signs tokens; the same on all servers of a store
	Idle    time.Duration // how long one lasts unused
	Longest time.Duration // how long one lasts at most

	devices devices
}

// Session is somebody signed in. Times are UTC.
type Session struct {
	ID, Subject string
	Began       time.Time
	Seen        time.Time // to within a tenth of Idle
	Strong      time.Time // when a second factor was proven; zero: none was
	Until       time.Time // when it ends at the latest
	Device      Device
}

// Device is what is known of where a session is used, empty after a restart.
type Device struct {
	Address string // without its last part
	Browser string // such as Firefox on Android
}

const (
	idBytes     = 12
	secretBytes = 32
)

var b64 = base64.RawURLEncoding

// tokenLen is the length of every token.
var tokenLen = b64.EncodedLen(idBytes) + 1 + b64.EncodedLen(secretBytes) + 1 + b64.EncodedLen(sha256.Size)

// Proof is what a person has proven when a session begins.
type Proof uint8

// The proofs.
const (
	First  Proof = iota // the password, or a code sent by mail; and no second factor is set up
	Half                // the same, and a second factor is still to be proven: Check refuses the session
	Second              // a second factor too
)

// halfLasts is how long somebody has to prove the second factor.
const halfLasts = 5 * time.Minute

// Begin signs a person in: a new session and its token, which is shown this once. It is always a new one: a
// token from before the log-in is never taken over, so that none can be planted (session fixation).
func (s *Sessions) Begin(tx *db.Tx, subject string, proven Proof, on Device) (Session, string, error) {
	id, secret := random(idBytes), random(secretBytes)
	now := tx.Now()
	made := Session{ID: id, Subject: subject, Began: now, Seen: now, Until: now.Add(s.Longest), Device: on}
	switch proven {
	case Half:
		made.Until = now.Add(halfLasts)
	case Second:
		made.Strong = now
	}
	token := id + "." + secret
	hash := sha256.Sum256([]byte(token))
	_, err := tx.Exec(`INSERT INTO sessions (tenant_id, session_id, subject_id, secret_hash, half, began_at, seen_at, strong_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)`,
		tx.Tenant(), id, subject, hash[:], proven == Half, now.UnixMicro(), db.Micros(made.Strong), made.Until.UnixMicro())
	if err != nil {
		return Session{}, "", fault.Wrap("session.Begin", err)
	}
	s.devices.put(tx.Tenant(), id, on)
	return made, token + "." + s.sign(tx.Tenant(), token), nil
}

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: Go ends the program instead
	return b64.EncodeToString(b)
}

// sign binds a token to the tenant too: a token of one tenant is nothing at another's door.
func (s *Sessions) sign(tenant, token string) string {
	mac := hmac.New(sha256.New, s.Key[:])
	mac.Write([]byte(tenant))
	mac.Write([]byte{0})
	mac.Write([]byte(token))
	return b64.EncodeToString(mac.Sum(nil))
}

// Check returns the session whose token this is, if it lasts at now. All that is wrong with a token is one
// fault, Unauthenticated; a store that cannot be asked is Unavailable.
func (s *Sessions) Check(ctx context.Context, tenant, token string, now time.Time) (Session, error) {
	found, err := s.check(ctx, tenant, token, now, false)
	if err == nil && now.Sub(found.Seen) > s.Idle/10 {
		err = s.touch(ctx, tenant, found.ID)
	}
	return found, err
}

// CheckHalf is Check of a session whose second factor is still to be proven, and of no other.
func (s *Sessions) CheckHalf(ctx context.Context, tenant, token string, now time.Time) (Session, error) {
	return s.check(ctx, tenant, token, now, true)
}

func (s *Sessions) check(ctx context.Context, tenant, token string, now time.Time, half bool) (Session, error) {
	id, hash, ok := s.parse(tenant, token)
	if !ok {
		return Session{}, notSignedIn()
	}
	r := row{Session: Session{ID: id}}
	err := s.DB.Get(ctx, tenant, `SELECT `+columns+` FROM sessions WHERE tenant_id = $1 AND session_id = $2`, []any{tenant, id}, r.dest()...)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Session{}, fault.Wrap("session.Check", err)
	}
	if err != nil || subtle.ConstantTimeCompare(r.hash, hash[:]) != 1 {
		return Session{}, notSignedIn()
	}
	found := r.session()
	if (r.half != 0) != half || !s.lasts(&found, now) {
		return Session{}, notSignedIn()
	}
	found.Device, _ = s.devices.get(tenant, id)
	return found, nil
}

// lasts reports whether a session is not over. A clock set back makes none last longer than it would.
func (s *Sessions) lasts(of *Session, now time.Time) bool {
	return now.Before(of.Until) && now.Before(of.Seen.Add(s.Idle)) && !now.Before(of.Began.Add(-s.Idle))
}

// parse takes a token apart, once its signature has proven that it was issued here.
func (s *Sessions) parse(tenant, token string) (id string, hash [sha256.Size]byte, ok bool) {
	if len(token) != tokenLen {
		return "", hash, false
	}
	end := strings.LastIndexByte(token, '.')
	if end < 0 || !hmac.Equal([]byte(s.sign(tenant, token[:end])), []byte(token[end+1:])) {
		return "", hash, false
	}
	id, _, ok = strings.Cut(token[:end], ".")
	return id, sha256.Sum256([]byte(token[:end])), ok
}

func notSignedIn() error {
	return fault.New("session.Check", fault.Unauthenticated, "nobody is signed in").WithHint("sign in")
}

// touch notes that a session is in use.
func (s *Sessions) touch(ctx context.Context, tenant, id string) error {
	return s.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE sessions SET seen_at = $3 WHERE tenant_id = $1 AND session_id = $2`, tenant, id, tx.Now().UnixMicro())
		return err
	})
}

// End signs a session out, at once; NotFound if the person has no such session.
func (s *Sessions) End(tx *db.Tx, subject, id string) error {
	n, err := tx.Exec(`DELETE FROM sessions WHERE tenant_id = $1 AND session_id = $2 AND subject_id = $3`, tx.Tenant(), id, subject)
	if err == nil && n == 0 {
		err = fault.New("session.End", fault.NotFound, "there is no such session")
	}
	s.devices.forget(tx.Tenant(), id)
	return err
}

// EndOthers signs a person out everywhere but in one session, and returns how many ended.
func (s *Sessions) EndOthers(tx *db.Tx, subject, except string) (int64, error) {
	return tx.Exec(`DELETE FROM sessions WHERE tenant_id = $1 AND subject_id = $2 AND session_id <> $3`, tx.Tenant(), subject, except)
}

// EndAll signs a person out everywhere.
func (s *Sessions) EndAll(tx *db.Tx, subject string) error {
	_, err := s.EndOthers(tx, subject, "")
	return err
}

// Of lists a person's sessions that last, the newest first.
func (s *Sessions) Of(tx *db.Tx, subject string) (all []Session, err error) {
	stored, err := s.Stored(tx, subject)
	for i := range stored {
		if one := &stored[i]; !one.Half && s.lasts(&one.Session, tx.Now()) {
			all = append(all, one.Session)
		}
	}
	return all, err
}

// Stored is a session as it is stored, also one that is over.
type Stored struct {
	Session
	Half bool // a second factor is still to be proven
}

// Stored lists all that are stored of a person, the newest first.
func (s *Sessions) Stored(tx *db.Tx, subject string) (all []Stored, err error) {
	err = tx.Each(`SELECT `+columns+` FROM sessions WHERE tenant_id = $1 AND subject_id = $2 ORDER BY began_at DESC, session_id`,
		[]any{tx.Tenant(), subject}, func(scan func(...any) error) error {
			var r row
			if err := scan(r.dest()...); err != nil {
				return err
			}
			all = append(all, Stored{r.session(), r.half != 0})
			return nil
		})
	for i := range all {
		all[i].Device, _ = s.devices.get(tx.Tenant(), all[i].ID)
	}
	return all, err
}

// Tidy removes the sessions of tx's tenant that are over.
func (s *Sessions) Tidy(tx *db.Tx) error {
	now := tx.Now()
	_, err := tx.Exec(`DELETE FROM sessions WHERE tenant_id = $1 AND (until_at <= $2 OR seen_at <= $3)`, tx.Tenant(), now.UnixMicro(), now.Add(-s.Idle).UnixMicro())
	return err
}

// Cookie is the one cookie there is: gone when the browser closes, never read by a script, never sent in the
// clear or from another site's form. The prefix binds it to this host alone (RFC 6265bis section 4.1.3.2).
func Cookie(name, token string) *http.Cookie {
	c := &http.Cookie{Name: name, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1 // signing out
	}
	return c
}

type row struct {
	Session
	hash                             []byte
	half, began, seen, strong, until int64
}

const columns = `session_id, subject_id, secret_hash, half, began_at, seen_at, strong_at, until_at`

func (r *row) dest() []any {
	return []any{&r.ID, &r.Subject, &r.hash, &r.half, &r.began, &r.seen, &r.strong, &r.until}
}

func (r *row) session() Session {
	r.Began, r.Seen, r.Strong, r.Until = db.Moment(r.began), db.Moment(r.seen), db.Moment(r.strong), db.Moment(r.until)
	return r.Session
}
