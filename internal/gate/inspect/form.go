package inspect

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// How much of a form there may be: what a person writes. A form with files may be larger; its fields are looked at as
// far as they stand in its beginning, which is where browsers put them if the page does.
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
// but those of its query. It is Invalid for a form that an application could read otherwise than this does, and
// TooLarge for one that nobody writes.
func Read(r *http.Request, body io.ReadCloser) (fields []Field, again io.ReadCloser, err error) {
	const op = "inspect.Read"
	fields = pairs(nil, r.URL.RawQuery, true)
	kind, params, broken := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isForm := strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/x-www-form-urlencoded") || kind == "application/x-www-form-urlencoded"
	isParts := kind == "multipart/form-data" || strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/form-data")
	if body == nil || body == http.NoBody || !isForm && !isParts {
		return bounded(op, fields, body)
	}
	charset := strings.ToLower(params["charset"])
	if broken != nil || len(r.Header["Content-Type"]) != 1 || r.Header.Get("Content-Encoding") != "" || charset != "" && charset != "utf-8" && charset != "us-ascii" {
		return nil, body, fault.New(op, fault.Invalid, "the form can be read in more than one way")
	}
	begun, err := io.ReadAll(io.LimitReader(body, MaxForm+1))
	if err != nil {
		return nil, body, err
	}
	again = rest{io.MultiReader(bytes.NewReader(begun), body), body}
	if isForm {
		if len(begun) > MaxForm {
			return nil, again, fault.New(op, fault.TooLarge, "the form is too large")
		}
		return bounded(op, pairs(fields, string(begun), false), again)
	}
	more, err := parts(begun, params["boundary"])
	if err != nil {
		return nil, again, fault.New(op, fault.Invalid, "the form can be read in more than one way")
	}
	return bounded(op, append(fields, more...), again)
}

func bounded(op string, fields []Field, body io.ReadCloser) ([]Field, io.ReadCloser, error) {
	if len(fields) > maxFields {
		return nil, body, fault.New(op, fault.TooLarge, "the form has too many fields")
	}
	return fields, body, nil
}

// rest is a body of which some was read.
type rest struct {
	io.Reader
	io.Closer
}

// pairs adds the fields of a query, or of a body of that form, read as laxly as any application would: a semicolon
// may part them, and what cannot be decoded stays as it is.
func pairs(fields []Field, text string, query bool) []Field {
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		if len(fields) > maxFields {
			break
		}
		name, value, _ := strings.Cut(part, "=")
		fields = append(fields, Field{decode(name), decode(value), query})
	}
	return fields
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

// parts are the fields of the beginning of a form with files, and the names of the files.
func parts(begun []byte, boundary string) (fields []Field, err error) {
	if boundary == "" {
		return nil, errors.New("no boundary")
	}
	whole := len(begun) <= MaxForm
	for in := multipart.NewReader(bytes.NewReader(begun), boundary); ; {
		p, err := in.NextRawPart()
		if err == io.EOF || err != nil && !whole { // it goes on where nobody looks
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		if len(fields) > maxFields {
			return fields, nil
		}
		if name := p.FileName(); name != "" {
			fields = append(fields, Field{Name: p.FormName(), Value: name})
			continue
		}
		if p.Header.Get("Content-Transfer-Encoding") != "" {
			return nil, errors.New("an encoded part")
		}
		value, err := io.ReadAll(p)
		if err != nil && whole {
			return nil, err
		}
		fields = append(fields, Field{Name: p.FormName(), Value: string(value)})
	}
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
