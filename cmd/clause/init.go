package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// initCmd sets a server up.
type initCmd struct {
	Place    place  `embed:""`
	AdminKey string `env:"CLAUSE_ADMIN_KEY" placeholder:"FILE" help:"Where to write the key of the first application, which may administer. Default: admin.key, beside the data folder."`
	JSON     bool   `help:"Print where everything is as JSON."`
}

// setUp says where what was made is.
type setUp struct {
	Store    string `json:"store,omitempty"` // SQLite's file; a URL is not shown, it may hold a password
	Data     string `json:"data"`
	Blobs    string `json:"blobs,omitempty"` // the bucket, if they are not in Data
	Keys     string `json:"keys"`
	RootKey  string `json:"root_key"`
	AdminKey string `json:"admin_key_file"`
	Admin    string `json:"admin_application"`
}

// Help is the rest of what --help shows.
func (*initCmd) Help() string {
	return `Makes the folders, the root key, the store and the first application, whose key it writes to a file that you alone can read. It refuses, and changes nothing, where a store or keys are already. Where blobs are kept is chosen here, with --blobs, and stays.

Then: clause serve with the same flags. docs/operations.md tells the rest.`
}

// Run sets the server up, or leaves nothing behind.
func (c *initCmd) Run(e *env) error {
	pol, err := c.Place.settle(e)
	if err != nil {
		return err
	}
	c.AdminKey = cmp.Or(c.AdminKey, filepath.Join(filepath.Dir(c.Place.Data), "admin.key"))
	if err := c.free(); err != nil {
		return err
	}
	p := &c.Place
	made := absentOf(p.Data, p.Keys, p.RootKey, c.AdminKey, filepath.Dir(p.Data))
	out, err := c.make(e, pol)
	if err != nil {
		return errors.Join(err, made.remove())
	}
	return c.tell(e, out)
}

// free refuses where somebody has been before.
func (c *initCmd) free() error {
	const op = "clause.init"
	if c.Place.sqlite() != "" && c.Place.made() {
		return fault.New(op, fault.Conflict, "there is a store already: %s", c.Place.sqlite()).
			WithHint("clause serve serves it; for another one name other folders with --data and --keys")
	}
	if held, err := os.ReadDir(c.Place.Keys); err == nil && len(held) > 0 {
		return fault.New(op, fault.Conflict, "there are keys in %s already", c.Place.Keys).
			WithHint("they may be all that can read a store or a backup; a new store gets a key folder of its own: --keys")
	}
	if _, err := os.Lstat(c.AdminKey); err == nil {
		return fault.New(op, fault.Conflict, "there is a file %s already", c.AdminKey).WithHint("name another with --admin-key")
	}
	return nil
}

func (c *initCmd) make(e *env, pol *policy.Policy) (out setUp, err error) {
	const op = "clause.init"
	p := &c.Place
	root, err := p.root(true)
	if err != nil {
		return out, err
	}
	if err := os.MkdirAll(filepath.Dir(c.AdminKey), 0o700); err != nil {
		return out, fault.As(op, fault.Unavailable, err)
	}
	admin, err := newAdmin(e, c.AdminKey, func() (*app.App, error) { return app.Open(e.Context, p.config(e, pol, root, app.New)) })
	if err != nil {
		return out, err
	}
	out = setUp{Store: p.sqlite(), Data: p.Data, Blobs: p.Blobs.Blobs, Keys: p.Keys, RootKey: p.rootName(), AdminKey: c.AdminKey, Admin: admin}
	return out, nil
}

func (c *initCmd) tell(e *env, out setUp) error {
	if c.JSON {
		return printJSON(e, out)
	}
	e.printf("%s\n\n", e.paint(good, "Set up."))
	e.printf("  store       %s\n", cmp.Or(out.Store, "PostgreSQL"))
	e.printf("  data        %s\n", out.Data)
	if out.Blobs != "" {
		e.printf("  blobs       %s\n", out.Blobs)
	}
	e.printf("  keys        %s\n", out.Keys)
	e.printf("  root key    %s\n", out.RootKey)
	e.printf("  admin key   %s   (application %s)\n\n", out.AdminKey, out.Admin)
	e.printf("  %s\n", e.paint(strong, "Back up"))
	e.printf("    the store with clause backup or clause serve --backup-to, never by copying its files\n")
	if c.Place.OpenbaoAddr == "" {
		e.printf("    the root key once, offline, away from everything else: without it nothing can be read again\n")
	}
	e.printf("  %s\n", e.paint(strong, "Mirror, but never archive"))
	e.printf("    the key folder: a second disk that holds its present state and no older one.\n")
	e.printf("    An old copy of it can read people who were erased since; without it nothing can be read again.\n\n")
	e.printf("  Next: clause serve with the same flags.\n")
	return nil
}
