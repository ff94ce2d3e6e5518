package proof

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Source is where a log is read from. Its errors say that it could not be read, which proves
// nothing about the log, unless they are ErrMissing or ErrFailed.
type Source interface {
	// Checkpoint returns the signed checkpoint.
	Checkpoint(ctx context.Context) ([]byte, error)
	// Key returns the verifier key that the log says is its own: to trust on first use only.
	Key(ctx context.Context) (string, error)
	// Bundle returns width entries from index·BundleWidth on, framed.
	Bundle(ctx context.Context, index int64, width int) ([]byte, error)
	// Tile returns width hashes of the tree's level 8·level from index·BundleWidth on.
	Tile(ctx context.Context, level int, index int64, width int) ([]byte, error)
}

var (
	// ErrMissing is a source's answer that it has no such thing.
	ErrMissing = errors.New("the log does not have it")
	// ErrFailed is a source's answer that it cannot give it though it should.
	ErrFailed = errors.New("the log cannot give it")
)

// Head is what a log once was, as somebody other than its server remembers it.
type Head struct {
	Size int64
	Root Hash
	By   string // who says so, for people to read
}

// Options is what the verifier knows already.
type Options struct {
	Key   string                // the log's verifier key; required
	Heads []Head                // earlier heads: the log must have grown out of each
	Each  func(entry Entry)     // called for each valid entry, in order; may be nil
	Bound func(size int64) bool // says whether a log of that size may be read; nil for any
}

// Finding is something wrong with a log.
type Finding struct {
	Index int64  `json:"index"` // the first entry concerned, -1 where none can be named
	What  string `json:"what"`
}

// maxFindings bounds a report: a log that is wrong throughout need not be listed.
const maxFindings = 20

// Report is the outcome of Verify.
type Report struct {
	Checkpoint
	Signed   []byte    // the checkpoint as it was served
	Read     int64     // entries read
	Findings []Finding // in the order of their indexes; none for a log that verifies
}

// Verified reports whether nothing was wrong.
func (r *Report) Verified() bool { return len(r.Findings) == 0 }

// Verify reads the whole log and checks: the checkpoint's signature, origin and size; that each
// entry is in canonical form, is numbered by its place, and is not dated before the one before;
// that the root over all entries is the signed one; and that the log has grown out of each earlier
// head. The error says that the log could not be read; what is wrong with it is in the report.
func Verify(ctx context.Context, src Source, o Options) (Report, error) {
	v := verification{src: src, options: o}
	if err := v.checkpoint(ctx); err != nil || v.stopped {
		return v.done(), err
	}
	if o.Bound != nil && !o.Bound(v.report.Size) {
		return v.done(), fmt.Errorf("the log has %d entries, more than can be read here", v.report.Size)
	}
	if err := v.entries(ctx); err != nil {
		return v.done(), err
	}
	if err := v.root(ctx); err != nil {
		return v.done(), err
	}
	v.heads()
	return v.done(), nil
}

// verification is one run of Verify.
type verification struct {
	src     Source
	options Options
	report  Report
	tree    tree
	last    time.Time
	stopped bool
	more    int // findings over the bound
}

func (v *verification) found(index int64, format string, args ...any) {
	for _, f := range v.report.Findings {
		if index >= 0 && f.Index == index {
			return // the first finding about an entry says enough
		}
	}
	if len(v.report.Findings) == maxFindings {
		v.more++
		return
	}
	v.report.Findings = append(v.report.Findings, Finding{index, fmt.Sprintf(format, args...)})
}

func (v *verification) checkpoint(ctx context.Context) error {
	signed, err := v.src.Checkpoint(ctx)
	switch {
	case errors.Is(err, ErrFailed), errors.Is(err, ErrMissing) && len(v.options.Heads) > 0:
		v.found(-1, "no checkpoint: %v", err)
		return v.rely()
	case err != nil:
		return fmt.Errorf("reading the checkpoint: %w", err)
	}
	v.report.Signed = signed
	if v.report.Checkpoint, err = OpenCheckpoint(signed, v.options.Key); err != nil {
		v.found(-1, "%v", err)
		v.stopped = true
	}
	return nil
}

// rely takes the newest remembered head in place of a checkpoint that the log no longer gives, so
// that the altered entry can still be named.
func (v *verification) rely() error {
	v.stopped = true
	for _, h := range v.options.Heads {
		if h.Size > v.report.Size {
			v.report.Size, v.report.Root = h.Size, h.Root
			v.stopped = false
		}
	}
	return nil
}

// entries reads the bundles and fills the tree; it ends early at an entry that is not there.
func (v *verification) entries(ctx context.Context) error {
	for first := int64(0); first < v.report.Size; first += BundleWidth {
		width := int(min(v.report.Size-first, BundleWidth))
		got, err := v.bundle(ctx, first, width)
		if err != nil {
			return err
		}
		if got < width {
			v.found(first+int64(got), "the entry is missing")
			return nil
		}
	}
	return nil
}

// bundle reads the entries from first on, and says how many of the width could be had.
func (v *verification) bundle(ctx context.Context, first int64, width int) (int, error) {
	data, got, err := v.fetch(ctx, first/BundleWidth, width)
	if err != nil {
		return 0, fmt.Errorf("reading entries from %d: %w", first, err)
	}
	for i := range got {
		var entry []byte
		if entry, data, err = NextFrame(data); err != nil {
			return i, nil
		}
		v.entry(first+int64(i), entry)
	}
	if len(data) > 0 {
		v.found(first+int64(got), "bytes follow the bundle's last entry")
	}
	return got, nil
}

// fetch reads a bundle. Where the source has not all of it, it halves its way to the widest part
// that the source does have: this names the entry that is missing.
func (v *verification) fetch(ctx context.Context, index int64, width int) ([]byte, int, error) {
	data, err := v.src.Bundle(ctx, index, width)
	if err == nil || !gone(err) {
		return data, width, err
	}
	data = nil
	have, lack := 0, width
	for lack-have > 1 {
		try := (have + lack) / 2
		part, err := v.src.Bundle(ctx, index, try)
		switch {
		case err == nil:
			data, have = part, try
		case gone(err):
			lack = try
		default:
			return nil, 0, err
		}
	}
	return data, have, nil
}

func gone(err error) bool { return errors.Is(err, ErrMissing) || errors.Is(err, ErrFailed) }

func (v *verification) entry(index int64, data []byte) {
	v.tree.add(leafHash(data))
	v.report.Read++
	e, err := Parse(data)
	switch {
	case err != nil:
		v.found(index, "%v", err)
		return
	case e.Seq != index:
		v.found(index, "the entry says it is entry %d", e.Seq)
		return
	case e.Time.Before(v.last):
		v.found(index, "the entry is dated before the one before it")
	}
	v.last = e.Time
	if v.options.Each != nil {
		v.options.Each(e)
	}
}
