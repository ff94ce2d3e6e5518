package vault

import (
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// DataSubject is a person in a transaction of a duty: what the duty must know of them, and the means to
// keep under their own key what it keeps of them, so that it goes when they are erased.
type DataSubject struct {
	Standing
	subject *subject
}

// DataSubject loads a person of the transaction's tenant. It decides nothing and releases nothing: a duty
// has admitted its caller, and what it then does with the person's data goes through the vault's other
// functions. A person who is not there is NotFound, one whose keys are gone Erased.
func (v *Vault) DataSubject(tx *db.Tx, id string) (*DataSubject, error) {
	s, err := v.load(tx, tx.Tenant(), id)
	if err != nil {
		return nil, fault.Wrap("vault.DataSubject", err)
	}
	return &DataSubject{Standing: s.stands(), subject: s}, nil
}

// stands is what a person has allowed, refused and restricted.
func (s *subject) stands() Standing {
	return Standing{
		Consents: s.state.consents, Objections: s.state.objections, OptOuts: s.state.optOuts,
		Restricted: s.state.restricted, Electronic: s.state.electronic, Alias: s.state.alias,
	}
}

// Seal encrypts what a duty keeps of the person, bound to what it is and to its own id.
func (d *DataSubject) Seal(what, id string, plain []byte) ([]byte, error) {
	return d.subject.key.Seal(nil, bind("duty", d.subject.tenant, d.subject.id, what, id), plain)
}

// Open decrypts what Seal made for the same thing.
func (d *DataSubject) Open(what, id string, sealed []byte) ([]byte, error) {
	return d.subject.key.Open(nil, bind("duty", d.subject.tenant, d.subject.id, what, id), sealed)
}

// Held reports the legal hold that stands on a person, and until when: what it keeps stays when they are
// erased.
func (v *Vault) Held(tx *db.Tx, tenant, subject string) (reason string, until time.Time, ok bool) {
	h, err := holdIn(tx, tenant, subject)
	if err != nil || !v.Now().Before(h.Until) {
		return "", time.Time{}, false
	}
	return h.Reason, h.Until, true
}
