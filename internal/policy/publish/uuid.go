package publish

import (
	"crypto/sha1" // RFC 9562, section 5.5, names it: an identifier, not a secret
	"encoding/hex"
	"strings"
)

// uuidSpace is the name space of Clause's identifiers: UUIDv5 of https://clause.dev/ns in the name space
// of URLs, RFC 9562, section 6.6.
var uuidSpace = uuid5([16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}, "https://clause.dev/ns")

// uuid names something by its parts: the same parts have the same name, today and on every machine.
func uuid(parts ...string) string {
	u := uuid5(uuidSpace, strings.Join(parts, "\x00"))
	h := hex.EncodeToString(u[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// uuid5 is a UUID of version 5, RFC 9562.
func uuid5(space [16]byte, name string) (u [16]byte) {
	sum := sha1.Sum(append(space[:], name...))
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}
