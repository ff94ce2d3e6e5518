package vault

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
)

// defaultBlobMax is the largest blob, in bytes, of a field that names no other bound.
const defaultBlobMax = 64 << 20

// maxContentType is the longest content type kept, in bytes.
const maxContentType = 255

// The states of a blob's row. One that is still being written, or was let go, is swept.
const (
	blobWriting  = "writing"
	blobStored   = "stored"
	blobReleased = "released"
)

// Objects keeps the ciphertext of blobs, each under its tenant and its random id.
type Objects interface {
	// Put keeps what write writes, in bounded memory, and returns nil once the whole of it is durable. If it
	// fails or is cut short, some of it may be left, which Remove removes.
	Put(ctx context.Context, tenant, id string, write func(io.Writer) error) error
	// Open returns an object, or NotFound. Its reader ends with io.EOF at the object's end, and nowhere else.
	Open(ctx context.Context, tenant, id string) (io.ReadCloser, error)
	// Remove removes objects, and what was left of them by a Put. That one is not there is no error.
	Remove(ctx context.Context, tenant string, ids ...string) error
	// RemoveTenant removes all objects of a tenant, also those it is not told of.
	RemoveTenant(ctx context.Context, tenant string) error
	// Left counts what RemoveTenant would remove.
	Left(ctx context.Context, tenant string) (int, error)
}

// blobRef is a blob field's value inside the sealed record: the object's own key is in there, so
// the blob goes when the record's key does.
type blobRef struct {
	ID   string `json:"id"`
	Key  []byte `json:"key"`
	Size int64  `json:"size"`
	Type string `json:"type"`
}

// publicBlob is what a reader of the record is shown of a blob.
func publicBlob(value []byte) ([]byte, error) {
	var ref blobRef
	if err := json.Unmarshal(value, &ref); err != nil {
		return nil, fault.As("vault.publicBlob", fault.Other, err)
	}
	return json.Marshal(struct {
		Size int64  `json:"size"`
		Type string `json:"content_type"`
	}{ref.Size, ref.Type})
}

// bindBlob binds a blob's ciphertext to its place, so that one put in another's place does not open.
func bindBlob(t *Target, field, id string) []byte {
	return bind("blob", t.Tenant, t.Subject, t.DataSet, t.Record, field, id)
}

// PutBlob stores a blob in a field of an existing record, in bounded memory. The field holds it once
// the whole of it is durable; before that, and if it fails, the record is as it was.
func (v *Vault) PutBlob(ctx context.Context, c Caller, t Target, field, contentType string, body io.Reader, cond Condition) (Stored, error) {
	q := v.ask("blob.write", &c, decision.Write, &t, []string{field})
	if err := v.admit(ctx, &q); err != nil {
		return Stored{}, err
	}
	f, err := q.blobField(field)
	if err != nil {
		return Stored{}, err
	}
	if len(contentType) > maxContentType || !utf8.ValidString(contentType) {
		return Stored{}, fault.New("vault.PutBlob", fault.Invalid, "a content type has at most %d bytes", maxContentType)
	}
	ref := blobRef{ID: newID(blobPrefix), Type: contentType}
	if err := v.announceBlob(ctx, &q, &ref, cond); err != nil {
		return Stored{}, err
	}
	key := keyring.NewStreamKey()
	ref.Key = key[:]
	err = v.Objects.Put(ctx, t.Tenant, ref.ID, func(w io.Writer) (err error) {
		ref.Size, err = sealBlob(w, key, bindBlob(&t, field, ref.ID), body, blobMax(f))
		return err
	})
	if err != nil {
		return Stored{}, v.discard(ctx, t.Tenant, ref.ID, fault.Wrap("vault.PutBlob", err))
	}
	var out Stored
	err = v.changeFor(ctx, t.Tenant, &q, func(tx *db.Tx) (no, err error) {
		out, no, err = v.attachBlob(tx, &q, field, &ref, cond)
		return no, err
	})
	switch {
	case fault.Is(err, fault.Unavailable): // the outcome is not known, the sweep decides
		return Stored{}, err
	case err != nil:
		return Stored{}, v.discard(ctx, t.Tenant, ref.ID, err)
	}
	return out, nil
}

func (q *question) blobField(field string) (*policy.Field, error) {
	f := &q.set.Fields[q.set.index[field]]
	if f.Type != policy.Blob || q.set.Storage == policy.Memory {
		return nil, fault.New("vault.blob", fault.Invalid, "the field is not a stored blob").WithField("field")
	}
	return f, nil
}

func blobMax(f *policy.Field) int64 {
	if f.Max > 0 {
		return int64(f.Max)
	}
	return defaultBlobMax
}

