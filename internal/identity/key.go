package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// A key is prefix, id, "_", secret; so that a leaked one is found by scanners that look for the
// prefix, and a lost one can be named by its id.
const (
	prefix    = "clause_"
	idLen     = 16 // 95 bits
	secretLen = 43 // 256 bits
	keyLen    = len(prefix) + idLen + 1 + secretLen

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newKey returns a random key and the id in it.
func newKey() (id, key string) {
	id = text(idLen)
	return id, prefix + id + "_" + text(secretLen)
}

// text returns n random base62 letters, each equally likely: bytes beyond the last multiple of 62
// are thrown away.
func text(n int) string {
	out := make([]byte, 0, n)
	var random [64]byte
	for {
		rand.Read(random[:]) // never fails: Go ends the program instead
		for _, b := range random {
			if b >= 4*62 {
				continue
			}
			if out = append(out, base62[b%62]); len(out) == n {
				return string(out)
			}
		}
	}
}

// parseKey returns the id in a key. Its cost is bounded whatever is sent.
func parseKey(key string) (id string, ok bool) {
	if len(key) != keyLen || !strings.HasPrefix(key, prefix) {
		return "", false
	}
	id, secret := key[len(prefix):len(prefix)+idLen], key[keyLen-secretLen:]
	return id, letters(id) && letters(secret) && key[len(prefix)+idLen] == '_'
}

// hashOf binds the id too, since it is part of the key.
func hashOf(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }

func letters(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) {
			return false
		}
	}
	return true
}

func letter(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
