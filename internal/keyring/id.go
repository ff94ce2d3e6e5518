package keyring

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"

	"clause.dev/clause/internal/fault"
)

// ID names a key or a store: 16 random bytes that say nothing about whose it is.
type ID [16]byte

// NewID returns a random id.
func NewID() ID {
	var id ID
	rand.Read(id[:])
	return id
}

// IDOf is the id by which the list of destroyed keys names what is no key of the ring's, such as an application.
func IDOf(kind, name string) ID {
	sum := sha256.Sum256([]byte("clause " + kind + "\x00" + name))
	return ID(sum[:len(ID{})])
}

// ParseID reads what String wrote: 32 lower-case hexadecimal digits. Anything else is Invalid.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != 2*len(id) {
		return ID{}, fault.New("keyring.ParseID", fault.Invalid, "a key id has 32 hexadecimal digits")
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil || id.String() != text {
		return ID{}, fault.New("keyring.ParseID", fault.Invalid, "a key id has 32 lower-case hexadecimal digits")
	}
	return id, nil
}

// String returns the id as 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id was never set.
func (id ID) IsZero() bool { return id == ID{} }

// StoreMark begins the keys under which a store notes which of the destroyed keys it knows of: an older
// copy of the store lacks the note, and so is found out.
const StoreMark = "destroyed:"