// announceBlob decides, and writes the blob's row before its object: one that no row speaks of
// could be left behind by a crash for ever.
func (v *Vault) announceBlob(ctx context.Context, q *question, ref *blobRef, cond Condition) error {
	t := q.target
	return v.changeFor(ctx, t.Tenant, q, func(tx *db.Tx) (no, err error) {
		s, r, err := v.loadRecord(tx, t)
		if err != nil {
			return expected(err)
		}
		q.found = r != nil
		if a := v.decide(q, s); !a.Allow {
			return v.refuseIn(tx, q, a)
		}
		if r == nil {
			return errNoRecord(), nil
		}
		if no := cond.check(r.version); no != nil {
			return no, nil
		}
		_, err = tx.Exec(`INSERT INTO blobs (tenant_id, blob_id, subject_id, state, size, created_at) VALUES ($1, $2, $3, $4, 0, $5)`,
			t.Tenant, ref.ID, t.Subject, blobWriting, micros(tx.Now()))
		return nil, err
	})
}

// sealBlob writes body to w, encrypted, and returns the number of plaintext bytes.
func sealBlob(w io.Writer, key [32]byte, bound []byte, body io.Reader, limit int64) (size int64, err error) {
	const op = "vault.sealBlob"
	stream, err := keyring.SealStream(key, bound, w)
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	// One byte over the limit is read, to tell a blob that fits from one that was cut.
	source := &sourceReader{r: io.LimitReader(body, limit+1)}
	size, err = io.CopyBuffer(struct{ io.Writer }{stream}, source, make([]byte, 64<<10))
	switch {
	case source.err != nil:
		return 0, fault.As(op, fault.Invalid, source.err)
	case err != nil:
		return 0, fault.As(op, fault.Unavailable, err)
	case size > limit:
		return 0, fault.New(op, fault.TooLarge, "the blob is larger than the policy allows for the field, %d bytes", limit)
	}
	return size, fault.As(op, fault.Unavailable, stream.Close())
}

// sourceReader tells a failure of the sender from one of the disk.
type sourceReader struct {
	r   io.Reader
	err error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// discard removes an object that no record holds, and returns why, with what failed of that. The caller may
// be gone. The object's row is swept later, whether or not this works.
func (v *Vault) discard(ctx context.Context, tenant, id string, why error) error {
	if err := v.Objects.Remove(context.WithoutCancel(ctx), tenant, id); err != nil {
		return errors.Join(why, fault.Wrap("vault.discard", err))
	}
	return why
}

// attachBlob puts the reference into the record. The person may have been erased, and the record
// changed, while the body came in.
func (v *Vault) attachBlob(tx *db.Tx, q *question, field string, ref *blobRef, cond Condition) (out Stored, no, err error) {
	s, r, err := v.loadRecord(tx, q.target)
	if err != nil {
		no, err = expected(err)
		return Stored{}, no, err
	}
	a := v.decide(q, s)
	if !a.Allow {
		no, err = v.refuseIn(tx, q, a)
		return Stored{}, no, err
	}
	if r == nil {
		return Stored{}, errNoRecord(), nil
	}
	if no := cond.check(r.version); no != nil {
		return Stored{}, no, nil
	}
	if no, err := v.swapBlob(tx, q, s, r, field, ref); no != nil || err != nil {
		return Stored{}, no, err
	}
	e := v.entry(q, a)
	e.Version = r.version
	return Stored{Record: r.id, Version: r.version, Clauses: a.Clauses}, nil, v.tell(tx, e)
}

// swapBlob stores the record with its new reference and lets go of the one it held. It says no if the
// upload took so long that the sweep has taken its object.
func (v *Vault) swapBlob(tx *db.Tx, q *question, s *subject, r *row, field string, ref *blobRef) (no, err error) {
	const op = "vault.swapBlob"
	plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, q.set.ID, r.id, r.version), r.sealed)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	n, err := tx.Exec(`UPDATE blobs SET state = $3, size = $4 WHERE tenant_id = $1 AND blob_id = $2`, s.tenant, ref.ID, blobStored, ref.Size)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if n == 0 {
		return fault.New(op, fault.Conflict, "the upload took too long"), nil
	}
	value, err := json.Marshal(ref)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	items := []item{{field, value}}
	err = eachItem(plain, func(name, old []byte) error {
		if string(name) != field {
			items = append(items, item{string(name), old})
			return nil
		}
		return v.releaseBlob(tx, s.tenant, old)
	})
	if err != nil {
		return nil, err
	}
	return nil, v.store(tx, s, q.set, r, items)
}

// releaseBlobs lets go of every blob of a record that is deleted.
func (v *Vault) releaseBlobs(tx *db.Tx, set *dataSet, s *subject, r *row) error {
	plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, set.ID, r.id, r.version), r.sealed)
	if err != nil {
		return fault.Wrap("vault.releaseBlobs", err)
	}
	return eachItem(plain, func(name, value []byte) error {
		at, ok := set.index[string(name)]
		if !ok || set.Fields[at].Type != policy.Blob {
			return nil
		}
		return v.releaseBlob(tx, s.tenant, value)
	})
}

