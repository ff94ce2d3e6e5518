package account

import (
	"cmp"
	"context"
	"net/http"

	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// Desks are where people look after what is held of them. The door acts there for whoever is signed in, as
// one caller, and about nobody else.
type Desks struct {
	Vault    *vault.Vault
	Rights   *rights.Desk
	Messages *duty.Messages
	Caller   vault.Caller
	// ReportMinor notes that a person may be too young, whoever says so; nil: no clause says what becomes of it.
	ReportMinor func(ctx context.Context, subject string) error
	// Named says what those are called whom the ledger knows by an id. It may be nil.
	Named func(context.Context) (map[string]string, error)
}

// Person is the credential in whose name people look after their own data, as the ledger has it.
const Person = "person"

// mine are the pages about what is held of somebody.
func (d *door) mine(route func(method, page string, do handler)) {
	route("GET", "data", (*visit).held)
	route("GET", "data/{set}/{record}", (*visit).correctForm)
	route("POST", "data/{set}/{record}", (*visit).correct)
	route("GET", "consents", (*visit).consents)
	route("POST", "consents", (*visit).consent)
	route("GET", "consents/{id}", (*visit).receipt)
	route("GET", "requests", (*visit).requests)
	route("POST", "requests", (*visit).request)
	route("POST", "requests/lift", (*visit).lift)
	route("POST", "requests/{id}/take-back", (*visit).takeBack)
	route("POST", "requests/{id}/package", (*visit).take)
	route("GET", "trail", (*visit).trail)
	route("GET", "trail/proof", (*visit).proof)
	route("GET", "notices", (*visit).notices)
	route("POST", "notices", (*visit).seen)
	route("GET", "close", (*visit).closeForm)
	route("POST", "close", (*visit).close)
}

// titled is what something is called in a language.
func titled(lang, own string, others policy.Titles) string { return cmp.Or(others[lang], own) }

// purpose is what a purpose is called, its id where the policy no longer has it.
func (v *visit) purpose(id string) string {
	if p, ok := v.door.Policy.Purpose(id); ok {
		return titled(v.lang, p.Title, p.Titles)
	}
	return id
}

// dataSet is what a data set is called, its id where the policy no longer has it.
func (v *visit) dataSet(id string) string {
	if s, ok := v.door.Policy.DataSet(id); ok {
		return titled(v.lang, s.Title, s.Titles)
	}
	return id
}

func (v *visit) list(items []string) string { return v.door.words[v.lang].List(items...) }

// file begins a download once its first byte is there: what fails before it is told as a page.
type file struct {
	v         *visit
	name      string
	mediaType string
	begun     bool
}

// Write implements io.Writer.
func (f *file) Write(b []byte) (int, error) {
	if !f.begun {
		f.begun = true
		h := f.v.w.Header()
		h.Set("Content-Type", f.mediaType)
		h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
		f.v.w.WriteHeader(http.StatusOK)
	}
	return f.v.w.Write(b)
}

// send writes a download. What fails halfway ends the connection: half a file is none.
func (v *visit) send(name, mediaType string, write func(*file) error) error {
	f := &file{v: v, name: name, mediaType: mediaType}
	err := write(f)
	if err != nil && f.begun {
		v.door.Log(err)
		panic(http.ErrAbortHandler)
	}
	return err
}
