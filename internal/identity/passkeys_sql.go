package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/passkey"
)

// keptPasskey is a passkey and where it stands.
type keptPasskey struct {
	id string
	passkey.Key
}

// passkeyID is where a passkey stands: it says nothing of the key's own id, by which a device could be known
// again elsewhere.
func (a *Accounts) passkeyID(tenant string, key []byte) string {
	mac := hmac.New(sha256.New, a.Key[:])
	mac.Write([]byte("passkey\x00" + tenant + "\x00"))
	mac.Write(key)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// passkeysOf reads the passkeys of a person, the oldest first.
func passkeysOf(tx *db.Tx, of *account) (all []keptPasskey, err error) {
	err = tx.Each(`SELECT passkey_id, sealed FROM passkeys WHERE tenant_id = $1 AND subject_id = $2 ORDER BY added_at, passkey_id`,
		[]any{tx.Tenant(), of.subject}, func(scan func(...any) error) error {
			var k keptPasskey
			var sealed []byte
			if err := scan(&k.id, &sealed); err != nil {
				return err
			}
			plain, err := of.person.Open("passkey", k.id, sealed)
			if err != nil {
				return err
			}
			if err := json.Unmarshal(plain, &k.Key); err != nil {
				return fault.New("identity.passkeysOf", fault.Other, "a stored passkey cannot be read")
			}
			all = append(all, k)
			return nil
		})
	return all, err
}

// addPasskey stores a new passkey; Conflict if somebody has it, whoever that is.
func (a *Accounts) addPasskey(tx *db.Tx, of *account, k passkey.Key) error {
	kept := keptPasskey{a.passkeyID(tx.Tenant(), k.ID), k}
	sealed, err := kept.seal(of)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`INSERT INTO passkeys (tenant_id, passkey_id, subject_id, sealed, added_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, passkey_id) DO NOTHING`,
		tx.Tenant(), kept.id, of.subject, sealed, k.Added.UnixMicro())
	if err == nil && n == 0 {
		err = fault.New("identity.AddPasskey", fault.Conflict, "this passkey is here already")
	}
	return err
}

func savePasskey(tx *db.Tx, of *account, k keptPasskey) error {
	sealed, err := k.seal(of)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE passkeys SET sealed = $4 WHERE tenant_id = $1 AND passkey_id = $2 AND subject_id = $3`, tx.Tenant(), k.id, of.subject, sealed)
	return err
}

func (k *keptPasskey) seal(of *account) ([]byte, error) {
	plain, err := json.Marshal(k.Key)
	if err != nil {
		return nil, fault.As("identity.passkey", fault.Other, err)
	}
	return of.person.Seal("passkey", k.id, plain)
}

// spend notes that a challenge was answered; false if it was before. What is over is forgotten.
func spend(tx *db.Tx, once passkey.Once) (bool, error) {
	if _, err := tx.Exec(`DELETE FROM spent_challenges WHERE tenant_id = $1 AND until_at <= $2`, tx.Tenant(), tx.Now().UnixMicro()); err != nil {
		return false, err
	}
	n, err := tx.Exec(`INSERT INTO spent_challenges (tenant_id, challenge_id, until_at) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, challenge_id) DO NOTHING`,
		tx.Tenant(), once.ID, once.Until.UnixMicro())
	return n == 1, err
}
