package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/vault/objects"
)

// scratch restores a backup into a SQLite store of its own, beside the server and with its keys, and
// opens a front door to it that is reached in this process only.
func (a *App) scratch(ctx context.Context, r io.Reader) (*control.Scratch, error) {
	const op = "app.scratch"
	folder, err := os.MkdirTemp(a.temporary(), scratchPrefix)
	if err != nil {
		return nil, fault.As(op, fault.Unavailable, err)
	}
	s, err := a.scratchIn(ctx, folder, r)
	if err != nil {
		return nil, errors.Join(fault.Wrap(op, err), os.RemoveAll(folder))
	}
	return s, nil
}

// scratchKept is how long what may be another server's is left alone: no probe runs as long.
const scratchKept = time.Hour

const scratchPrefix = "scratch-"

// dropScratch removes what the probes of killed servers left: backups, and folders they were restored
// into. Nobody else would. Where the store is this server's alone, so are all of them.
func (a *App) dropScratch() error {
	const op = "app.dropScratch"
	entries, err := os.ReadDir(a.temporary())
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), scratchPrefix) && !strings.HasPrefix(e.Name(), control.TemporaryPrefix) {
			continue
		}
		if info, err := e.Info(); err == nil && !a.DB.Exclusive() && a.Wall().Sub(info.ModTime()) < scratchKept {
			continue
		}
		if err := os.RemoveAll(filepath.Join(a.temporary(), e.Name())); err != nil {
			return fault.As(op, fault.Unavailable, err)
		}
	}
	return nil
}

func (a *App) scratchIn(ctx context.Context, folder string, r io.Reader) (*control.Scratch, error) {
	d, err := db.Open(ctx, db.Config{URL: "sqlite:" + filepath.Join(folder, "clause.db"), Now: a.Now})
	if err != nil {
		return nil, err
	}
	blobs, err := objects.NewFolder(filepath.Join(folder, "blobs"))
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	config := a.vaultConfig(d, blobs)
	config.Shared = true // a probe changes rows behind the vault's back
	v, err := vault.New(config)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	shut := func() error {
		v.Close()
		return errors.Join(d.Close(), os.RemoveAll(folder))
	}
	if _, _, _, err := v.Restore(ctx, r, nil); err != nil {
		return nil, errors.Join(err, shut())
	}
	v.SetEditions(a.editions)
	door, err := a.scratchDoor(d, v)
	if err != nil {
		return nil, errors.Join(err, shut())
	}
	return &control.Scratch{
		URL: "https://scratch.invalid", HTTP: &http.Client{Transport: inProcess{door}},
		Store: rawStore{d: d, v: v},
		Exec: func(ctx context.Context, tenant, query string, args ...any) error {
			return d.Write(ctx, tenant, func(tx *db.Tx) error {
				_, err := tx.Exec(query, args...)
				return err
			})
		},
		Close: shut,
	}, nil
}

// scratchDoor is a door without pages. It logs nothing: probes damage what is behind it on purpose.
func (a *App) scratchDoor(d *db.DB, v *vault.Vault) (http.Handler, error) {
	c := a.doorConfig(v, ledger.New(d, a.Ring.Signer(), a.origin()), a.canaries.beside(a.Applications), nil)
	c.Log = slog.New(slog.DiscardHandler)
	return httpapi.New(c)
}

// inProcess is a transport that calls the handler itself.
type inProcess struct{ handler http.Handler }

// RoundTrip answers the request with what the handler writes, held in memory: probes ask for little.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "127.0.0.1:0", r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(w, in)
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answer) Header() http.Header         { return w.header }
func (w *answer) WriteHeader(status int)      { w.status = status }
func (w *answer) Write(b []byte) (int, error) { return w.body.Write(b) }
