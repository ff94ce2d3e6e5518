package proof

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// AppendFrame appends an entry to a bundle: its length as two bytes, most significant first, and
// its bytes, as c2sp.org/tlog-tiles frames them. The entry is at most MaxEntry bytes.
func AppendFrame(bundle, entry []byte) []byte {
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
	return append(bundle, entry...)
}

// NextFrame splits the first entry from a bundle.
func NextFrame(bundle []byte) (entry, rest []byte, err error) {
	if len(bundle) < 2 {
		return nil, nil, fmt.Errorf("a bundle ends inside a length")
	}
	n := int(binary.BigEndian.Uint16(bundle))
	if bundle = bundle[2:]; len(bundle) < n {
		return nil, nil, fmt.Errorf("a bundle ends inside an entry")
	}
	return bundle[:n], bundle[n:], nil
}

// BundlePath is the path of an entry bundle below a log's address: width is 1 to BundleWidth, the
// full width has no suffix.
func BundlePath(index int64, width int) string {
	return "tile/entries/" + tilePath(index, width)
}

// TilePath is the path of a tile of hashes below a log's address.
func TilePath(level int, index int64, width int) string {
	return "tile/" + strconv.Itoa(level) + "/" + tilePath(index, width)
}

// tilePath writes an index as c2sp.org/tlog-tiles does: groups of three digits, all but the last
// behind an x, and .p/W for a partial width.
func tilePath(index int64, width int) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	if width != BundleWidth {
		path += ".p/" + strconv.Itoa(width)
	}
	return path
}

// ParsePath reads what BundlePath and TilePath write; level is -1 for a bundle of entries.
func ParsePath(path string) (level int, index int64, width int, err error) {
	bad := fmt.Errorf("not the path of a tile")
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 64 {
		return 0, 0, 0, bad
	}
	kind, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, 0, 0, bad
	}
	level = -1
	if kind != "entries" {
		if level, err = strconv.Atoi(kind); err != nil || level < 0 || level > 7 {
			return 0, 0, 0, bad
		}
	}
	name, partial, cut := strings.Cut(rest, ".p/")
	width = BundleWidth
	if cut {
		if width, err = strconv.Atoi(partial); err != nil || width < 1 || width >= BundleWidth {
			return 0, 0, 0, bad
		}
	}
	digits := strings.ReplaceAll(strings.ReplaceAll(name, "x", ""), "/", "")
	if index, err = strconv.ParseInt(digits, 10, 64); err != nil || index < 0 {
		return 0, 0, 0, bad
	}
	// Each tile has one path: leading zeros, signs and stray separators are other paths.
	want := BundlePath(index, width)
	if level >= 0 {
		want = TilePath(level, index, width)
	}
	if path != want {
		return 0, 0, 0, bad
	}
	return level, index, width, nil
}
