package connect

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// concerned are the corrections of data that the system holds.
func (h *hookSystem) concerned(fixes []Fix) (out []Fix) {
	for _, f := range fixes {
		if slices.ContainsFunc(h.data, func(d *policy.DataSet) bool { return d.ID == f.DataSet }) {
			out = append(out, f)
		}
	}
	return out
}

// rectify tells of each correction, then looks at what the system exports. Of a data set of which a person
// has one record, all that is exported must hold the new values; of others, which row is meant is the system's
// to know.
func (h *hookSystem) rectify(ctx context.Context, t task) (total int64, err error) {
	fixes := h.concerned(t.fixes)
	for i := range fixes {
		one := t
		one.fix = &fixes[i]
		n, err := h.ask(ctx, one, "rectification")
		if err != nil {
			return total, err
		}
		total += n
	}
	seen := &reader{system: h, fixes: fixes}
	one := t
	one.sink = seen
	if _, err := h.export(ctx, one); err != nil {
		return total, err
	}
	if seen.stale {
		return total, refusal(errHeard.Error())
	}
	return total, nil
}

// reader is a sink that looks for values that were to be corrected.
type reader struct {
	system *hookSystem
	fixes  []Fix
	stale  bool
}

// Begin forgets what was seen.
func (r *reader) Begin(string) error { r.stale = false; return nil }

// Row looks at one row.
func (r *reader) Row(row Row) error {
	i := slices.IndexFunc(r.system.data, func(d *policy.DataSet) bool { return d.ID == row.DataSet })
	if i < 0 || r.system.data[i].Many {
		return nil
	}
	latest := map[string]json.RawMessage{} // of two corrections the second counts
	for _, f := range r.fixes {
		if f.DataSet == row.DataSet {
			for name, value := range f.Fields {
				latest[name] = value
			}
		}
	}
	for name, want := range latest {
		if got, ok := row.Fields[name]; ok && !same(got, want) {
			r.stale = true
		}
	}
	return nil
}

func errKind() error {
	return fault.New("connect.CheckIDs", fault.Invalid, "external ids go by identifiers such as customer: small letters, digits and -")
}

// byHand is why a correction cannot be written.
type byHand string

func (b byHand) Error() string { return string(b) }

func isByHand(err error) (string, bool) {
	var b byHand
	ok := errors.As(err, &b)
	return string(b), ok
}
