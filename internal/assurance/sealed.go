package assurance

import (
	"bytes"
	"encoding/json"
	"io"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// words are what a researcher wrote.
type words struct{ Summary, Text, Contact string }

// keyBytes is the size of the report's own key as it is sealed, which precedes what it seals.
const keyBytes = 32

// bound says what is sealed, so that nobody can put another's words in its place.
func bound(tenant, id string) []byte { return []byte("report\x00" + tenant + "\x00" + id) }

// seal seals words with a fresh key, and that under the newest epoch's.
func (d *Desk) seal(tenant string, r *row, w words) error {
	plain, err := json.Marshal(w)
	if err != nil {
		return fault.As("assurance.seal", fault.Other, err)
	}
	key := keyring.NewStreamKey()
	var body bytes.Buffer
	to, err := keyring.SealStream(key, bound(tenant, r.id), &body)
	if err == nil {
		if _, err = to.Write(plain); err == nil {
			err = to.Close()
		}
	}
	if err != nil {
		return fault.Wrap("assurance.seal", err)
	}
	return d.sealKey(tenant, r, key[:], body.Bytes())
}

// sealKey puts the key, sealed under the newest epoch's, before the words.
func (d *Desk) sealKey(tenant string, r *row, key, body []byte) error {
	epoch, wrapped, err := d.Ring.SealBackupKey(key, bound(tenant, r.id))
	if err != nil {
		return fault.Wrap("assurance.seal", err)
	}
	r.epoch = epoch
	r.sealed = append([]byte{byte(len(wrapped))}, append(wrapped, body...)...)
	return nil
}

// openKey returns the key and what it sealed.
func (d *Desk) openKey(tenant string, r *row) (key, body []byte, err error) {
	const op = "assurance.open"
	if len(r.sealed) == 0 || len(r.sealed) < 1+int(r.sealed[0]) {
		return nil, nil, fault.New(op, fault.Erased, "what the researcher wrote is gone")
	}
	end := 1 + int(r.sealed[0])
	key, err = d.Ring.OpenBackupKey(r.epoch, r.sealed[1:end], bound(tenant, r.id))
	if err == nil && len(key) != keyBytes {
		err = fault.New(op, fault.Other, "a report's key is damaged")
	}
	return key, r.sealed[end:], err
}

func (d *Desk) unseal(tenant string, r *row) (w words, err error) {
	key, body, err := d.openKey(tenant, r)
	if err != nil {
		return w, fault.Wrap("assurance.open", err)
	}
	from, err := keyring.OpenStream([keyBytes]byte(key), bound(tenant, r.id), bytes.NewReader(body))
	if err != nil {
		return w, fault.Wrap("assurance.open", err)
	}
	plain, err := io.ReadAll(from)
	if err == nil {
		err = json.Unmarshal(plain, &w)
	}
	return w, fault.As("assurance.open", fault.Other, err)
}

// reseal brings what is sealed under an older epoch's key to the newest, before the older one is destroyed.
func (d *Desk) reseal(tx *db.Tx, r *row) error {
	if len(r.sealed) == 0 || r.epoch == d.Ring.Epoch().Number {
		return nil
	}
	key, body, err := d.openKey(tx.Tenant(), r)
	if fault.Is(err, fault.Erased) { // its epoch is gone: so is it
		r.epoch, r.sealed = 0, []byte{}
		return nil
	}
	if err != nil {
		return err
	}
	return d.sealKey(tx.Tenant(), r, key, body)
}
