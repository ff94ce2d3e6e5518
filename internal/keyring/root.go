package keyring

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"clause.dev/clause/internal/fault"
)

// Root is where the root key lives. The key never leaves it: a root seals and opens for its caller.
//
// Open MUST fail with fault.Invalid when sealed was not made by this root with the same bound data, and
// with fault.Unavailable when it cannot tell now.
type Root interface {
	Seal(ctx context.Context, plain, bound []byte) ([]byte, error)
	Open(ctx context.Context, sealed, bound []byte) ([]byte, error)
}

type fileRoot struct{ aead cipher.AEAD }

// FileRoot returns a root whose key is in a file: 32 random bytes in base64, mode 0600 or stricter.
// With create, a missing file is made; an existing one is never overwritten.
func FileRoot(path string, create bool) (Root, error) {
	const op = "keyring.FileRoot"
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return nil, fault.New(op, fault.NotFound, "there is no root key file").
				WithHint("give the path of the root key, or make a new one for a new store")
		}
		text, err = createRootFile(path)
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	defer clear(text)
	key := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	defer clear(key)
	n, err := base64.StdEncoding.Strict().Decode(key, bytes.TrimSpace(text))
	if err != nil || n != keySize {
		return nil, fault.New(op, fault.Invalid, "the root key file does not hold 32 bytes in base64").
			WithHint("restore the file from where you keep it; do not edit it")
	}
	return fileRoot{aead: newAEAD(key[:n])}, nil
}

func createRootFile(path string) ([]byte, error) {
	var key [keySize]byte
	rand.Read(key[:])
	defer clear(key[:])
	text := append(base64.StdEncoding.AppendEncode(nil, key[:]), '\n')
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.As("keyring.createRootFile", fault.Other, err)
	}
	err := folder{path: dir}.writeNew(filepath.Base(path), text)
	if fault.Is(err, fault.Conflict) { // another process made it first: that one counts
		return readPrivate(path)
	}
	return text, err
}

func (r fileRoot) Seal(_ context.Context, plain, bound []byte) ([]byte, error) {
	return r.aead.Seal(nil, nil, plain, bound), nil
}

func (r fileRoot) Open(_ context.Context, sealed, bound []byte) ([]byte, error) {
	plain, err := r.aead.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, fault.New("keyring.FileRoot.Open", fault.Invalid, "not sealed by this root key")
	}
	return plain, nil
}
