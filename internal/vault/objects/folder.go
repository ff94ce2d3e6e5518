// Package objects has the places where the ciphertext of blobs is kept: a folder, or a bucket of an
// S3-compatible object store. It is handed ciphertext and knows no key.
package objects

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"clause.dev/clause/internal/fault"
)

// Folder keeps each object in a file of its own, below its tenant's folder.
type Folder struct{ path string }

// NewFolder makes the folder where it is missing.
func NewFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fault.As("objects.NewFolder", fault.Unavailable, err)
	}
	return &Folder{path}, nil
}

// file returns the object's path. Two characters of the id's random part spread a tenant's files.
func (f *Folder) file(tenant, id string) string {
	_, random, _ := strings.Cut(id, "_")
	return filepath.Join(f.path, tenant, random[:2], id)
}

// Put keeps what write writes. It is on the disk, with its name, when Put returns nil.
func (f *Folder) Put(_ context.Context, tenant, id string, write func(io.Writer) error) error {
	const op = "objects.Put"
	path := f.file(tenant, id)
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	if err = write(file); err == nil {
		err = fault.As(op, fault.Unavailable, file.Sync())
	}
	if err = errors.Join(err, fault.As(op, fault.Unavailable, file.Close())); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fault.As("objects.syncFolder", fault.Unavailable, err)
	}
	return fault.As("objects.syncFolder", fault.Unavailable, errors.Join(folder.Sync(), folder.Close()))
}

// Open returns an object, or NotFound.
func (f *Folder) Open(_ context.Context, tenant, id string) (io.ReadCloser, error) {
	file, err := os.Open(f.file(tenant, id))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.As("objects.Open", fault.NotFound, err)
	case err != nil:
		return nil, fault.As("objects.Open", fault.Unavailable, err)
	}
	return file, nil
}

// Remove removes objects; those that are not there are removed already.
func (f *Folder) Remove(_ context.Context, tenant string, ids ...string) error {
	for _, id := range ids {
		if err := os.Remove(f.file(tenant, id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.As("objects.Remove", fault.Unavailable, err)
		}
	}
	return nil
}

// Left counts the objects of a tenant, and what was left of them.
func (f *Folder) Left(_ context.Context, tenant string) (n int, err error) {
	err = filepath.WalkDir(filepath.Join(f.path, tenant), func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // none was ever kept, or it went meanwhile
		}
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	return n, fault.As("objects.Left", fault.Unavailable, err)
}

// RemoveTenant removes all objects of a tenant.
func (f *Folder) RemoveTenant(_ context.Context, tenant string) error {
	return fault.As("objects.RemoveTenant", fault.Unavailable, os.RemoveAll(filepath.Join(f.path, tenant)))
}
