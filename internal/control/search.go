package control

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// search looks for marks in bytes: in plain, in hexadecimal, in base64 and in UTF-16.
type search struct {
	forms   []form
	longest int

	files, rows, objects int
	size                 int64 // bytes looked through
}

// form is one way in which a mark could lie around.
type form struct {
	name  string
	bytes []byte
}

// searchFor prepares a search for the marks.
func searchFor(marks ...string) *search {
	s := &search{}
	for _, mark := range marks {
		s.add("plain text", []byte(mark))
		s.add("hexadecimal", []byte(hex.EncodeToString([]byte(mark))))
		s.add("hexadecimal", []byte(strings.ToUpper(hex.EncodeToString([]byte(mark)))))
		for shift := range 3 {
			s.add("base64", base64At(base64.RawStdEncoding, mark, shift))
			s.add("base64", base64At(base64.RawURLEncoding, mark, shift))
		}
		s.add("UTF-16", utf16Of(mark, binary.LittleEndian))
		s.add("UTF-16", utf16Of(mark, binary.BigEndian))
	}
	return s
}

func (s *search) add(name string, b []byte) {
	for _, f := range s.forms {
		if bytes.Equal(f.bytes, b) {
			return
		}
	}
	s.forms, s.longest = append(s.forms, form{name, b}), max(s.longest, len(b))
}

// base64At returns what is the same in every base64 text that holds mark behind shift bytes: the
// digits at both ends also depend on what is beside it.
func base64At(enc *base64.Encoding, mark string, shift int) []byte {
	text := enc.EncodeToString(append(make([]byte, shift), mark...))
	return []byte(text[(shift*8+5)/6 : (shift+len(mark))*8/6])
}

func utf16Of(mark string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(mark)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

// in returns in which form one of the marks is in b, "" if none is.
func (s *search) in(b []byte) string {
	for _, f := range s.forms {
		if bytes.Contains(b, f.bytes) {
			return f.name
		}
	}
	return ""
}

// read looks through a stream.
func (s *search) read(ctx context.Context, r io.Reader) (found string, err error) {
	const block = 1 << 20
	buf, held := make([]byte, s.longest+block), 0
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := io.ReadFull(r, buf[held:])
		s.size += int64(n)
		if found := s.in(buf[:held+n]); found != "" {
			return found, nil
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return "", nil
		case err != nil:
			return "", err
		}
		// A mark may lie across two blocks: keep the end of this one.
		tail := buf[held+n-min(s.longest, held+n) : held+n]
		held = copy(buf, tail)
	}
}

// inFiles looks through files and folders. where names the file it found a mark in.
func (s *search) inFiles(ctx context.Context, paths []string) (where, how string, err error) {
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone since it was listed, or never made
			}
			if err != nil {
				return err
			}
			if !d.Type().IsRegular() {
				return nil
			}
			if how, err = s.inFile(ctx, path); how != "" {
				where = filepath.Base(path)
				return fs.SkipAll
			}
			return err
		})
		if err != nil || how != "" {
			return where, how, err
		}
	}
	return "", "", nil
}

func (s *search) inFile(ctx context.Context, path string) (how string, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	s.files++
	return s.read(ctx, f)
}

// inObjects looks through objects. where names the one it found a mark in.
func (s *search) inObjects(ctx context.Context, objects Objects) (where, how string, err error) {
	err = objects(ctx, func(name string, body io.Reader) (err error) {
		s.objects++
		if how, err = s.read(ctx, body); how != "" {
			where = name
			return fs.SkipAll
		}
		return err
	})
	if err != nil && how == "" {
		return "", "", err
	}
	return where, how, nil
}

// inRows looks through the rows of tenants. where names the table it found a mark in.
func (s *search) inRows(ctx context.Context, store RawStore, tenants ...string) (where, how string, err error) {
	for _, tenant := range tenants {
		err := store.Rows(ctx, tenant, func(table string, columns map[string][]byte) error {
			s.rows++
			for _, value := range columns {
				s.size += int64(len(value))
				if form := s.in(value); form != "" && how == "" {
					where, how = table, form
				}
			}
			return ctx.Err()
		})
		if err != nil || how != "" {
			return where, how, err
		}
	}
	return "", "", nil
}
