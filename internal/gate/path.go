package gate

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// fold is a path as the laxest of applications could read it: without the parameters of segments, doubled slashes
// and case. It is no use as an address; it is for comparing. ok is false for a path that programs read in more than
// one way: with dot segments, with slashes or dots that are encoded, once or twice.
func fold(u *url.URL) (path string, ok bool) {
	path = u.Path
	if !strings.HasPrefix(path, "/") || len(path) > maxPath || !utf8.ValidString(path) || u.Opaque != "" {
		return "", false
	}
	if u.RawPath != "" && encodes(u.RawPath) || encodes(path) {
		return "", false
	}
	var b strings.Builder
	for segment := range strings.SplitSeq(path[1:], "/") {
		segment, _, _ = strings.Cut(segment, ";")
		if segment == "." || segment == ".." {
			return "", false
		}
		if segment != "" {
			b.WriteByte('/')
			b.WriteString(strings.ToLower(segment))
		}
	}
	if b.Len() == 0 || strings.HasSuffix(path, "/") {
		b.WriteByte('/')
	}
	return b.String(), true
}

// maxPath bounds a path, in bytes.
const maxPath = 8 << 10

// encodes reports whether a path has, once more to be decoded, what would change how it is taken apart; or in the
// clear what no address has.
func encodes(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case c == '\\' || c < 0x20 || c == 0x7f:
			return true
		case c == '%' && i+2 < len(path):
			switch strings.ToLower(path[i+1 : i+3]) {
			case "2f", "5c", "2e", "25", "00", "0a", "0d", "3b":
				return true
			}
		}
	}
	return false
}
