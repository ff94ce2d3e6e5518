package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/work"
)

// serveCmd serves a store that was set up.
type serveCmd struct {
	Place  place  `embed:""`
	Listen string `default:"127.0.0.1:8443" env:"CLAUSE_LISTEN" placeholder:"HOST:PORT" help:"Where to listen. Default: ${default}."`
	URL    string `name:"url" env:"CLAUSE_SERVER_URL" placeholder:"URL" help:"The address clients use, by which the probes come too. Default: made of the certificate's first name, or of the address listened at."`

	Cert     string `env:"CLAUSE_CERT" placeholder:"FILE" help:"The server's certificate with those it was signed by, in PEM. Without it the server makes one for itself." and:"certificate"`
	Key      string `env:"CLAUSE_CERT_KEY" placeholder:"FILE" help:"The certificate's private key, in PEM." and:"certificate"`
	CA       string `name:"ca" env:"CLAUSE_CA" placeholder:"FILE" help:"A PEM file of the authority that signed the certificate, if this machine does not know it: the probes need it."`
	ClientCA string `name:"client-ca" env:"CLAUSE_CLIENT_CA" placeholder:"FILE" help:"A PEM file of the authorities that sign the certificates of applications: with it an application can be bound to a certificate (docs/api.md)."`

	Host []string `env:"CLAUSE_HOST" placeholder:"NAME" help:"More names and addresses for the certificate that the server makes for itself."`

	BackupTo    string        `env:"CLAUSE_BACKUP_TO" placeholder:"DIR" help:"Put backups into this folder while serving; those that cannot be opened any more are removed from it."`
	BackupEvery time.Duration `default:"24h" env:"CLAUSE_BACKUP_EVERY" placeholder:"DURATION" help:"How often. Default: ${default}."`

	Telling telling `embed:"" group:"Telling people and staff"`

	People people `embed:"" group:"The door for people"`

	Staff staffDoor `embed:"" group:"The door for staff"`

	SignIn string `env:"CLAUSE_SIGN_IN" placeholder:"FILE" help:"A YAML file of the identity providers with whose accounts people and staff sign in, by OpenID Connect (docs/accounts.md, docs/staff.md)."`

	Networks networks `embed:"" group:"From where the server is reached"`

	Calendar string `env:"CLAUSE_CALENDAR" placeholder:"FILE" help:"Holidays over those of the policy's calendar: feasts that were moved, years to come (docs/calendars.md)."`

	Connect string `env:"CLAUSE_CONNECT" placeholder:"FILE" help:"The databases and webhooks outside that hold copies of people's data (docs/connectors.md)."`

	Documents string `env:"CLAUSE_DOCUMENTS" placeholder:"DIR" help:"The further documents that the policy names, each in a file named by its id: the server serves them (docs/publish.md)."`

	Weaknesses string `env:"CLAUSE_WEAKNESSES" placeholder:"FILE" help:"A list of known weaknesses, which the program is compared with: vulndb.zip of vuln.go.dev. It is read anew each time."`
	Assessed   string `env:"CLAUSE_ASSESSED" placeholder:"FILE" help:"Those that somebody looked at and found not to concern the program, as OpenVEX: what govulncheck -format openvex writes."`

	WithoutNotice bool `help:"In an emergency, start with a policy of which people were not told in time. The ledger says so, and the clauses that promised notice are broken until everybody was told."`

	LogFormat string `enum:"text,json" default:"text" env:"CLAUSE_LOG_FORMAT" help:"text or json, on the standard error."`
	ReadyFile string `env:"CLAUSE_READY_FILE" placeholder:"FILE" help:"Write the address to this file once the server serves."`
}

// Help is the rest of what --help shows.
func (*serveCmd) Help() string {
	return `Serves until Ctrl-C or SIGTERM, then lets requests under way finish. It keeps core dumps off and temporary files in its own folder.

A flag's value is also taken from the variable named after it. docs/operations.md tells how to set a server up, and what each refusal to start means.`
}

// shortestBackups is the least time between two backups.
const shortestBackups = time.Second

