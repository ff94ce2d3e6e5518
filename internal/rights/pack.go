package rights

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Package is all that is stored of a person, as they are given it. It is made while it is written, from
// the store as it then is, a page of records at a time: no copy of it lies anywhere.
type Package struct {
	desk    *Desk
	tenant  string
	request Request
	whole   *vault.Whole
	made    time.Time
	spool   *spool // what other systems handed out; nil where there are none
}

// Name is a name for the file.
func (p *Package) Name() string { return p.request.ID + ".zip" }

// shape is what is learned of a data set while its records are written for the first time.
type shape struct {
	id      string
	set     *policy.DataSet // nil for one that the policy no longer declares
	columns []column
	records int
	blobs   bool
}

// column is a field of a data set.
type column struct {
	id    string
	field *policy.Field // nil for one that the policy no longer declares
}

// Write writes the package, a ZIP archive. An error leaves half of one, which opens nowhere as a whole.
func (p *Package) Write(ctx context.Context, to io.Writer) error {
	const op = "rights.Package.Write"
	defer p.spool.close()
	z := zip.NewWriter(to)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	out := &packing{Package: p, zip: z, words: wordsIn(p.request.details.Language)}
	for _, part := range []func(context.Context) error{out.data, out.about, out.tables, out.partTables, out.connectedTables, out.page, out.files, out.ledger} {
		if err := part(ctx); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return fault.As(op, fault.Unavailable, z.Close())
}

// packing is a package being written.
type packing struct {
	*Package
	zip    *zip.Writer
	words  words
	shapes []shape
	parts  []partOf
}

// member begins a part of the archive, and ends it after fn.
func (p *packing) member(name string, method uint16, fn func(*bufio.Writer) error) error {
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: p.made})
	if err != nil {
		return fault.As("rights.member", fault.Unavailable, err)
	}
	buffered := bufio.NewWriterSize(w, 32<<10)
	if err := fn(buffered); err != nil {
		return err
	}
	return fault.As("rights.member", fault.Unavailable, buffered.Flush())
}

// data writes data.json, and learns what there is.
func (p *packing) data(ctx context.Context) error {
	sets, err := p.whole.DataSets(ctx)
	if err != nil {
		return err
	}
	return p.member("data.json", zip.Deflate, func(w *bufio.Writer) error {
		head, err := json.Marshal(struct {
			Format  string    `json:"format"`
			Request string    `json:"request"`
			Right   Right     `json:"right"`
			Person  string    `json:"person"`
			Made    time.Time `json:"made"`
			standing
		}{"clause-package/1", p.request.ID, p.request.Right, p.request.Subject, p.made, standingOf(p.whole)})
		if err != nil {
			return err
		}
		w.Write(head[:len(head)-1]) // errors of a bufio.Writer stick, and come out of its Flush
		w.WriteString(`,"data":{`)
		for i, id := range sets {
			if i > 0 {
				w.WriteByte(',')
			}
			if err := p.dataSet(ctx, w, id); err != nil {
				return err
			}
		}
		w.WriteString("\n}")
		if err := p.partsData(ctx, w); err != nil {
			return err
		}
		err = p.connectedData(w)
		w.WriteString("}\n")
		return err
	})
}

// list keeps an empty list from being null.
func list(of []string) []string { return append([]string{}, of...) }

func (p *packing) dataSet(ctx context.Context, w *bufio.Writer, id string) error {
	s := shape{id: id}
	known := map[string]bool{}
	if set, ok := p.desk.Policy.DataSet(id); ok {
		s.set = set
		for i := range set.Fields {
			known[set.Fields[i].ID] = true
			s.columns = append(s.columns, column{set.Fields[i].ID, &set.Fields[i]})
		}
	}
	dropped := map[string]bool{}
	w.WriteString("\n" + strconv.Quote(id) + ": [")
	err := p.whole.Records(ctx, id, func(r *vault.Record) error {
		if s.records > 0 {
			w.WriteByte(',')
		}
		s.records++
		fields, err := fieldsOf(r)
		if err != nil {
			return err
		}
		for name, value := range fields {
			s.blobs = s.blobs || isBlob(value)
			if !known[name] {
				dropped[name] = true
			}
		}
		return writeRecord(w, r)
	})
	w.WriteString("]")
	for _, name := range slices.Sorted(maps.Keys(dropped)) {
		s.columns = append(s.columns, column{id: name})
	}
	p.shapes = append(p.shapes, s)
	return err
}

func writeRecord(w *bufio.Writer, r *vault.Record) error {
	text, err := json.Marshal(struct {
		ID      string          `json:"id"`
		Version int64           `json:"version"`
		Created time.Time       `json:"created"`
		Updated time.Time       `json:"updated"`
		Fields  json.RawMessage `json:"fields"`
	}{r.ID, r.Version, r.Created, r.Updated, r.Fields})
	if err != nil {
		return fault.As("rights.writeRecord", fault.Other, err)
	}
	w.WriteByte('\n')
	w.Write(text)
	return nil
}

// fieldsOf are a record's fields by name.
func fieldsOf(r *vault.Record) (fields map[string]json.RawMessage, err error) {
	return fields, fault.As("rights.fieldsOf", fault.Other, json.Unmarshal(r.Fields, &fields))
}

// isBlob reports whether a value stands for a blob: no other is an object.
func isBlob(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// blob is what a record says of a blob.
type blob struct {
	Size int64  `json:"size"`
	Type string `json:"content_type"`
}

// suffixes let common files be opened; a type that a stranger named is never trusted with more.
var suffixes = map[string]string{
	"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "application/pdf": ".pdf",
	"text/plain": ".txt", "text/csv": ".csv", "application/json": ".json",
}

// place is where a blob lies in the archive.
func (b *blob) place(set, record, field string) string {
	kind, _, _ := strings.Cut(b.Type, ";")
	suffix := suffixes[strings.TrimSpace(strings.ToLower(kind))]
	if suffix == "" {
		suffix = ".bin"
	}
	return "blobs/" + set + "/" + record + "/" + field + suffix
}

// files writes the blobs, each as it is read.
func (p *packing) files(ctx context.Context) error {
	for i := range p.shapes {
		s := &p.shapes[i]
		if !s.blobs {
			continue
		}
		err := p.whole.Records(ctx, s.id, func(r *vault.Record) error {
			fields, err := fieldsOf(r)
			if err != nil {
				return err
			}
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				if !isBlob(fields[name]) {
					continue
				}
				if err := p.file(ctx, s.id, r.ID, name, fields[name]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *packing) file(ctx context.Context, set, record, field string, value []byte) error {
	var b blob
	if err := json.Unmarshal(value, &b); err != nil {
		return fault.As("rights.file", fault.Other, err)
	}
	_, body, err := p.whole.Blob(ctx, set, record, field)
	if fault.Is(err, fault.NotFound) { // let go of since the record was read
		return nil
	}
	if err != nil {
		return err
	}
	err = p.member(b.place(set, record, field), zip.Store, func(w *bufio.Writer) error {
		_, err := io.Copy(struct{ io.Writer }{w}, body)
		return err
	})
	if closed := body.Close(); err == nil {
		err = fault.As("rights.file", fault.Unavailable, closed)
	}
	return err
}

// ledger writes the person's own part of the ledger, which proves itself.
func (p *packing) ledger(ctx context.Context) error {
	return p.member("ledger.json", zip.Deflate, func(w *bufio.Writer) error {
		return p.desk.Ledger.Excerpt(ctx, p.tenant, p.whole.Alias, w)
	})
}
