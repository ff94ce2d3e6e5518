package keyring

import (
	"crypto/cipher"
	"io"

	"clause.dev/clause/internal/fault"
)

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
	return &streamWriter{aead: newAEAD(key[:]), at: newPosition(bound), w: w}, nil
}

func (s *streamWriter) Write(p []byte) (n int, err error) {
	if err := s.open(); err != nil {
		return 0, err
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
		room := s.room(chunkSize)
		took := copy(room, p)
		s.plain = s.plain[:len(s.plain)+took]
		n, p = n+took, p[took:]
	}
	return n, s.err
}

// ReadFrom lets io.Copy read straight into the chunk. It reads one byte more than a chunk, to know
// whether the chunk is the last.
func (s *streamWriter) ReadFrom(r io.Reader) (total int64, err error) {
	for {
		if err := s.open(); err != nil {
			return total, err
		}
		n, err := r.Read(s.room(chunkSize + 1))
		total += int64(n)
		s.plain = s.plain[:len(s.plain)+n]
		if len(s.plain) > chunkSize {
			s.seal(s.plain[:chunkSize], false)
			s.plain = append(s.plain[:0], s.plain[chunkSize])
		}
		if err == io.EOF {
			return total, s.err
		}
		if err != nil {
			return total, err
		}
	}
}

// room returns where more bytes may go until the buffer holds limit of them.
func (s *streamWriter) room(limit int) []byte {
	if len(s.plain) == cap(s.plain) {
		s.plain = grow(s.plain, chunkSize+1)
	}
	return s.plain[len(s.plain):min(cap(s.plain), limit)]
}

func (s *streamWriter) open() error {
	if s.closed && s.err == nil {
		return fault.New("keyring.SealStream", fault.Other, "write after close")
	}
	return s.err
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
	}
	return s.err
}