// Run serves.
func (c *serveCmd) Run(e *env) (err error) {
	const op = "clause.serve"
	if c.BackupEvery < shortestBackups {
		return fault.New(op, fault.Invalid, "--backup-every is shorter than %s", shortestBackups)
	}
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return fault.New(op, fault.Invalid, "--url is not the address of a server").WithHint("for example https://clause.example:8443")
	}
	if c.ReadyFile != "" { // that of a server before this one
		if err := os.Remove(c.ReadyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fault.New(op, fault.Invalid, "%q cannot be written: %v", c.ReadyFile, rootCause(err))
		}
	}
	app.Tune()
	pol, root, err := c.Place.ready(e)
	if err != nil {
		return err
	}
	// Before anything holds data: what memory holds must not reach a disk by another way.
	if err := c.keepToItself(); err != nil {
		return err
	}
	told, err := c.Telling.config()
	if err != nil {
		return err
	}
	connected, err := readConnectors(c.Connect, pol)
	if err != nil {
		return err
	}
	front, err := c.front(e.Now())
	if err != nil {
		return err
	}
	at, err := listenAt("--listen", c.Listen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shut(at, c.People.at, c.People.forward, c.Staff.at, c.Networks.at)) }()
	config := c.Place.config(e, pol, root, app.Made)
	if c.Calendar != "" {
		if config.Calendar, err = os.ReadFile(c.Calendar); err != nil {
			return fault.New(op, fault.Invalid, "%q cannot be read: %v", c.Calendar, rootCause(err))
		}
	}
	config.Log, config.Wall, config.Notify, config.Connect = c.log(e), time.Now, told, connected
	if config.Documents, err = readDocuments(c.Documents, pol); err != nil {
		return err
	}
	config.WithoutNotice = c.WithoutNotice
	if config.SignIn, err = readProviders(c.SignIn); err != nil {
		return err
	}
	if config.ClientCAs, err = readRoots(c.ClientCA); err != nil {
		return err
	}
	if config.Weaknesses, err = c.weaknesses(); err != nil {
		return err
	}
	if c.BackupTo != "" {
		config.Backups = app.Backups{Folder: c.BackupTo, Every: c.BackupEvery}
	}
	front.url = c.address(front, at.Addr())
	config.PublicURL = front.url
	if err := c.People.config(&config); err != nil {
		return err
	}
	if err := c.Staff.config(&config); err != nil {
		return err
	}
	if err := c.Networks.config(&config); err != nil {
		return err
	}
	if err := offered(&config); err != nil {
		return err
	}
	a, err := app.Open(e.Context, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Start(e.Context); err != nil {
		return err
	}
	if err := c.tell(e, a, front, at.Addr()); err != nil {
		return err
	}
	doors := []func(context.Context) error{func(ctx context.Context) error {
		return a.Serve(ctx, at, front.cert, app.Door{URL: front.url, Roots: front.roots})
	}}
	doors = slices.Concat(doors, c.People.doors(a, front), c.Staff.doors(a, front), c.Networks.doors(a, front))
	err = work.Go(e.Context, doors...)
	if ended := context.Cause(e.Context); ended != nil && errors.Is(err, ended) {
		return nil // as it was told to
	}
	return err
}

// keepToItself turns core dumps off, which would write to a disk what is to be in memory only, and
// lets temporary files lie in the server's folder, where the probes look.
func (c *serveCmd) keepToItself() error {
	const op = "clause.serve"
	if err := noDumps(); err != nil {
		return fault.New(op, fault.Unavailable, "core dumps cannot be turned off: %v", err)
	}
	temporary := filepath.Join(c.Place.Data, "tmp")
	if err := os.MkdirAll(temporary, 0o700); err != nil {
		return fault.New(op, fault.Invalid, "the data folder %s cannot be used: %v", c.Place.Data, rootCause(err))
	}
	return fault.As(op, fault.Other, os.Setenv("TMPDIR", temporary))
}

