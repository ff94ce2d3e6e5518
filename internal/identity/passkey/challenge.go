package passkey

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"clause.dev/clause/internal/fault"
)

// A challenge is 128 random bits, the time it holds until, and a signature over both, what it is for and whom.
// So asking for one stores nothing that could be asked for until the store is full; one that was answered
// well is noted until its time is over, and not taken again.
const (
	nonceBytes = 16
	headBytes  = nonceBytes + 8
	lasts      = 10 * time.Minute
)

var b64 = base64.RawURLEncoding

// Once is a challenge that was answered. Whoever takes the answer notes it, in the same transaction.
type Once struct {
	ID    string
	Until time.Time
}

func (p *Party) challenge(what string, whom []string, now time.Time) []byte {
	head := make([]byte, headBytes)
	rand.Read(head[:nonceBytes]) // never fails: Go ends the program instead
	binary.BigEndian.PutUint64(head[nonceBytes:], uint64(now.Add(lasts).UnixMicro()))
	return append(head, p.sign(what, whom, head)...)
}

func (p *Party) sign(what string, whom []string, head []byte) []byte {
	mac := hmac.New(sha256.New, p.key[:])
	for _, part := range append([]string{what}, whom...) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	mac.Write(head)
	return mac.Sum(nil)
}

// mine returns what must be noted of a challenge, if it was made here, for this, and holds at now.
func (p *Party) mine(what string, whom []string, text string, now time.Time) (Once, error) {
	raw, err := b64.Strict().DecodeString(text)
	if err != nil || len(raw) != headBytes+sha256.Size || !hmac.Equal(raw[headBytes:], p.sign(what, whom, raw[:headBytes])) {
		return Once{}, wrong()
	}
	until := time.UnixMicro(int64(binary.BigEndian.Uint64(raw[nonceBytes:headBytes]))).UTC()
	if !now.Before(until) {
		return Once{}, fault.New("passkey.challenge", fault.Unauthenticated, "this took too long").WithHint("try once more")
	}
	return Once{ID: b64.EncodeToString(raw[:nonceBytes]), Until: until}, nil
}
