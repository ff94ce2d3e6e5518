package keyring

import "encoding/binary"

// The stream's format is a row of chunks: nonce (12 bytes), ciphertext, tag (16 bytes). Every chunk
// but the last holds chunkSize bytes; the last holds the rest, which may be nothing or a whole chunk.
// A chunk and its ciphertext fit into a core's own cache: with 1 MiB, sealing took a third longer.
const (
	chunkSize   = 128 << 10
	sealedChunk = chunkSize + overhead
	streamLabel = "clause stream v1"
	firstBuffer = 32 << 10 // buffers begin small, so that small objects cost little memory
)

// NewStreamKey returns a random key for one object. It MUST NOT seal a second one.
func NewStreamKey() [32]byte { return newKey() }

// position is the bound data of a chunk: label, index of the chunk, whether it is the last, and what
// the whole object is bound to. STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-
// Encryption and its Nonce-Reuse Misuse-Resistance", 2015) puts index and last-flag into the nonce; here
// they are associated data and the nonce is random, because Go's FIPS 140-3 mode allows no nonces of
// one's own choice. Under a key used for one object both say the same: a chunk opens in its place only.
type position struct {
	bound []byte
	index uint64
}

func newPosition(bound []byte) position {
	head := append(make([]byte, 0, len(streamLabel)+9+len(bound)), streamLabel...)
	head = append(head, make([]byte, 9)...)
	return position{bound: append(head, bound...)}
}

func (p *position) next(last bool) []byte {
	at := p.bound[len(streamLabel):]
	binary.BigEndian.PutUint64(at, p.index)
	at[8] = 0
	if last {
		at[8] = 1
	}
	p.index++
	return p.bound
}

// grow returns buffer with room for more, up to limit bytes in all.
func grow(buffer []byte, limit int) []byte {
	bigger := make([]byte, len(buffer), min(max(8*cap(buffer), firstBuffer), limit))
	copy(bigger, buffer)
	return bigger
}
