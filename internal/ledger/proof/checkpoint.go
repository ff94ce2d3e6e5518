package proof

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is a log's signed head: which log, how many entries, and the root over them.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Hash
}

// OpenCheckpoint checks the signature of a checkpoint by a verifier key in note format and reads
// it. The key's name must be the checkpoint's origin: a key signs for one log.
func OpenCheckpoint(signed []byte, vkey string) (Checkpoint, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return Checkpoint{}, errors.New("the verifier key is malformed")
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint is not signed by the key of %s", v.Name())
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("the checkpoint is of another log than %s", v.Name())
	}
	return c, nil
}

// parseCheckpoint reads the text of a checkpoint: origin, size, root, and extension lines, which
// are ignored.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, errors.New("the checkpoint has too few lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("the size in the checkpoint is malformed")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return Checkpoint{}, errors.New("the root in the checkpoint is malformed")
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: Hash(root)}, nil
}

// KeyFor returns the verifier key of another log of the same server: its logs have one public key,
// and are named origin/tenant.
func KeyFor(vkey, tenant string) (string, error) {
	bad := errors.New("the verifier key is malformed: it is like clause.example/acme+1a2b3c4d+Ae…")
	if _, err := note.NewVerifier(vkey); err != nil {
		return "", bad
	}
	name, rest, _ := strings.Cut(vkey, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	slash := strings.LastIndexByte(name, '/')
	if err != nil || len(key) != 1+ed25519.PublicKeySize || slash < 0 {
		return "", bad
	}
	return note.NewEd25519VerifierKey(name[:slash+1]+tenant, key[1:])
}

// TenantOf is the tenant that a log's verifier key or origin names.
func TenantOf(origin string) string {
	name, _, _ := strings.Cut(origin, "+")
	return name[strings.LastIndexByte(name, '/')+1:]
}
