package proof

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// root compares the root over the entries with the signed one, and on a difference looks for the
// entry that makes it.
func (v *verification) root(ctx context.Context) error {
	size := v.report.Size
	if v.tree.size() == size && v.tree.root(size) == v.report.Root {
		return nil
	}
	index, err := v.locate(ctx)
	switch {
	case err != nil:
		return err
	case index >= 0:
		v.found(index, "the entry's bytes are not those that were logged")
	case v.tree.size() == size:
		v.found(-1, "the entries do not have the signed root")
	}
	return nil
}

// locate compares the entries with the leaf hashes that the log serves. Those prove nothing by
// themselves; but if their root is the signed one, then the first entry that differs is the
// altered one. It returns -1 when none can be named so.
func (v *verification) locate(ctx context.Context) (int64, error) {
	var logged tree
	for first := int64(0); first < v.report.Size; first += BundleWidth {
		width := int(min(v.report.Size-first, BundleWidth))
		tile, err := v.src.Tile(ctx, 0, first/BundleWidth, width)
		switch {
		case err != nil && gone(err), err == nil && len(tile) != width*len(Hash{}):
			return -1, nil
		case err != nil:
			return -1, fmt.Errorf("reading hashes from %d: %w", first, err)
		}
		for ; len(tile) > 0; tile = tile[len(Hash{}):] {
			logged.add(Hash(tile[:len(Hash{})]))
		}
	}
	if logged.root(v.report.Size) != v.report.Root {
		return -1, nil
	}
	for i := range v.tree.size() {
		if v.tree.levels[0][i] != logged.levels[0][i] {
			return i, nil
		}
	}
	return -1, nil
}

// heads checks that the log has grown out of each earlier head: RFC 6962's consistency, which a
// reader of all entries has by computing the earlier root again.
func (v *verification) heads() {
	heads := slices.Clone(v.options.Heads)
	slices.SortStableFunc(heads, func(a, b Head) int { return cmp.Compare(a.Size, b.Size) })
	good := int64(0)
	for _, h := range heads {
		switch {
		case h.Size > v.report.Size:
			v.found(v.report.Size, "the log has %d entries, and had %d by %s", v.report.Size, h.Size, h.By)
			return
		case h.Size > v.tree.size():
			return // an entry below it is missing, which was found
		case v.tree.root(h.Size) != h.Root:
			if v.explained(good, h.Size) {
				return
			}
			v.found(good, "one of the entries %d to %d is not what it was by %s", good, h.Size-1, h.By)
			return
		}
		good = h.Size
	}
}

// explained reports whether an entry from (included) to (excluded) was found already, so that roots
// above it must differ.
func (v *verification) explained(from, to int64) bool {
	return slices.ContainsFunc(v.report.Findings, func(f Finding) bool { return f.Index >= from && f.Index < to })
}

// done puts the findings in order and bounds them.
func (v *verification) done() Report {
	slices.SortStableFunc(v.report.Findings, func(a, b Finding) int { return cmp.Compare(uint64(a.Index), uint64(b.Index)) })
	if v.more > 0 {
		v.report.Findings = append(v.report.Findings, Finding{-1, fmt.Sprintf("and %d more findings", v.more)})
	}
	return v.report
}
