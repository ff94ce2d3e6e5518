package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
	"clause.dev/clause/internal/vault"
)

// Door is how the front door is reached: its address and the certificates it is trusted by.
type Door struct {
	URL   string
	Roots *x509.CertPool // nil: the machine's
}

// client returns a client of the door that keeps few connections.
func (d Door) client() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: d.Roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
	}}
}

// abroadWithin is how long an answer from elsewhere may take: a probe has more to do.
const abroadWithin = 15 * time.Second

// web returns a client of what the policy names elsewhere.
func (a *App) web() *http.Client {
	if a.Web != nil {
		return a.Web
	}
	return &http.Client{Timeout: abroadWithin, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	}}
}

// render makes a file as the policy is published.
func render(p *policy.Policy, name, lang string, on time.Time) ([]byte, error) {
	f, err := publish.One(p, name, publish.Options{Language: lang, On: on, Controls: control.Catalogue()})
	return f.Bytes, err
}

// System is what the probes may use of this server, through the door.
func (a *App) System(d Door) *control.System {
	store := rawStore{d: a.DB, v: a.Vault, end: a.retention(a.Vault, a.Ledger).Run}
	return &control.System{
		URL: d.URL, HTTP: a.own.through(d.client()), Roots: d.Roots, Web: a.web(), Render: render,
		Policy: a.Policy, Canary: a.canaries.canary, Beat: a.Beat, People: a.canaryPeople(),
		Behind: a.behindCanary, SignOn: a.signOnCanary, Application: a.application(), Listeners: a.served(d), ConsoleRoutes: console.Routes(), Seen: a.seen,
		Files:   a.files(),
		Objects: a.lookIntoBucket(),
		Store:   store, Database: a.DB,
		Epochs: a.epochs,
		Backup: func(ctx context.Context, w io.Writer) error {
			_, err := a.Vault.Backup(ctx, w, nil, canaryTenants()...)
			return err
		},
		Restore:       a.scratch,
		Left:          a.objects.Left,
		Aged:          a.aged,
		MayTakeEffect: a.mayTakeEffect,
		Weaknesses:    a.Weaknesses.read,
		Now:           a.Now, Calendar: a.Clocks.Calendar,
	}
}

// files are where the server writes: its folder, the store if that lies elsewhere, its backups.
func (a *App) files() []string {
	files := []string{a.Data}
	if path := a.DB.Path(); path != "" && filepath.Dir(path) != filepath.Clean(a.Data) {
		files = append(files, path, path+"-wal", path+"-shm")
	}
	if a.Backups.Folder != "" {
		files = append(files, a.Backups.Folder)
	}
	return files
}

func (a *App) epochs() []control.Epoch {
	var all []control.Epoch
	for _, e := range a.Ring.Epochs() {
		all = append(all, control.Epoch{Number: e.Number, Began: e.Began, Ended: e.Ended, Destroyed: e.Destroyed})
	}
	return all
}

// rawStore is the store seen from below.
type rawStore struct {
	d   *db.DB
	v   *vault.Vault
	end func(context.Context) error // of holds that are over and erasures that are swept; nil: none
}

// Settle sweeps what is due, certifies it, and scrubs the files.
func (s rawStore) Settle(ctx context.Context) error {
	if err := s.v.Sweep(ctx); err != nil {
		return err
	}
	if s.end != nil {
		if err := s.end(ctx); err != nil {
			return err
		}
	}
	return s.d.Scrub(ctx)
}

// Rows calls row with every row of the tenant, or with "" of the organisation.
func (s rawStore) Rows(ctx context.Context, tenant string, row func(table string, columns map[string][]byte) error) error {
	of := tenant
	if of == "" {
		of = db.Organisation
	}
	return s.d.Read(ctx, of, func(tx *db.Tx) error {
		for _, table := range db.Tables() {
			if !table.PerTenant && tenant != "" {
				continue
			}
			if err := rowsOf(tx, table, of, row); err != nil {
				return err
			}
		}
		return nil
	})
}

func rowsOf(tx *db.Tx, table db.Table, tenant string, row func(string, map[string][]byte) error) error {
	names := ""
	for i, c := range table.Columns {
		if i > 0 {
			names += ", "
		}
		names += c.Name
	}
	query, args := `SELECT `+names+` FROM `+table.Name, []any(nil)
	if table.PerTenant {
		query, args = query+` WHERE tenant_id = $1`, []any{tenant}
	}
	return tx.Each(query, args, func(scan func(...any) error) error {
		texts, numbers, bytes := make([]string, len(table.Columns)), make([]int64, len(table.Columns)), make([][]byte, len(table.Columns))
		dest := make([]any, len(table.Columns))
		for i, c := range table.Columns {
			dest[i] = [...]any{db.Text: &texts[i], db.Integer: &numbers[i], db.Bytes: &bytes[i]}[c.Type]
		}
		if err := scan(dest...); err != nil {
			return err
		}
		columns := map[string][]byte{}
		for i, c := range table.Columns {
			switch c.Type {
			case db.Text:
				columns[c.Name] = []byte(texts[i])
			case db.Integer:
				columns[c.Name] = binary.BigEndian.AppendUint64(nil, uint64(numbers[i]))
			case db.Bytes:
				columns[c.Name] = bytes[i]
			}
		}
		return row(table.Name, columns)
	})
}
