package httpapi

import (
	"io"
	"mime"
	"net/http"
	"strconv"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// defaultBlob bounds a blob whose field has no bound of its own, in bytes.
const defaultBlob = 64 << 20

// anyType is the media type of a blob whose sender named none.
const anyType = "application/octet-stream"

const blobPath = recordPath + "/blobs/{field}"

func (s *service) blobs(r *routes) {
	r.private(operation{
		method: "PUT", path: blobPath, id: "put-blob", tag: "blobs", scope: api.ScopeData,
		summary: "Store a large object", about: "Streams it into a field of an existing record; its type comes back with it.",
		headers: []parameter{purposeHeader, ifMatchHeader}, inType: anyType, out: api.Stored{}, changes: true,
	}, s.putBlob)
	r.private(operation{
		method: "GET", path: blobPath, id: "get-blob", tag: "blobs", scope: api.ScopeData,
		summary: "Read a large object", about: "Streams it. An answer that breaks off before its length was cut because the object is damaged.",
		headers: []parameter{purposeHeader, recipientHeader}, outType: anyType,
	}, s.getBlob)
}

func (s *service) putBlob(c vault.Caller, x *exchange) error {
	t, err := x.target()
	if err != nil {
		return err
	}
	cond, err := x.condition()
	if err != nil {
		return err
	}
	kind, err := x.blobType()
	if err != nil {
		return err
	}
	field := x.PathValue("field")
	limit := s.blobLimit(t.DataSet, field)
	if x.ContentLength > limit {
		return tooLarge(limit)
	}
	stored, err := s.Vault.PutBlob(x.Context(), c, t, field, kind, &pacedReader{x: x, limit: limit}, cond)
	if err != nil {
		return err
	}
	return x.stored(http.StatusOK, stored)
}

// blobType returns the type of what is sent, which must not be compressed on the way: the bound
// is on what is stored.
func (x *exchange) blobType() (string, error) {
	if x.Request.Header["Content-Encoding"] != nil {
		return "", &httpError{meaning: mediaMeaning, detail: "the blob must not be compressed on the way"}
	}
	kind, err := x.single("Content-Type")
	if err != nil || kind == "" {
		return anyType, err
	}
	base, params, err := mime.ParseMediaType(kind)
	if err == nil && len(kind) <= maxID {
		if clean := mime.FormatMediaType(base, params); clean != "" {
			return clean, nil
		}
	}
	return "", &httpError{meaning: mediaMeaning, detail: "the content type is malformed"}
}

// blobLimit is the bound of a blob's field, in bytes. An unknown field has the default: the domain
// is about to refuse it.
func (s *service) blobLimit(dataSet, field string) int64 {
	if d, ok := s.Policy.DataSet(dataSet); ok {
		if f, ok := d.Field(field); ok && f.Type == policy.Blob && f.Max > 0 {
			return int64(f.Max)
		}
	}
	return defaultBlob
}

func (s *service) getBlob(c vault.Caller, x *exchange) error {
	t, err := x.target()
	if err != nil {
		return err
	}
	info, body, err := s.Vault.GetBlob(x.Context(), c, t, x.PathValue("field"))
	if err != nil {
		return err
	}
	// Closing what was only read loses nothing.
	defer func() { _ = body.Close() }()
	h := x.Header()
	h.Set("Content-Type", info.ContentType)
	// What a stranger uploaded must not run as a page of this server.
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Length", strconv.FormatInt(info.Size, 10))
	// The first bytes are read before the answer begins, so that a damaged blob is a problem
	// and not half an answer.
	first := make([]byte, 64<<10)
	n, err := io.ReadFull(body, first)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	w := &pacedWriter{x: x}
	if _, err := w.Write(first[:n]); err != nil || x.Method == http.MethodHead {
		return nil // the client went away, or asked for no more
	}
	_, err = io.CopyBuffer(w, body, first) // the vault's blobs write a chunk at a time, each paced
	if err != nil && w.failed == nil {
		return err // fail cuts the connection
	}
	return nil
}

// pacedWriter sends a blob and cuts off a client that takes it too slowly.
type pacedWriter struct {
	x      *exchange
	n      int64
	failed error // of the connection
}

func (p *pacedWriter) Write(b []byte) (int, error) {
	c := p.x.controller()
	_ = c.SetWriteDeadline(p.x.due(p.n + int64(len(b))))
	n, err := p.x.Write(b)
	p.n += int64(n)
	p.failed = err
	return n, err
}
