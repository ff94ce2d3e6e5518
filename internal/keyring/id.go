package keyring

import (
	"crypto/rand"
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
