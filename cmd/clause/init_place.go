package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault/objects"
)

// place says which policy a server keeps, and where its store and its keys are: the flags that init,
// serve, backup and restore share.
type place struct {
	Policy string `required:"" env:"CLAUSE_POLICY" placeholder:"FILE" help:"The policy file the server keeps."`
	Data   string `default:"clause-server/data" env:"CLAUSE_DATA" placeholder:"DIR" help:"The folder of the store, blobs and temporary files. Default: ${default}."`
	Keys   string `env:"CLAUSE_KEYS" placeholder:"DIR" help:"The key folder, which belongs in no backup. Default: keys, beside the data folder."`

	RootKey          string `env:"CLAUSE_ROOT_KEY" placeholder:"FILE" help:"The file of the root key. Default: root.key, beside the data folder." xor:"root"`
	OpenbaoAddr      string `env:"CLAUSE_OPENBAO_ADDR" placeholder:"URL" help:"Keep the root key in OpenBao's transit engine instead: its address." group:"OpenBao" xor:"root"`
	OpenbaoTokenFile string `env:"CLAUSE_OPENBAO_TOKEN_FILE" placeholder:"FILE" help:"A file that holds the token for OpenBao." group:"OpenBao"`
	OpenbaoMount     string `default:"transit" env:"CLAUSE_OPENBAO_MOUNT" placeholder:"PATH" help:"Where the transit engine is mounted. Default: ${default}." group:"OpenBao"`
	OpenbaoKey       string `default:"clause" env:"CLAUSE_OPENBAO_KEY" placeholder:"NAME" help:"The name of the key. Default: ${default}." group:"OpenBao"`
	OpenbaoCA        string `name:"openbao-ca" env:"CLAUSE_OPENBAO_CA" placeholder:"FILE" help:"A PEM file of the authority that signed OpenBao's certificate." group:"OpenBao"`

	Store   string `env:"CLAUSE_STORE" placeholder:"URL" help:"The store: postgres://clause_server@host/database, or sqlite:/path/file.db. Default: SQLite in the data folder. A password belongs in CLAUSE_STORE or in ~/.pgpass."`
	Migrate string `env:"CLAUSE_MIGRATE" placeholder:"URL" help:"PostgreSQL as the role that owns the tables, to make and migrate them. A password belongs in CLAUSE_MIGRATE or in ~/.pgpass."`

	Blobs blobs `embed:"" group:"Object store"`

	Region      string `env:"CLAUSE_REGION" placeholder:"ID" help:"The policy's region this server is in. Default: the policy's only one."`
	Environment string `env:"CLAUSE_ENVIRONMENT" placeholder:"ID" help:"The policy's environment this server is. Default: the policy's first."`

	bucket *objects.Place // nil: blobs are in the data folder
}

// settle reads the policy, fills in what was not said, and refuses what cannot be meant.
func (p *place) settle(e *env) (*policy.Policy, error) {
	const op = "clause.place"
	pol, err := readPolicy(e, p.Policy)
	if err != nil {
		return nil, err
	}
	if p.Data, err = filepath.Abs(p.Data); err != nil {
		return nil, fault.As(op, fault.Invalid, err)
	}
	beside := filepath.Dir(p.Data)
	p.Keys = cmp.Or(p.Keys, filepath.Join(beside, "keys"))
	p.RootKey = cmp.Or(p.RootKey, filepath.Join(beside, "root.key"))
	p.Store = cmp.Or(p.Store, "sqlite:"+filepath.Join(p.Data, "clause.db"))
	if inside(p.Data, p.Keys) || inside(p.Keys, p.Data) {
		return nil, fault.New(op, fault.Invalid, "the key folder and the data folder are inside one another").
			WithHint("keys belong in no backup of the data: give them folders of their own")
	}
	if p.bucket, err = p.Blobs.bucket(); err != nil {
		return nil, err
	}
	return pol, errors.Join(p.here(pol), noSecret("--store", p.Store, "CLAUSE_STORE"), noSecret("--migrate", p.Migrate, "CLAUSE_MIGRATE"), p.engine())
}

func inside(outer, inner string) bool {
	rest, err := filepath.Rel(outer, inner)
	if abs, failed := filepath.Abs(inner); failed == nil {
		rest, err = filepath.Rel(outer, abs)
	}
	return err == nil && rest != ".." && !strings.HasPrefix(rest, "../")
}

// here checks that the policy knows the region and the environment.
func (p *place) here(pol *policy.Policy) error {
	const op = "clause.place"
	var regions []string
	for _, r := range pol.Regions {
		regions = append(regions, r.ID)
	}
	switch {
	case p.Region == "" && len(regions) > 1:
		return fault.New(op, fault.Invalid, "the policy names several regions").WithHint("say which one this server is in: --region %s", strings.Join(regions, " or "))
	case p.Region != "" && !slices.Contains(regions, p.Region):
		return fault.New(op, fault.Invalid, "the policy names no region %q", p.Region).WithHint("%s", policy.Advise(p.Region, regions))
	case p.Environment != "" && !slices.Contains(pol.Environments, p.Environment):
		return fault.New(op, fault.Invalid, "the policy names no environment %q", p.Environment).WithHint("%s", policy.Advise(p.Environment, pol.Environments))
	}
	return nil
}

