package app

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault/objects"
)

// blobsMark is the meta key that says where the store keeps its blobs: inFolder, or the random name by which
// a bucket knows that it is this store's. Without it the store is older than buckets.
const (
	blobsMark = "blobs"
	inFolder  = "folder"
)

// openObjects opens the place of blobs. It is chosen when the store is made and stays: blobs do not follow a
// changed address, and would be lost to whoever looks for them in the new one.
func (a *App) openObjects(ctx context.Context, made bool) error {
	const op = "app.openObjects"
	mark, err := a.meta(ctx, blobsMark)
	if err != nil {
		return fault.Wrap(op, err)
	}
	known := string(mark)
	if known == "" && made {
		known = inFolder
	}
	if a.Blobs == nil {
		return a.openFolder(ctx, known)
	}
	if known == inFolder {
		return fault.New(op, fault.Invalid, "the store keeps its blobs in the data folder, not in an object store").
			WithHint("start it without --blobs; to move, make a backup and restore it into a new store with --blobs")
	}
	if a.bucket, err = objects.OpenS3(ctx, *a.Blobs, a.temporary()); err != nil {
		return fault.Wrap(op, err)
	}
	a.objects = a.bucket
	if known != "" {
		return fault.Wrap(op, a.bucket.Check(ctx, known))
	}
	return fault.Wrap(op, a.claim(ctx))
}

func (a *App) openFolder(ctx context.Context, known string) error {
	const op = "app.openFolder"
	if known != "" && known != inFolder {
		return fault.New(op, fault.Invalid, "the store keeps its blobs in an object store").
			WithHint("name it with --blobs")
	}
	folder, err := objects.NewFolder(filepath.Join(a.Data, "blobs"))
	if err != nil {
		return fault.Wrap(op, err)
	}
	a.objects = folder
	if known == "" {
		err = a.settle(ctx, inFolder)
	}
	return fault.Wrap(op, err)
}

// claim takes the bucket's prefix for this store. The bucket knows first: a store that says it has one
// has it.
func (a *App) claim(ctx context.Context) error {
	name := rand.Text()
	if err := a.bucket.Claim(ctx, name); err != nil {
		return err
	}
	a.claimed = true
	return a.settle(ctx, name)
}

// settle records where blobs are, unless another server was quicker and says otherwise.
func (a *App) settle(ctx context.Context, where string) error {
	return a.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		n, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, blobsMark, []byte(where))
		if err != nil || n > 0 {
			return err
		}
		var known []byte
		if err := tx.One(`SELECT value FROM meta WHERE key = $1`, []any{blobsMark}, &known); err != nil {
			return err
		}
		if string(known) != where {
			return fault.New("app.settle", fault.Conflict, "another server has just made this store, with another place for blobs")
		}
		return nil
	})
}

// disclaim gives up the bucket's prefix if this opening took it: the store did not come to be.
func (a *App) disclaim(ctx context.Context) error {
	if !a.claimed {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	err := a.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM meta WHERE key = $1`, blobsMark)
		return err
	})
	if err = errors.Join(err, a.bucket.Release(ctx)); err == nil {
		a.claimed = false
	}
	return fault.Wrap("app.disclaim", err)
}

// meta returns a value of the store's own, nil if there is none.
func (a *App) meta(ctx context.Context, key string) (value []byte, err error) {
	err = a.DB.Get(ctx, "", `SELECT value FROM meta WHERE key = $1`, []any{key}, &value)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return value, err
}

// lookedBack is how far a search of the bucket for values made just now goes back: further than a probe
// takes, and than clocks differ with whom S3 still speaks, a quarter of an hour.
const lookedBack = time.Hour

// lookIntoBucket reads what was put into the bucket lately, or is nil where blobs are in the data folder.
func (a *App) lookIntoBucket() func(context.Context, func(name string, body io.Reader) error) error {
	if a.bucket == nil {
		return nil
	}
	return func(ctx context.Context, look func(name string, body io.Reader) error) error {
		return a.bucket.Each(ctx, a.Wall().Add(-lookedBack), look)
	}
}
