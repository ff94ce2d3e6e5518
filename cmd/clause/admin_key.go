package main

import (
	"errors"
	"os"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
)

// adminKeyCmd makes another administrator where the last key was lost.
type adminKeyCmd struct {
	Place place  `embed:""`
	To    string `required:"" placeholder:"FILE" help:"The file to write the key to, which must not exist."`
}

// Help is the rest of what --help shows.
func (*adminKeyCmd) Help() string {
	return `For whoever owns the server's machine, when the last administrator's key is lost or must be replaced: it needs the store and the key folder, and no other key. The organisation's ledger tells of it. Revoke the lost one afterwards: clause application revoke.

A SQLite store must not be served meanwhile; PostgreSQL may be.`
}

// Run makes the application and writes its key.
func (c *adminKeyCmd) Run(e *env) error {
	id, err := newAdmin(e, c.To, func() (*app.App, error) { return c.Place.open(e) })
	if fault.Is(err, fault.Conflict) && c.Place.sqlite() != "" {
		return fault.New("clause.admin-key", fault.Conflict, "the store is being served, and SQLite is one program's at a time").
			WithHint("stop the server first")
	}
	if err != nil {
		return err
	}
	e.printf("%s holds the key of the new administrator, application %s\n", c.To, id)
	return nil
}

// newAdmin makes an application that may administer and writes its key to a new file.
func newAdmin(e *env, to string, open func() (*app.App, error)) (id string, err error) {
	const op = "clause.newAdmin"
	file, err := keyFile(to)
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	a, err := open()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	admin, key, err := a.Applications.Create(e.Context, a.Operator().Credential.ID, identity.Application{
		Title: "Administrator", Scopes: []string{identity.ScopeAdmin}, Environment: a.Environment,
	})
	if err != nil {
		return "", err
	}
	if _, err := file.WriteString(key + "\n"); err != nil {
		return "", fault.As(op, fault.Unavailable, err)
	}
	return admin.ID, fault.As(op, fault.Unavailable, file.Sync())
}
