package password

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // the form in which lists of leaked passwords are published; it protects nothing here
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/bits-and-blooms/bloom/v3"

	"clause.dev/clause/internal/fault"
)

// Leaked is a list of leaked passwords as a Bloom filter: some 15 bits for each, none of them is missed,
// and one good password in a thousand is taken for a leaked one.
type Leaked struct{ filter *bloom.BloomFilter }

const (
	leakedMark = "clause leaked passwords 1\n"
	mistaken   = 0.001
	// maxLeaked bounds a list: 2 GB of filter. The whole of Have I Been Pwned has some 900 million.
	maxLeaked = 1 << 30
)

// Has reports whether a password is on the list. A nil list has none.
func (l *Leaked) Has(secret string) bool {
	if l == nil {
		return false
	}
	sum := sha1.Sum([]byte(secret)) //nolint:gosec // as above
	return l.filter.Test(sum[:])
}

// BuildLeaked reads a list in the form of Have I Been Pwned, a line each of 40 hexadecimal digits of
// SHA-1, a colon, and how often it was seen; keeps those seen at least so often; and returns how many. n
// is how many there will be at most. It stops at a line in another form: Invalid, with its number.
func BuildLeaked(from io.Reader, least, n int) (*Leaked, int, error) {
	const op = "password.BuildLeaked"
	if n < 1 || n > maxLeaked {
		return nil, 0, fault.New(op, fault.Invalid, "a list has 1 to %d passwords", maxLeaked)
	}
	l := &Leaked{bloom.NewWithEstimates(uint(n), mistaken)}
	kept, line := 0, 0
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		line++
		text := strings.TrimRight(lines.Text(), "\r ")
		if text == "" {
			continue
		}
		digits, count, counted := strings.Cut(text, ":")
		sum, err := hex.DecodeString(digits)
		seen, err2 := 1, error(nil)
		if counted {
			seen, err2 = strconv.Atoi(count)
		}
		if err != nil || err2 != nil || len(sum) != sha1.Size {
			return nil, 0, fault.New(op, fault.Invalid, "line %d is not 40 hexadecimal digits, a colon and a number", line).
				WithHint("download the SHA-1 list, for instance with haveibeenpwned-downloader")
		}
		if seen < least {
			continue
		}
		if kept++; kept > n {
			return nil, 0, fault.New(op, fault.TooLarge, "the list has more than %d passwords", n).WithHint("say how many there are")
		}
		l.filter.Add(sum)
	}
	if err := lines.Err(); err != nil {
		return nil, 0, fault.As(op, fault.Invalid, err)
	}
	return l, kept, nil
}

// WriteTo writes the filter for ReadLeaked.
func (l *Leaked) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, leakedMark)
	if err != nil {
		return int64(n), fault.As("password.WriteTo", fault.Unavailable, err)
	}
	m, err := l.filter.WriteTo(w)
	return int64(n) + m, fault.As("password.WriteTo", fault.Unavailable, err)
}

// ReadLeaked reads what WriteTo wrote, of so many bytes in all. Anything else is Invalid.
func ReadLeaked(r io.Reader, size int64) (*Leaked, error) {
	const op = "password.ReadLeaked"
	bad := func() error {
		return fault.New(op, fault.Invalid, "the file is no list of leaked passwords, or cut short").WithHint("make it with clause leaked")
	}
	in := bufio.NewReader(r)
	mark := make([]byte, len(leakedMark))
	if _, err := io.ReadFull(in, mark); err != nil || string(mark) != leakedMark {
		return nil, bad()
	}
	// The library makes what the header asks for before it reads: ask the header first.
	head, err := in.Peek(24)
	if err != nil || !sensible(head, size-int64(len(leakedMark))) {
		return nil, bad()
	}
	l := &Leaked{new(bloom.BloomFilter)}
	if _, err := l.filter.ReadFrom(in); err != nil {
		return nil, bad()
	}
	return l, nil
}

// sensible reports whether a filter's header, three big-endian numbers of bits, hashes and bits again,
// fits the bytes that follow it.
func sensible(head []byte, size int64) bool {
	number := func(at int) (n uint64) {
		for _, b := range head[at : at+8] {
			n = n<<8 | uint64(b)
		}
		return n
	}
	bits, hashes, again := number(0), number(8), number(16)
	return bits == again && bits > 0 && bits < 1<<40 && hashes > 0 && hashes < 64 && size == 24+int64((bits+63)/64)*8
}
