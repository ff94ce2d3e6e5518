package proof

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ExportWriter writes a log as a tar file whose members have the names that they have below the
// log's address: checkpoint, key, and for each 256 entries a bundle and a tile of their hashes.
type ExportWriter struct{ tar *tar.Writer }

// NewExportWriter writes to w.
func NewExportWriter(w io.Writer) *ExportWriter { return &ExportWriter{tar.NewWriter(w)} }

// Add writes one member. The file has no times or owners, so that equal logs give equal files.
func (e *ExportWriter) Add(name string, data []byte) error {
	h := &tar.Header{Name: name, Mode: 0o444, Size: int64(len(data)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	if err := e.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := e.tar.Write(data)
	return err
}

// Close ends the file.
func (e *ExportWriter) Close() error { return e.tar.Close() }

// Export reads a log from an exported file. Only the members' places are kept in memory.
type Export struct {
	file    io.ReaderAt
	members map[string]member
}

type member struct{ at, size int64 }

// maxMembers bounds an export: two members for each 256 entries.
const maxMembers = 1 << 22

// OpenExport reads the directory of an exported log.
func OpenExport(file io.ReadSeeker) (*Export, error) {
	at, ok := file.(io.ReaderAt)
	if !ok {
		return nil, errors.New("the export cannot be read at random")
	}
	e := &Export{at, map[string]member{}}
	for r := tar.NewReader(file); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.New("not an export of a ledger: the file is no tar file, or ends too soon")
		}
		if _, twice := e.members[h.Name]; twice || h.Typeflag != tar.TypeReg || len(e.members) == maxMembers {
			return nil, fmt.Errorf("not an export of a ledger: it has a strange member")
		}
		// The tar package reads headers block by block, so the data begins where the file is now.
		begin, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		e.members[h.Name] = member{begin, h.Size}
	}
	if _, ok := e.members["checkpoint"]; !ok {
		return nil, errors.New("not an export of a ledger: it has no checkpoint")
	}
	return e, nil
}

func (e *Export) read(name string, limit int64) ([]byte, error) {
	m, ok := e.members[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	if m.size > limit {
		return nil, fmt.Errorf("%s is over %d bytes: %w", name, limit, ErrFailed)
	}
	data := make([]byte, m.size)
	if _, err := e.file.ReadAt(data, m.at); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// Checkpoint implements Source.
func (e *Export) Checkpoint(context.Context) ([]byte, error) {
	return e.read("checkpoint", maxCheckpoint)
}

// Key implements Source.
func (e *Export) Key(context.Context) (string, error) {
	key, err := e.read("key", maxKey)
	return strings.TrimSuffix(string(key), "\n"), err
}

// Bundle implements Source.
func (e *Export) Bundle(_ context.Context, index int64, width int) ([]byte, error) {
	return e.read(BundlePath(index, width), maxBundle)
}

// Tile implements Source.
func (e *Export) Tile(_ context.Context, level int, index int64, width int) ([]byte, error) {
	return e.read(TilePath(level, index, width), maxTile)
}
