package proof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// inclusionHeader begins a c2sp.org/tlog-proof, whose files are named .tlog-proof.
const inclusionHeader = "c2sp.org/tlog-proof@v1\n"

// Inclusion is the proof that an entry is in a log: it can be checked offline, without the log.
type Inclusion struct {
	Index  int64
	Path   []Hash // from the leaf's sibling upwards
	Signed []byte // checkpoint
}

// Marshal is the proof as c2sp.org/tlog-proof writes it.
func (p *Inclusion) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(inclusionHeader)
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Path {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Signed)
	return b.Bytes()
}

// ParseInclusion reads a proof; a line of extra data is skipped.
func ParseInclusion(data []byte) (Inclusion, error) {
	bad := errors.New("not a c2sp.org/tlog-proof")
	text, ok := strings.CutPrefix(string(data), inclusionHeader)
	head, signed, found := strings.Cut(text, "\n\n")
	if !ok || !found || len(data) > maxCheckpoint {
		return Inclusion{}, bad
	}
	lines := strings.Split(head, "\n")
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || len(lines) > 64 {
		return Inclusion{}, bad
	}
	digits, ok := strings.CutPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != digits {
		return Inclusion{}, bad
	}
	p := Inclusion{Index: index, Signed: []byte(signed)}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != len(Hash{}) {
			return Inclusion{}, bad
		}
		p.Path = append(p.Path, Hash(h))
	}
	return p, nil
}

// Verify checks that entry is in the log whose verifier key is given, at the proof's index.
func (p *Inclusion) Verify(entry []byte, vkey string) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Signed, vkey)
	if err != nil {
		return Checkpoint{}, err
	}
	if p.Index < 0 || p.Index >= c.Size {
		return Checkpoint{}, errors.New("the proof's index is not of the log")
	}
	root, rest, err := climb(leafHash(entry), p.Index, c.Size, p.Path)
	if err != nil || len(rest) != 0 || root != c.Root {
		return Checkpoint{}, errors.New("the entry is not in the log at that index")
	}
	return c, nil
}

// climb follows RFC 6962 section 2.1.1: the path to leaf m of n is that to the leaf in its part,
// and then the root of the other part.
func climb(leaf Hash, m, n int64, path []Hash) (root Hash, rest []Hash, err error) {
	if n == 1 {
		return leaf, path, nil
	}
	k := int64(1) << (bits.Len64(uint64(n-1)) - 1) // the largest power of two below n
	left := m < k
	if left {
		root, rest, err = climb(leaf, m, k, path)
	} else {
		root, rest, err = climb(leaf, m-k, n-k, path)
	}
	switch {
	case err != nil:
		return Hash{}, nil, err
	case len(rest) == 0:
		return Hash{}, nil, errors.New("the path is too short")
	case left:
		return nodeHash(root, rest[0]), rest[1:], nil
	default:
		return nodeHash(rest[0], root), rest[1:], nil
	}
}
