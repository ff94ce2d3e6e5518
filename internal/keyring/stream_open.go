package keyring

import (
	"bufio"
	"crypto/cipher"
	"io"

	"clause.dev/clause/internal/fault"
)

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
	err := s.readChunk()
	last := err == io.EOF
	if err == nil {
		_, err = s.r.Peek(1)
		last = err == io.EOF
	}
	if err != nil && !last {
		s.err = fault.Wrap("keyring.OpenStream", err)
		return
	}
	plain, err := s.aead.Open(s.buffer[:0], nil, s.sealed, s.at.next(last))
	if err != nil {
		s.err = &fault.Error{
			Op: "keyring.OpenStream", Kind: fault.Other, Err: io.ErrUnexpectedEOF,
			Msg: "the object was truncated, reordered or altered, or is not of this place",
		}
		return
	}
	s.buffer, s.plain = plain, plain
	if last {
		s.err = io.EOF
	}
}

// readChunk reads a sealed chunk, as much of it as there is: io.EOF if the input ended before its end.
func (s *streamReader) readChunk() error {
	s.sealed = s.sealed[:0]
	for len(s.sealed) < sealedChunk {
		if len(s.sealed) == cap(s.sealed) {
			s.sealed = grow(s.sealed, sealedChunk)
		}
		n, err := s.r.Read(s.sealed[len(s.sealed):cap(s.sealed)])
		s.sealed = s.sealed[:len(s.sealed)+n]
		if err != nil {
			return err
		}
	}
	return nil
}
