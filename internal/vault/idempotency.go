package vault

import (
	"crypto/subtle"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// idempotencyKept is how long an idempotency key is remembered.
const idempotencyKept = 24 * time.Hour

const (
	minIdempotencyKey = 1
	maxIdempotencyKey = 128
)

func (i Idempotency) check() error {
	if len(i.Key) < minIdempotencyKey || len(i.Key) > maxIdempotencyKey {
		return fault.New("vault.idempotency", fault.Invalid, "an idempotency key has %d to %d characters", minIdempotencyKey, maxIdempotencyKey)
	}
	return nil
}

func errOtherRequest() error {
	return fault.New("vault.replay", fault.Conflict, "the idempotency key was used for another request").
		WithHint("use a new key for a new request")
}

// replay reads the outcome of an earlier request with the same key, if there is one, into out.
func (v *Vault) replay(tx *db.Tx, q *question, idem Idempotency, out any) (found bool, no, err error) {
	const op = "vault.replay"
	if idem.Key == "" {
		return false, nil, nil
	}
	if no := idem.check(); no != nil {
		return false, no, nil
	}
	keys, err := v.liveKeys(tx, q.target.Tenant)
	if err != nil {
		return false, nil, fault.Wrap(op, err)
	}
	for _, key := range keys {
		var request, outcome []byte
		err := tx.One(`SELECT request_hash, outcome FROM idempotency WHERE tenant_id = $1 AND credential_id = $2 AND key_hash = $3`,
			[]any{q.target.Tenant, q.caller.Credential.ID, hashKey(key, idem.Key)}, &request, &outcome)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return false, nil, fault.Wrap(op, err)
		}
		if subtle.ConstantTimeCompare(request, idem.Request[:]) != 1 {
			return false, errOtherRequest(), nil
		}
		return true, nil, fault.As(op, fault.Other, json.Unmarshal(outcome, out))
	}
	return false, nil, nil
}

// remember keeps an outcome: ids and a version, which are swept with the person they belong to.
// A batch belongs to nobody (subject ""); its outcome is forgotten with the key, after a day.
// The hash is made under the tenant's newest key; older ones stay as long as it may be asked for.
func (v *Vault) remember(tx *db.Tx, q *question, subject string, idem Idempotency, out any) error {
	if idem.Key == "" {
		return nil
	}
	keys, err := v.liveKeys(tx, q.target.Tenant)
	if err != nil {
		return fault.Wrap("vault.remember", err)
	}
	if len(keys) == 0 {
		return fault.New("vault.remember", fault.NotFound, "no such tenant")
	}
	outcome, err := json.Marshal(out)
	if err != nil {
		return fault.As("vault.remember", fault.Other, err)
	}
	_, err = tx.Exec(`INSERT INTO idempotency (tenant_id, credential_id, key_hash, request_hash, subject_id, outcome, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		q.target.Tenant, q.caller.Credential.ID, hashKey(keys[0], idem.Key), idem.Request[:], subject, outcome, micros(tx.Now()))
	return fault.Wrap("vault.remember", err)
}

// hashKey keeps what a caller put into a key out of the store: people do put an address there, and
// a plain hash of one can be guessed.
func hashKey(key *keyring.TenantKey, idem string) []byte {
	sum := key.Lookup("", "idempotency", idem)
	return sum[:]
}
