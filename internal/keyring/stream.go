package keyring

import (
	"bufio"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"

	"clause.dev/clause/internal/fault"
)

// The stream's format is a row of chunks: nonce (12 bytes), ciphertext, tag (16 bytes). Every chunk
// but the last holds chunkSize bytes; the last holds the rest, which may be nothing or a whole chunk.
const (
	chunkSize   = 1 << 20
	sealedChunk = chunkSize + overhead
	streamLabel = "clause stream v1"
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

type streamWriter struct {
	aead   cipher.AEAD
	at     position
	w      io.Writer
	plain  []byte // not yet sealed: up to one whole chunk, which may turn out to be the last
	sealed []byte
	err    error
	closed bool
}

// SealStream returns a writer that seals what is written to it, in bounded memory, and writes it to w.
// The key must be fresh (NewStreamKey) and never seal anything else; bound says what the object is.
// Close ends the object and must be called: without it the object counts as truncated. w stays open.
func SealStream(key [32]byte, bound []byte, w io.Writer) (io.WriteCloser, error) {
	return &streamWriter{
		aead: newAEAD(key[:]), at: newPosition(bound), w: w,
		plain: make([]byte, 0, chunkSize), sealed: make([]byte, 0, sealedChunk),
	}, nil
}

func (s *streamWriter) Write(p []byte) (n int, err error) {
	if s.closed && s.err == nil {
		return 0, fault.New("keyring.SealStream", fault.Other, "write after close")
	}
	for len(p) > 0 && s.err == nil {
		if len(s.plain) == chunkSize { // more follows, so it is not the last
			s.seal(s.plain, false)
			s.plain = s.plain[:0]
		}
		if len(s.plain) == 0 && len(p) > chunkSize { // straight from the caller's memory
			s.seal(p[:chunkSize], false)
			n, p = n+chunkSize, p[chunkSize:]
			continue
		}
		took := min(len(p), chunkSize-len(s.plain))
		s.plain = append(s.plain, p[:took]...)
		n, p = n+took, p[took:]
	}
	return n, s.err
}

func (s *streamWriter) seal(plain []byte, last bool) {
	if s.err != nil {
		return
	}
	s.sealed = s.aead.Seal(s.sealed[:0], nil, plain, s.at.next(last))
	if _, err := s.w.Write(s.sealed); err != nil {
		s.err = fault.Wrap("keyring.SealStream", err)
	}
}

func (s *streamWriter) Close() error {
	if !s.closed {
		s.closed = true
		s.seal(s.plain, true)
		clear(s.plain[:cap(s.plain)])
	}
	return s.err
}

type streamReader struct {
	aead   cipher.AEAD
	at     position
	r      *bufio.Reader
	sealed []byte
	buffer []byte
	plain  []byte // authenticated and not yet read
	err    error
}

// OpenStream returns a reader of the object that SealStream sealed with the same key and bound data. No
// byte is returned before its chunk is authenticated. An object that was truncated, extended, reordered
// or altered ends with an error of kind Other that is io.ErrUnexpectedEOF; only a whole one ends with
// io.EOF. What was read before such an error is authentic, but not the whole object.
func OpenStream(key [32]byte, bound []byte, r io.Reader) (io.Reader, error) {
	return &streamReader{
		aead: newAEAD(key[:]), at: newPosition(bound), r: bufio.NewReaderSize(r, 4<<10),
		sealed: make([]byte, sealedChunk), buffer: make([]byte, 0, chunkSize),
	}, nil
}

func (s *streamReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(s.plain) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	n := copy(p, s.plain)
	s.plain = s.plain[n:]
	return n, nil
}

// WriteTo lets io.Copy take whole chunks.
func (s *streamReader) WriteTo(w io.Writer) (total int64, err error) {
	for {
		if len(s.plain) > 0 {
			n, err := w.Write(s.plain)
			total, s.plain = total+int64(n), s.plain[n:]
			if err != nil {
				return total, err
			}
		}
		if s.err == io.EOF {
			return total, nil
		}
		if s.err != nil {
			return total, s.err
		}
		s.fill()
	}
}

// fill opens the next chunk. Which one is the last is seen from where the input ends, and must be what
// its writer sealed as the last.
func (s *streamReader) fill() {
	n, err := io.ReadFull(s.r, s.sealed)
	last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err == nil {
		_, err = s.r.Peek(1)
		last = errors.Is(err, io.EOF)
	}
	if err != nil && !last {
		s.err = fault.Wrap("keyring.OpenStream", err)
		return
	}
	plain, err := s.aead.Open(s.buffer[:0], nil, s.sealed[:n], s.at.next(last))
	if err != nil {
		s.err = &fault.Error{
			Op: "keyring.OpenStream", Kind: fault.Other, Err: io.ErrUnexpectedEOF,
			Msg: "the object was truncated, reordered or altered, or is not of this place",
		}
		return
	}
	s.plain = plain
	if last {
		s.err = io.EOF
	}
}
