package keyring

import (
	"crypto/cipher"

	"clause.dev/clause/internal/fault"
)

// SubjectKey is the key of one person's records, the same in every epoch: only what wraps it changes.
// It is safe for concurrent use. Once its id is destroyed it fails with Erased, though the value is
// still in memory.
type SubjectKey struct {
	ring *Ring
	id   ID
	raw  [keySize]byte // kept to be wrapped anew
	aead cipher.AEAD
}

// NewSubjectKey makes a subject's key. wrapped is for the store, 61 bytes.
func (k *TenantKey) NewSubjectKey(subject string) (key *SubjectKey, wrapped []byte, err error) {
	const op = "keyring.NewSubjectKey"
	if subject == "" {
		return nil, nil, fault.New(op, fault.Invalid, "a subject key needs a subject")
	}
	s := &SubjectKey{ring: k.ring, id: NewID(), raw: newKey()}
	s.aead = newAEAD(s.raw[:])
	wrapped, err = k.wrapSubject(op, subject, s)
	if err != nil {
		return nil, nil, err
	}
	return s, wrapped, nil
}

// OpenSubjectKey opens a wrapped subject key. It is Erased if the subject's or the tenant's key was
// destroyed, and Other if wrapped was altered or belongs to another subject, tenant, id or store.
func (k *TenantKey) OpenSubjectKey(subject string, id ID, wrapped []byte) (*SubjectKey, error) {
	const op = "keyring.OpenSubjectKey"
	if k.ring.destroyed.has(id) {
		return nil, fault.New(op, fault.Erased, "the subject's key was destroyed")
	}
	if err := k.usable(op); err != nil {
		return nil, err
	}
	s := &SubjectKey{ring: k.ring, id: id}
	var ok bool
	if s.raw, ok = unwrap(k.wraps, k.boundSubject(subject, id), wrapped); !ok {
		return nil, fault.New(op, fault.Other, "the subject's wrapped key was altered, or is not of this place")
	}
	s.aead = newAEAD(s.raw[:])
	return s, nil
}

// Rewrap wraps a subject's key under this tenant key, for a new epoch. The subject's key must have been
// opened for the same subject of the same tenant.
func (k *TenantKey) Rewrap(subject string, s *SubjectKey) (wrapped []byte, err error) {
	return k.wrapSubject("keyring.Rewrap", subject, s)
}

func (k *TenantKey) wrapSubject(op, subject string, s *SubjectKey) ([]byte, error) {
	if err := k.usable(op); err != nil {
		return nil, err
	}
	if err := s.usable(op); err != nil {
		return nil, err
	}
	return wrap(k.wraps, k.boundSubject(subject, s.id), &s.raw), nil
}

func (k *TenantKey) boundSubject(subject string, id ID) []byte {
	bound := make([]byte, 0, 96+len(k.tenant)+len(subject))
	bound = append(bound, "clause subject key v1"...)
	bound = append(bound, k.ring.store[:]...)
	bound = append(bound, id[:]...)
	bound = appendPart(bound, k.tenant)
	return appendPart(bound, subject)
}

// ID returns the key's random id, which Ring.Destroy takes.
func (s *SubjectKey) ID() ID { return s.id }

// Seal encrypts plain, binds it to bound and appends the result, 28 bytes longer, to dst. plain and dst
// must not overlap, unless dst is plain[:0].
func (s *SubjectKey) Seal(dst, bound, plain []byte) ([]byte, error) {
	if err := s.usable("keyring.SubjectKey.Seal"); err != nil {
		return nil, err
	}
	return s.aead.Seal(dst, nil, plain, bound), nil
}

// Open decrypts what Seal appended for the same bound data and appends it to dst. It is Other if sealed
// was altered or is bound elsewhere.
func (s *SubjectKey) Open(dst, bound, sealed []byte) ([]byte, error) {
	const op = "keyring.SubjectKey.Open"
	if err := s.usable(op); err != nil {
		return nil, err
	}
	plain, err := s.aead.Open(dst, nil, sealed, bound)
	if err != nil {
		return nil, notAuthentic(op)
	}
	return plain, nil
}

func (s *SubjectKey) usable(op string) error {
	if s.ring.destroyed.has(s.id) {
		return fault.New(op, fault.Erased, "the subject's key was destroyed")
	}
	return nil
}
