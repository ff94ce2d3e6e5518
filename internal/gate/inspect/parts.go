package inspect

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// parts is a form with files on its way. It is parsed as it passes: nothing of a field goes on before all of it was
// looked into, so no field hides behind a large file.
type parts struct {
	body   io.ReadCloser
	broken error        // why the body could not be read on
	held   bytes.Buffer // what was parsed and did not go on
	in     *multipart.Reader
	file   *multipart.Part // that is passing
	take   func([]Field) error
	fields int
	looked int   // bytes of what could hold an attack
	err    error // io.EOF at the end
}

const (
	step    = 32 << 10    // bytes of a file that go on at a time
	ahead   = 8 << 10     // more than the parser reads ahead, which is 4 KiB
	maxHeld = 4 * MaxForm // of what goes on: the head and the fields of a part
)

// begin takes the beginning of a form apart.
func begin(body io.ReadCloser, boundary string, look func([]Field) error) (fields []Field, again io.ReadCloser, err error) {
	if boundary == "" {
		return nil, nil, errTwoWays()
	}
	p := &parts{body: body}
	p.in = multipart.NewReader(kept{p}, boundary)
	p.take = func(some []Field) error {
		fields = append(fields, some...)
		return nil
	}
	for p.err == nil && p.held.Len() < MaxForm {
		p.err = p.next()
	}
	p.take = look
	if p.err != nil && p.err != io.EOF {
		return nil, nil, p.err
	}
	return fields, p, nil
}

// Read passes on what was looked into.
func (p *parts) Read(b []byte) (int, error) {
	for p.err == nil && p.free() == 0 {
		p.err = p.next()
	}
	if p.err != nil && (p.err != io.EOF || p.held.Len() == 0) {
		return 0, p.err
	}
	return p.held.Read(b[:min(len(b), p.free())])
}

// free is how much may go on: not what the parser has read, and not seen.
func (p *parts) free() int {
	if p.in == nil {
		return p.held.Len()
	}
	return max(0, p.held.Len()-ahead)
}

// Close closes the body.
func (p *parts) Close() error { return p.body.Close() }

// kept is a body of which everything that is read is held.
type kept struct{ *parts }

func (k kept) Read(b []byte) (n int, err error) {
	if k.held.Len() > maxHeld {
		k.broken = errTooLarge()
		return 0, k.broken
	}
	n, err = k.body.Read(b)
	k.held.Write(b[:n])
	if err != nil && err != io.EOF {
		k.broken = err
	}
	return n, err
}

// next parses on: some of a file, or a field. It is io.EOF at the end.
func (p *parts) next() error {
	switch {
	case p.in == nil: // what follows the last part is nobody's
		_, err := io.CopyN(&p.held, p.body, step)
		return err
	case p.file != nil:
		_, err := io.CopyN(io.Discard, p.file, step)
		if err == io.EOF {
			p.file, err = nil, nil
		}
		return p.failed(err)
	}
	part, err := p.in.NextRawPart()
	if err == io.EOF {
		p.in = nil
		return nil
	}
	if err != nil {
		return p.failed(err)
	}
	name, file, err := called(part.Header)
	if err != nil {
		return err
	}
	if file != "" {
		p.file = part
		return p.add(Field{Name: name}, Field{Name: "filename", Value: file})
	}
	value, err := io.ReadAll(part)
	if err != nil {
		return p.failed(err)
	}
	return p.add(Field{Name: name, Value: string(value)})
}

// failed says why parsing did not go on: because the body did not, or because it is no form.
func (p *parts) failed(err error) error {
	switch {
	case err == nil:
		return nil
	case p.broken != nil:
		return p.broken
	}
	return errTwoWays()
}

func (p *parts) add(fields ...Field) error {
	p.fields += len(fields)
	p.looked += sizeOf(suspects(fields))
	if p.fields > maxFields || p.looked > maxLooked {
		return errTooLarge()
	}
	return p.take(fields)
}

// called reads what a part is called and, of a file, by which name with all its folders. To some programs a part with
// filename*, which forms must not have (RFC 7578 section 4.2), is a file, and to others a field.
func called(h textproto.MIMEHeader) (name, file string, err error) {
	said := h["Content-Disposition"]
	if len(said) != 1 || strings.Contains(strings.ToLower(said[0]), "name*") {
		return "", "", errTwoWays()
	}
	_, params, err := mime.ParseMediaType(said[0])
	if err != nil {
		return "", "", errTwoWays()
	}
	name, file = params["name"], params["filename"]
	_, content, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if file == "" && (h.Get("Content-Transfer-Encoding") != "" || foreign(content)) {
		return "", "", errTwoWays()
	}
	return name, file, nil
}
