// Package ledger keeps everything that happened, in order, tamper-evident: one log per tenant, and
// one of the organisation that holds the tenants' heads.
//
// Append writes an entry in the transaction of the change it tells of. All entries that share a
// physical transaction become one row of ledger_chunks and one update of the tenant's row in
// ledger_heads, which every appending transaction locks: so a log has no gaps, whoever writes.
// A head holds the log's size and its right edge (the roots of the complete subtrees, from left to
// right), which is all that is needed to append. Format and verifier are in package proof.
package ledger

import (
	"crypto/ed25519"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"golang.org/x/mod/sumdb/note"
)

// Log serves and checks the logs of a store. Appending needs no Log: see Append.
type Log struct {
	db     *db.DB
	key    ed25519.PrivateKey
	origin string
}

// New returns the logs in d, whose checkpoints are signed with key. The origin names the server's
// logs for good, such as "clesaro.example/ledger": a tenant's log is "<origin>/<tenant>".
func New(d *db.DB, key ed25519.PrivateKey, origin string) *Log {
	return &Log{db: d, key: key, origin: origin}
}

// Origin is the name of a tenant's log, in its checkpoints and its verifier key.
func (l *Log) Origin(tenant string) string { return l.origin + "/" + tenant }

// VerifierKey is the key that checks the checkpoints of a tenant's log, in the note format
// "<origin>+<hash>+<base64>". It is empty if the origin cannot stand in a note.
func (l *Log) VerifierKey(tenant string) string {
	vkey, err := note.NewEd25519VerifierKey(l.Origin(tenant), l.key.Public().(ed25519.PublicKey))
	if err != nil {
		return ""
	}
	return vkey
}

// signer signs notes with the ledger's key, which the note package would only take as text.
type signer struct {
	key      ed25519.PrivateKey
	verifier note.Verifier
}

func (l *Log) signer(tenant string) (*signer, error) {
	v, err := note.NewVerifier(l.VerifierKey(tenant))
	if err != nil {
		return nil, fault.New("ledger.signer", fault.Invalid, "the origin of the ledger cannot stand in a note").
			WithHint("it must hold no space and no +")
	}
	return &signer{l.key, v}, nil
}

func (s *signer) Name() string                    { return s.verifier.Name() }
func (s *signer) KeyHash() uint32                 { return s.verifier.KeyHash() }
func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// Sign signs a text that is no checkpoint with the key of a tenant's log, and returns the signature's line. A
// text that could pass for a checkpoint is refused: its header must tell what it is.
func (l *Log) Sign(tenant, text string) (signature string, err error) {
	const op = "ledger.Sign"
	s, err := l.signer(tenant)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(text, "clause ") || strings.HasPrefix(text, l.origin) {
		return "", fault.New(op, fault.Invalid, "the text does not tell what it is")
	}
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return "", fault.As(op, fault.Other, err)
	}
	return strings.TrimPrefix(string(signed), text+"\n"), nil
}
