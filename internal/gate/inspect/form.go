package inspect

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// How much of a form there may be: what a person writes. A form with files may be larger, its fields not.
const (
	MaxForm   = 64 << 10 // bytes, as they are sent
	maxFields = 500
	maxLooked = 32 << 10 // bytes of what the rules are shown, which takes them a fifth of a second
)

// Field is one of a form.
type Field struct {
	Name, Value string
	Query       bool // it stood in the address
}

// Read takes a request's form apart, and returns its body as if nobody had read of it. What is no form has no fields
// but those of its query. A form with files is taken apart up to some size; look is asked about the fields that come
// later before they pass, and where it fails, so does reading. Read is Invalid for a form that an application could
// read otherwise than this does, and TooLarge for one that nobody writes.
func Read(r *http.Request, body io.ReadCloser, look func([]Field) error) (fields []Field, again io.ReadCloser, err error) {
	fields = pairs(nil, r.URL.RawQuery, true)
	said := r.Header["Content-Type"]
	isForm, isParts := says(said, "application/x-www-form-urlencoded"), says(said, "multipart/form-data")
	if body == nil || body == http.NoBody || !isForm && !isParts {
		return bounded(fields, body)
	}
	_, params, err := mime.ParseMediaType(said[0])
	if err != nil || len(said) != 1 || r.Header.Get("Content-Encoding") != "" || foreign(params) {
		return nil, body, errTwoWays()
	}
	if isParts {
		more, again, err := begin(body, params["boundary"], look)
		if err != nil {
			return nil, body, err
		}
		return bounded(append(fields, more...), again)
	}
	begun, err := io.ReadAll(io.LimitReader(body, MaxForm+1))
	switch {
	case err != nil:
		return nil, body, err
	case len(begun) > MaxForm:
		return nil, body, errTooLarge()
	}
	return bounded(pairs(fields, string(begun), false), whole{bytes.NewReader(begun), body})
}

func errTwoWays() error {
	return fault.New("inspect.Read", fault.Invalid, "the form can be read in more than one way")
}

func errTooLarge() error { return fault.New("inspect.Read", fault.TooLarge, "the form is too large") }

func bounded(fields []Field, body io.ReadCloser) ([]Field, io.ReadCloser, error) {
	if len(fields) > maxFields {
		return nil, body, errTooLarge()
	}
	return fields, body, nil
}

// whole is a body that was read.
type whole struct {
	io.Reader
	io.Closer
}

// says reports whether one of a header's lines names a type, whatever follows it. Of several lines an application may
// go by any.
func says(lines []string, kind string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), kind)
	})
}

// foreign reports whether a type's parameters name another alphabet than UTF-8.
func foreign(params map[string]string) bool {
	charset := strings.ToLower(params["charset"])
	return charset != "" && charset != "utf-8" && charset != "us-ascii"
}

// pairs adds the fields of a query, or of a body of that form, read as any application might: a semicolon may part
// them or stand in a value, and what cannot be decoded stays as it is.
func pairs(fields []Field, text string, query bool) []Field {
	for part := range strings.SplitSeq(text, "&") {
		fields = pair(fields, part, query)
		if strings.Contains(part, ";") {
			for piece := range strings.SplitSeq(part, ";") {
				fields = pair(fields, piece, query)
			}
		}
	}
	return fields
}

func pair(fields []Field, text string, query bool) []Field {
	if text == "" || len(fields) > maxFields {
		return fields
	}
	name, value, _ := strings.Cut(text, "=")
	return append(fields, Field{decode(name), decode(value), query})
}

func decode(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	var b strings.Builder // a lone % stands for itself
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if text, err := url.QueryUnescape(s[i : i+3]); err == nil {
				b.WriteString(text)
				i += 2
				continue
			}
		}
		if s[i] == '+' {
			b.WriteByte(' ')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// suspects are the fields that could hold an attack.
func suspects(fields []Field) []Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool {
		return plain(f.Name) && (plain(f.Value) || secret(f.Name))
	})
}

// sizeOf is how much the rules would read. A field costs what some fifty bytes do.
func sizeOf(fields []Field) (n int) {
	for _, f := range fields {
		n += len(f.Name) + len(f.Value) + 50
	}
	return n
}

// plain reports whether a text is one word or number: letters and figures of any script, and single signs that stand
// in numbers and addresses of mail. Most of what forms hold is that, and the rules find nothing in it but names of
// commands, which alone do nothing. Two signs in a row are a comment, or the folder above.
func plain(s string) bool {
	if !utf8.ValidString(s) || strings.HasPrefix(s, ".") {
		return false
	}
	sign := false
	for _, c := range s {
		was := sign
		sign = strings.ContainsRune("_-.,@+", c)
		if sign && was || !sign && !unicode.In(c, unicode.L, unicode.M, unicode.Nd) {
			return false
		}
	}
	return true
}

// secret reports whether a field holds what nobody should have to choose by how it looks to a rule.
func secret(name string) bool {
	name = strings.ToLower(name)
	for _, of := range []string{"password", "passwd", "passphrase", "passcode", "pwd"} {
		if strings.Contains(name, of) {
			return true
		}
	}
	return false
}
