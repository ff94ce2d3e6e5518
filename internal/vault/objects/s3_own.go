package objects

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"clause.dev/clause/internal/fault"
)

// ownerMark is the object that says whose the prefix is. A tenant's id has no dot.
const ownerMark = "clause.store"

// maxOwner bounds what is read of the mark.
const maxOwner = 256

// Claim takes the prefix for a store: nothing may lie under it.
func (s *S3) Claim(ctx context.Context, store string) error {
	const op = "objects.Claim"
	for _, err := range s.list(ctx, s.prefix) {
		if err != nil {
			return fault.Wrap(op, err)
		}
		return fault.New(op, fault.Conflict, "the bucket holds something under this prefix already").
			WithHint("name another prefix with --blobs; if what is there is what remained of a store that is gone, remove it first")
	}
	options := minio.PutObjectOptions{ContentType: "text/plain", DisableMultipart: true}
	options.SetMatchETagExcept("*") // of two that claim at the same time, one does
	_, err := s.client.Client.PutObject(ctx, s.bucket, s.prefix+ownerMark, strings.NewReader(store), int64(len(store)), options)
	if err != nil {
		return s3Fault(op, err)
	}
	return s.Check(ctx, store) // also where the condition is not known
}

// Check refuses a prefix that is not the store's own.
func (s *S3) Check(ctx context.Context, store string) error {
	const op = "objects.Check"
	mark, err := s.open(ctx, s.prefix+ownerMark)
	if fault.Is(err, fault.NotFound) {
		return fault.New(op, fault.Invalid, "the bucket holds none of this store's blobs under this prefix").
			WithHint("name the bucket and the prefix that the store was made with: --blobs")
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	owner, err := io.ReadAll(io.LimitReader(mark, maxOwner))
	if err = errors.Join(err, mark.Close()); err != nil {
		return fault.Wrap(op, err)
	}
	if string(owner) != store {
		return fault.New(op, fault.Invalid, "the prefix in the bucket belongs to another store").
			WithHint("name the bucket and the prefix that this store was made with: --blobs")
	}
	return nil
}

// Release gives the prefix up, and removes what is under it: for a store that did not come to be.
func (s *S3) Release(ctx context.Context) error {
	return fault.Wrap("objects.Release", s.removeAll(ctx, s.prefix))
}

// Each reads all that was put under the prefix since a time, whoever put it there, for those who look for what
// must not be in it. The mark is always among it: who saw nothing has not seen the bucket.
func (s *S3) Each(ctx context.Context, since time.Time, look func(name string, body io.Reader) error) error {
	for o, err := range s.list(ctx, s.prefix) {
		if err != nil {
			return fault.Wrap("objects.Each", err)
		}
		if o.LastModified.Before(since) && o.Key != s.prefix+ownerMark {
			continue
		}
		if err := s.look(ctx, o.Key, look); err != nil {
			return err
		}
	}
	return nil
}

func (s *S3) look(ctx context.Context, key string, look func(name string, body io.Reader) error) error {
	body, err := s.open(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return nil // gone since it was listed
	}
	if err != nil {
		return err
	}
	defer body.Close()
	return look(path.Base(key), body)
}
