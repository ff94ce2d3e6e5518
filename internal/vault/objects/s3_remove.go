package objects

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"clause.dev/clause/internal/fault"
)

// batch is how many objects one request removes.
const batch = 1000

// Remove removes objects, and the parts of uploads of them that were cut short.
func (s *S3) Remove(ctx context.Context, tenant string, ids ...string) error {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = s.key(tenant, id)
	}
	for some := range slices.Chunk(keys, batch) {
		if err := s.remove(ctx, some); err != nil {
			return err
		}
	}
	return s.abort(ctx, s.prefix+tenant+"/", func(key string) bool { return slices.Contains(keys, key) })
}

// RemoveTenant removes whatever is under the tenant's prefix.
func (s *S3) RemoveTenant(ctx context.Context, tenant string) error {
	return s.removeAll(ctx, s.prefix+tenant+"/")
}

// Left counts what is under the tenant's prefix, parts of uploads that were cut short among it.
func (s *S3) Left(ctx context.Context, tenant string) (n int, err error) {
	prefix := s.prefix + tenant + "/"
	for _, err := range s.list(ctx, prefix) {
		if err != nil {
			return 0, err
		}
		n++
	}
	var failed error
	for upload := range s.client.ListIncompleteUploads(ctx, s.bucket, prefix, true) { // read to its end, as its sender waits for that
		switch {
		case codeOf(upload.Err) == minio.NotImplemented: // who knows no parts leaves none
		case upload.Err != nil:
			failed = errors.Join(failed, absentIsGone(s3Fault("objects.Left", upload.Err)))
		case strings.HasPrefix(upload.Key, prefix):
			n++
		}
	}
	return n, failed
}

// removeAll removes whatever is under a prefix.
func (s *S3) removeAll(ctx context.Context, prefix string) error {
	var keys []string
	for o, err := range s.list(ctx, prefix) {
		if err != nil {
			return err
		}
		if keys = append(keys, o.Key); len(keys) < batch {
			continue
		}
		if err := s.remove(ctx, keys); err != nil {
			return err
		}
		keys = nil
	}
	if err := s.remove(ctx, keys); err != nil {
		return err
	}
	return s.abort(ctx, prefix, func(string) bool { return true })
}

// list goes through what is under a prefix. It ends early with an error alone.
func (s *S3) list(ctx context.Context, prefix string) iter.Seq2[minio.ObjectInfo, error] {
	const op = "objects.list"
	return func(yield func(minio.ObjectInfo, error) bool) {
		for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if !yield(o, s3Fault(op, o.Err)) || o.Err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(minio.ObjectInfo{}, fault.As(op, fault.Unavailable, err))
		}
	}
}

// remove removes objects by one request. Only what the object store says is gone counts as gone.
func (s *S3) remove(ctx context.Context, keys []string) error {
	const op = "objects.Remove"
	switch len(keys) {
	case 0:
		return nil
	case 1:
		err := s.client.RemoveObject(ctx, s.bucket, keys[0], minio.RemoveObjectOptions{})
		return absentIsGone(s3Fault(op, err))
	}
	answers, err := s.client.RemoveObjectsWithIter(ctx, s.bucket, func(yield func(minio.ObjectInfo) bool) {
		for _, key := range keys {
			if !yield(minio.ObjectInfo{Key: key}) {
				return
			}
		}
	}, minio.RemoveObjectsOptions{})
	if err != nil {
		return s3Fault(op, err)
	}
	gone := 0
	for answer := range answers {
		if err := absentIsGone(s3Fault(op, answer.Err)); err != nil {
			return err
		}
		gone++
	}
	if gone != len(keys) {
		return fault.New(op, fault.Unavailable, "the object store removed %d of %d objects", gone, len(keys))
	}
	return nil
}

func absentIsGone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// abort drops the parts of uploads under a prefix that were cut short. The listing is read to its end, as its
// sender waits for that.
func (s *S3) abort(ctx context.Context, prefix string, meant func(key string) bool) error {
	const op = "objects.Remove"
	var errs []error
	for upload := range s.client.ListIncompleteUploads(ctx, s.bucket, prefix, true) {
		switch {
		case codeOf(upload.Err) == minio.NotImplemented: // who knows no parts leaves none
		case upload.Err != nil:
			errs = append(errs, absentIsGone(s3Fault(op, upload.Err)))
		case strings.HasPrefix(upload.Key, prefix) && meant(upload.Key):
			err := s.client.AbortMultipartUpload(ctx, s.bucket, upload.Key, upload.UploadID)
			errs = append(errs, absentIsGone(s3Fault(op, err)))
		}
	}
	return errors.Join(errs...)
}
