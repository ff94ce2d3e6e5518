package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

const (
	keySize     = 32      // AES-256
	overhead    = 12 + 16 // nonce in front, tag behind
	wrapFormat  = 1       // the first byte of a wrapped key
	wrappedSize = 1 + keySize + overhead
)

// newAEAD returns AES-256-GCM with a random nonce in front of each ciphertext. The key is 32 bytes.
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // a key of another length: a bug of this package
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// derive returns a key for one use, told by label, of a key that is itself never used directly.
func derive(key []byte, label string) []byte {
	out, err := hkdf.Expand(sha256.New, key, label, keySize)
	if err != nil {
		panic(err) // 32 bytes in, 32 bytes out: cannot fail
	}
	return out
}

func deriveAEAD(key []byte, label string) cipher.AEAD {
	derived := derive(key, label)
	defer clear(derived)
	return newAEAD(derived)
}

func newKey() (key [keySize]byte) {
	rand.Read(key[:])
	return key
}

// wrap seals a key under another one: format, nonce, ciphertext, tag; 61 bytes.
func wrap(aead cipher.AEAD, bound []byte, key *[keySize]byte) []byte {
	out := make([]byte, 1, wrappedSize)
	out[0] = wrapFormat
	return aead.Seal(out, nil, key[:], bound)
}

func unwrap(aead cipher.AEAD, bound, wrapped []byte) (key [keySize]byte, ok bool) {
	if len(wrapped) != wrappedSize || wrapped[0] != wrapFormat {
		return key, false
	}
	_, err := aead.Open(key[:0], nil, wrapped[1:], bound)
	return key, err == nil
}

// appendPart appends a part of bound data after its length, so that no two lists of parts are alike.
func appendPart[T string | []byte](dst []byte, part T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(part)))
	return append(dst, part...)
}

func appendNumber(dst []byte, n int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(n)) }
