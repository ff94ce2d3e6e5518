package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/token"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// Applications are the applications of one store. Safe for use by many at once.
type Applications struct {
	db    *db.DB
	gone  Gone
	cache *cache // nil where another process may revoke a key unseen

	// Tokens signs access tokens; nil: there are none.
	Tokens *token.Signer
}

// New returns the applications kept in d. gone is the list that outlives d. What was authenticated is
// remembered only if no other process can change the store.
func New(d *db.DB, gone Gone) *Applications {
	a := &Applications{db: d, gone: gone}
	if d.Exclusive() {
		a.cache = newCache()
	}
	return a
}

// Create makes an application and the key it proves itself with, which is shown this once: the
// store keeps its hash. actor is the ledger's id of who asked. Id and times are the server's to
// give. Faults: Invalid with the field.
func (a *Applications) Create(ctx context.Context, actor string, app Application) (Application, string, error) {
	const op = "identity.Create"
	if !name(actor) {
		return Application{}, "", invalid("actor", "an application is created by someone the ledger can name")
	}
	app.Expires = app.Expires.UTC().Truncate(time.Microsecond)
	id, key := newKey()
	made := app
	err := a.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		if err := app.check(tx.Now()); err != nil {
			return err
		}
		made = app
		made.ID, made.Created = id, tx.Now()
		if err := insert(tx, &made); err != nil {
			return err
		}
		if err := insertKey(tx, id, Key{ID: id, Created: made.Created}, hashOf(key)); err != nil {
			return err
		}
		return ledger.Append(tx, told("application.create", actor, &made))
	})
	if err != nil {
		return Application{}, "", fault.Wrap(op, err)
	}
	return made, key, nil
}

// told is the ledger's entry; the title stays out, since it is free text.
func told(kind, actor string, app *Application) proof.Entry {
	detail := map[string]string{"application": app.ID}
	if kind == "application.create" {
		detail["environment"], detail["scopes"] = app.Environment, strings.Join(app.Scopes, ":")
		if app.Certificate != "" {
			detail["certificate"] = app.Certificate
		}
		if !app.Expires.IsZero() {
			detail["expires"] = app.Expires.Format(time.RFC3339)
		}
	}
	return proof.Entry{Kind: kind, Actor: actor, Detail: detail}
}

// Authenticate returns the application whose key this is, or whose access token, if it may call at now. shown is the
// client certificate that the handshake verified, nil for none. All that is wrong with any of them is one fault,
// Unauthenticated; a store that cannot be asked is Unavailable.
func (a *Applications) Authenticate(ctx context.Context, key string, shown *x509.Certificate, now time.Time) (Application, error) {
	prove := a.known
	if token.Like(key) {
		prove = a.bearer
	}
	found, err := prove(ctx, key, shown, now)
	return found.app, err
}

// known returns the application of a key that works now.
func (a *Applications) known(ctx context.Context, key string, shown *x509.Certificate, now time.Time) (proven, error) {
	id, ok := parseKey(key)
	if !ok {
		return proven{}, notValid()
	}
	hash := hashOf(key)
	found, seen, known := a.cache.get(hash)
	if !known {
		var err error
		if found, err = a.prove(ctx, id, hash); err != nil {
			return proven{}, err
		}
	}
	if now.IsZero() || !found.live(now) || !found.app.shows(shown) {
		return proven{}, notValid()
	}
	if !known {
		a.cache.put(hash, found, seen)
	}
	return found, nil
}

// prove reads the key with its application and compares the hash. An unknown id costs the same
// comparison, and nothing is decoded before it.
func (a *Applications) prove(ctx context.Context, id string, hash [sha256.Size]byte) (proven, error) {
	stored, err := byKey(ctx, a.db, id)
	unknown := fault.Is(err, fault.NotFound)
	if err != nil && !unknown {
		return proven{}, fault.Wrap("identity.Authenticate", err)
	}
	if unknown {
		stored.hash = make([]byte, sha256.Size)
	}
	if subtle.ConstantTimeCompare(stored.hash, hash[:]) != 1 || unknown {
		return proven{}, notValid()
	}
	app, err := stored.application()
	return proven{app: app, key: Key{ID: id, Expires: db.Moment(stored.until)}}, fault.Wrap("identity.Authenticate", err)
}

func notValid() error {
	return fault.New("identity.Authenticate", fault.Unauthenticated, "the key is not valid").
		WithHint("send a key that was created here and is neither expired nor revoked")
}

// Revoke ends an application and its keys, at once and for good; once more changes nothing. Faults:
// NotFound, Invalid without an actor.
func (a *Applications) Revoke(ctx context.Context, actor, id string) error {
	const op = "identity.Revoke"
	if err := named(op, actor, id); err != nil {
		return err
	}
	// Whatever the outcome, since a failed commit may yet have happened.
	defer a.cache.forget(id)
	var now time.Time
	err := a.db.Read(ctx, "", func(tx *db.Tx) error {
		now = tx.Now()
		_, err := applicationOf(tx, id)
		return err
	})
	if err == nil { // the list first: it outlives a crash, and Reconcile finishes what follows
		err = a.gone.Destroy([]keyring.ID{keyOf(id)}, now)
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, a.revoke(ctx, "application.revoke", actor, id))
}

// List returns all applications, the oldest first, revoked and expired ones too.
func (a *Applications) List(ctx context.Context) ([]Application, error) {
	apps, err := everyApplication(ctx, a.db)
	return apps, fault.Wrap("identity.List", err)
}
