package vault

import (
	"encoding/binary"
	"sort"

	"clause.dev/clause/internal/fault"
)

// A record's plaintext is a version byte, the number of fields, and for each field, in order of
// name, its name and its JSON value, both with their length before them. Values are kept as JSON
// so that a projection is a copy and nothing is encoded on a read.
const codecVersion = 1

// item is one field of a decoded record; both slices point into the decoded buffer.
type item struct {
	name  string
	value []byte
}

// encodeItems appends the plaintext of a record to dst. It sorts items by name.
func encodeItems(dst []byte, items []item) []byte {
	sort.Slice(items, func(i, j int) bool { return items[i].name < items[j].name })
	dst = append(dst, codecVersion)
	dst = binary.AppendUvarint(dst, uint64(len(items)))
	for _, it := range items {
		dst = binary.AppendUvarint(dst, uint64(len(it.name)))
		dst = append(dst, it.name...)
		dst = binary.AppendUvarint(dst, uint64(len(it.value)))
		dst = append(dst, it.value...)
	}
	return dst
}

// eachItem walks a record's plaintext. It accepts only what encodeItems makes.
func eachItem(plain []byte, visit func(name, value []byte) error) error {
	const op = "vault.decode"
	if len(plain) == 0 || plain[0] != codecVersion {
		return fault.New(op, fault.Other, "a record has an unknown format")
	}
	rest := plain[1:]
	count, rest, ok := takeUvarint(rest)
	if !ok || count > uint64(len(rest)) {
		return fault.New(op, fault.Other, "a record is malformed")
	}
	last := ""
	for i := uint64(0); i < count; i++ {
		var name, value []byte
		if name, rest, ok = takeBytes(rest); ok {
			value, rest, ok = takeBytes(rest)
		}
		if !ok || (i > 0 && string(name) <= last) {
			return fault.New(op, fault.Other, "a record is malformed")
		}
		last = string(name)
		if err := visit(name, value); err != nil {
			return err
		}
	}
	if len(rest) != 0 {
		return fault.New(op, fault.Other, "a record has trailing bytes")
	}
	return nil
}

// decodeItems returns the fields of a record's plaintext.
func decodeItems(plain []byte) ([]item, error) {
	var items []item
	err := eachItem(plain, func(name, value []byte) error {
		items = append(items, item{string(name), value})
		return nil
	})
	return items, err
}

func takeBytes(b []byte) (taken, rest []byte, ok bool) {
	n, rest, ok := takeUvarint(b)
	if !ok || n > uint64(len(rest)) {
		return nil, nil, false
	}
	return rest[:n:n], rest[n:], true
}

// takeUvarint accepts only the shortest encoding, so that a plaintext has one form.
func takeUvarint(b []byte) (n uint64, rest []byte, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 || (used > 1 && b[used-1] == 0) {
		return 0, nil, false
	}
	return n, b[used:], true
}

// bind composes the data a ciphertext is bound to: what it is, and every id that places it, each
// with its length, so that no two places share a binding.
func bind(kind string, ids ...string) []byte {
	n := len(kind) + 1
	for _, id := range ids {
		n += len(id) + 2
	}
	b := make([]byte, 0, n+10)
	b = append(b, kind...)
	b = append(b, 0)
	for _, id := range ids {
		b = binary.AppendUvarint(b, uint64(len(id)))
		b = append(b, id...)
	}
	return b
}

// bindRecord binds a record's ciphertext to tenant, subject, data set, record and version: moved
// to another row, or put back as an older version, it does not open.
func bindRecord(tenant, subject, dataSet, record string, version int64) []byte {
	return binary.AppendUvarint(bind("record", tenant, subject, dataSet, record), uint64(version))
}