func (v *Vault) releaseBlob(tx *db.Tx, tenant string, value []byte) error {
	var ref blobRef
	if err := json.Unmarshal(value, &ref); err != nil {
		return fault.As("vault.releaseBlob", fault.Other, err)
	}
	_, err := tx.Exec(`UPDATE blobs SET state = $3 WHERE tenant_id = $1 AND blob_id = $2`, tenant, ref.ID, blobReleased)
	return fault.Wrap("vault.releaseBlob", err)
}

// GetBlob opens a blob for reading. The entry is durable before the first byte is. Reading fails
// where the object was cut, reordered or altered, before any byte of that chunk is released.
func (v *Vault) GetBlob(ctx context.Context, c Caller, t Target, field string) (BlobInfo, io.ReadCloser, error) {
	q := v.ask("blob.read", &c, decision.Read, &t, []string{field})
	if err := v.admit(ctx, &q); err != nil {
		return BlobInfo{}, nil, err
	}
	if _, err := q.blobField(field); err != nil {
		return BlobInfo{}, nil, err
	}
	var ref *blobRef
	s, err := v.read(ctx, &q, func(s *subject, r *row, _ decision.Answer) (err error) {
		ref, err = v.blobOf(s, q.set, r, field)
		return err
	})
	if err != nil {
		return BlobInfo{}, nil, err
	}
	return v.openBlob(ctx, s, &t, field, ref)
}

// openBlob opens the object that a record refers to.
func (v *Vault) openBlob(ctx context.Context, s *subject, t *Target, field string, ref *blobRef) (BlobInfo, io.ReadCloser, error) {
	const op = "vault.openBlob"
	object, err := v.Objects.Open(ctx, t.Tenant, ref.ID)
	switch {
	case fault.Is(err, fault.NotFound): // the record speaks of it: it must not pass for one never stored
		return BlobInfo{}, nil, fault.New(op, fault.Unavailable, "the blob is missing from where blobs are kept")
	case err != nil:
		return BlobInfo{}, nil, fault.Wrap(op, err)
	}
	plain, err := keyring.OpenStream([32]byte(ref.Key), bindBlob(t, field, ref.ID), object)
	if err != nil {
		return BlobInfo{}, nil, errors.Join(err, object.Close())
	}
	return BlobInfo{ContentType: ref.Type, Size: ref.Size}, &blobReader{plain, object, v.Ring, [2]keyring.ID{s.key.ID(), s.tenantKey.ID()}}, nil
}

// blobReader reads a blob until its person or tenant is erased: a download under way ends there.
type blobReader struct {
	plain  io.Reader
	object io.Closer
	ring   *keyring.Ring
	keys   [2]keyring.ID
}

func (b *blobReader) Read(p []byte) (int, error) {
	if err := b.erased(); err != nil {
		return 0, err
	}
	return b.plain.Read(p)
}

// WriteTo spares io.Copy a copy: whole chunks are written as they are opened.
func (b *blobReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(guarded{w, b}, b.plain)
}

// guarded stops writing once the person is erased.
type guarded struct {
	io.Writer
	blob *blobReader
}

func (g guarded) Write(p []byte) (int, error) {
	if err := g.blob.erased(); err != nil {
		return 0, err
	}
	return g.Writer.Write(p)
}

func (b *blobReader) erased() error {
	for _, id := range b.keys {
		if b.ring.Destroyed(id) {
			return fault.New("vault.GetBlob", fault.Erased, "the subject was erased")
		}
	}
	return nil
}

func (b *blobReader) Close() error { return b.object.Close() }

// blobOf finds the reference in the record.
func (v *Vault) blobOf(s *subject, set *dataSet, r *row, field string) (*blobRef, error) {
	const op = "vault.blobOf"
	if r == nil {
		return nil, errNoRecord()
	}
	plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, set.ID, r.id, r.version), r.sealed)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	var ref *blobRef
	err = eachItem(plain, func(name, value []byte) error {
		if string(name) != field {
			return nil
		}
		ref = &blobRef{}
		return json.Unmarshal(value, ref)
	})
	switch {
	case err != nil:
		return nil, fault.As(op, fault.Other, err)
	case ref == nil:
		return nil, fault.New(op, fault.NotFound, "the record has no such blob")
	case len(ref.Key) != 32:
		return nil, fault.New(op, fault.Other, "a blob's reference is malformed")
	}
	return ref, nil
}

// blobWritingFor is how long an upload may take before the sweep takes it for abandoned.
const blobWritingFor = 24 * time.Hour