// noSecret refuses a password on the command line, where every user of the machine can read it.
func noSecret(flag, value, variable string) error {
	u, err := url.Parse(value)
	if err != nil || os.Getenv(variable) == value {
		return nil
	}
	_, secret := u.User.Password()
	if secret || u.Query().Has("password") {
		return fault.New("clause.place", fault.Invalid, "%s holds a password, which all users of this machine could read", flag).
			WithHint("put the URL in the variable %s, or the password in ~/.pgpass", variable)
	}
	return nil
}

// engine refuses a store of no known engine, and a URL that is not needed.
func (p *place) engine() error {
	const op = "clause.place"
	switch {
	case p.sqlite() == "" && !strings.HasPrefix(p.Store, "postgres://") && !strings.HasPrefix(p.Store, "postgresql://"):
		return fault.New(op, fault.Invalid, "--store names no known engine").WithHint("sqlite:/path/file.db, or postgres://clause_server@host/database")
	case p.sqlite() != "" && p.Migrate != "":
		return fault.New(op, fault.Invalid, "--migrate is for PostgreSQL, and the store is SQLite").WithHint("name the PostgreSQL store with --store")
	}
	return nil
}

// sqlite returns the file of a SQLite store, "" if the store is another.
func (p *place) sqlite() string {
	file, ok := strings.CutPrefix(p.Store, "sqlite:")
	if !ok {
		return ""
	}
	return file
}

// made reports whether a SQLite store has been begun. On PostgreSQL only opening it tells.
func (p *place) made() bool {
	info, err := os.Stat(p.sqlite())
	return err == nil && info.Size() > 0
}

// root returns where the root key lives; create makes a new file where there is none.
func (p *place) root(create bool) (keyring.Root, error) {
	if p.OpenbaoAddr != "" {
		return p.openbao()
	}
	root, err := keyring.FileRoot(p.RootKey, create)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New("clause.place", fault.NotFound, "there is no root key file %s", p.RootKey).
			WithHint("name it with --root-key, or OpenBao with --openbao-addr")
	}
	return root, err
}

func (p *place) openbao() (keyring.Root, error) {
	const op = "clause.place"
	if p.OpenbaoTokenFile == "" {
		return nil, fault.New(op, fault.Invalid, "OpenBao needs a token").WithHint("put it in a file and name that: --openbao-token-file")
	}
	token, err := readSecret("the token for OpenBao", p.OpenbaoTokenFile)
	if err != nil {
		return nil, err
	}
	var options []keyring.TransitOption
	if p.OpenbaoCA != "" {
		pem, err := os.ReadFile(p.OpenbaoCA)
		if err != nil {
			return nil, unreadable(p.OpenbaoCA, err)
		}
		options = append(options, keyring.TransitCA(pem))
	}
	return keyring.TransitRoot(p.OpenbaoAddr, token, p.OpenbaoMount, p.OpenbaoKey, options...)
}

// rootName says where the root key is.
func (p *place) rootName() string {
	if p.OpenbaoAddr != "" {
		return "OpenBao at " + p.OpenbaoAddr + ", key " + p.OpenbaoKey
	}
	return p.RootKey
}

// config is that of the server.
func (p *place) config(e *env, pol *policy.Policy, root keyring.Root, expect app.Expect) app.Config {
	return app.Config{
		Policy: pol, Data: p.Data, Keys: p.Keys, Root: root, Store: p.Store, Migrate: p.Migrate, Blobs: p.bucket,
		Region: p.Region, Environment: p.Environment, Now: e.Now, Expect: expect,
	}
}

// open opens a store that was made.
func (p *place) open(e *env) (*app.App, error) {
	pol, root, err := p.ready(e)
	if err != nil {
		return nil, err
	}
	return app.Open(e.Context, p.config(e, pol, root, app.Made))
}

// ready is what there must be of a store that was made.
func (p *place) ready(e *env) (*policy.Policy, keyring.Root, error) {
	pol, err := p.settle(e)
	if err != nil {
		return nil, nil, err
	}
	if p.sqlite() != "" && !p.made() {
		return nil, nil, fault.New("clause.place", fault.NotFound, "there is no store %s", p.sqlite()).
			WithHint("make one with clause init, or name the folder it is in with --data")
	}
	root, err := p.root(false)
	return pol, root, err
}

// readSecret reads a file that holds one secret.
func readSecret(what, path string) (string, error) {
	words, err := readWords(what, path)
	if err != nil {
		return "", err
	}
	if len(words) != 1 {
		return "", fault.New("clause.readSecret", fault.Invalid, "%q does not hold %s and nothing else", path, what)
	}
	return words[0], nil
}

// readWords reads a small file of secrets. One that every user can read is refused.
func readWords(what, path string) ([]string, error) {
	const op = "clause.readSecret"
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().Perm()&0o007 != 0 {
		return nil, fault.New(op, fault.Invalid, "every user can read %s in %q", what, path).WithHint("chmod 0600 %s", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return strings.Fields(string(data)), nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New("clause.read", fault.Invalid, "there is no file %q", path)
	}
	return fault.New("clause.read", fault.Invalid, "%q cannot be read: %v", path, rootCause(err))
}

// absent remembers which of some paths are not there, to remove them again if what makes them fails.
type absent []string

func absentOf(paths ...string) (a absent) {
	for _, path := range paths {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			a = append(a, path)
		}
	}
	return a
}

func (a absent) remove() error {
	var errs []error
	for _, path := range a {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}