// weaknesses are the files that say what is weak, read once so that a mistake is seen now.
func (c *serveCmd) weaknesses() (app.Weaknesses, error) {
	w := app.Weaknesses{List: c.Weaknesses, Assessed: c.Assessed}
	if c.Assessed != "" && c.Weaknesses == "" {
		return w, fault.New("clause.serve", fault.Invalid, "--assessed needs --weaknesses")
	}
	return w, w.Check()
}

// listenAt listens where a flag says.
func listenAt(flag, where string) (net.Listener, error) {
	const op = "clause.serve"
	if _, _, err := net.SplitHostPort(where); err != nil {
		return nil, fault.New(op, fault.Invalid, "%s is not host:port", flag).WithHint("for example 127.0.0.1:8443, or :8443 for every address of this machine")
	}
	at, err := net.Listen("tcp", where)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault.New(op, fault.Conflict, "another program listens at %s", where).WithHint("stop it, or listen elsewhere: %s", flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fault.New(op, fault.Invalid, "this user may not listen at %s", where).WithHint("ports below 1024 need the capability CAP_NET_BIND_SERVICE")
	case err != nil:
		return nil, fault.New(op, fault.Invalid, "nothing can listen at %s: %v", where, err).WithHint("%s names an address of this machine, and a port", flag)
	}
	return at, nil
}

// shut ends listening where serving never began.
func shut(listeners ...net.Listener) (err error) {
	for _, at := range listeners {
		if at == nil {
			continue
		}
		if e := at.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func (c *serveCmd) log(e *env) *slog.Logger {
	var to slog.Handler = slog.NewTextHandler(e.Stderr, nil)
	if c.LogFormat == "json" {
		to = slog.NewJSONHandler(e.Stderr, nil)
	}
	return slog.New(withoutCanaries{to})
}

// tell says where the server is found.
func (c *serveCmd) tell(e *env, a *app.App, f front, at net.Addr) error {
	e.printf("%s\n", e.paint(good, "Serving "+a.Policy.Organisation.Name+"'s policy, version "+a.Policy.Version+"."))
	e.printf("  trust page   %s/\n", f.url)
	e.printf("  API's pages  %s/docs\n", f.url)
	if a.PeopleURL != "" {
		e.printf("  accounts     %s/account/\n", a.PeopleURL)
	}
	if a.ConsoleURL != "" {
		e.printf("  console      %s/console/\n", a.ConsoleURL)
	}
	if at := c.Networks.at; at != nil {
		e.printf("  metrics      https://%s/metrics\n", at.Addr())
	}
	if at := a.Gate.Upstream; at != nil {
		e.printf("  application  %s/, which is at %s\n", a.PeopleURL, at)
	}
	if f.own != "" {
		e.printf("  certificate  %s, made by the server for itself:\n               clients must be told to trust it (--ca, curl --cacert)\n", f.own)
	}
	if c.BackupTo != "" {
		e.printf("  backups      every %s to %s\n", c.BackupEvery, c.BackupTo)
	}
	if inMemory(a.Policy) && swaps(os.DirFS("/")) {
		a.Log.Warn("this machine swaps, so that memory-only data could reach a disk: docs/operations.md, swap")
	}
	a.Log.LogAttrs(context.Background(), slog.LevelInfo, "serving", slog.String("at", at.String()), slog.String("policy", a.Policy.Digest))
	if c.ReadyFile == "" {
		return nil
	}
	return replaceFile(c.ReadyFile, []byte(at.String()+"\n"))
}

// inMemory reports whether the policy promises that some data is in memory only.
func inMemory(p *policy.Policy) bool {
	return slices.ContainsFunc(p.Data, func(d policy.DataSet) bool { return d.Storage == policy.Memory })
}

// replaceFile writes a file so that whoever looks sees the whole of it or nothing.
func replaceFile(path string, data []byte) error {
	part := path + ".new"
	err := os.WriteFile(part, data, 0o600)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return fault.New("clause.write", fault.Invalid, "%q cannot be written: %v", path, rootCause(err))
	}
	return nil
}
