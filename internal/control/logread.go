package control

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/ledger/proof"
)

// logReader reads a tenant's ledger and checks what it reads against the signed checkpoint. It reads
// the newest entries and a random part of the older ones, so that it stays quick as the log grows:
// `clause ledger verify` reads all.
type logReader struct {
	ctx    context.Context // of one reading: tlog's reader takes none
	source proof.Source
	head   proof.Checkpoint
	hashes tlog.HashReader
	read   int64 // entries that were checked
}

// oldBundles is how many bundles of older entries are checked, of those there are.
const oldBundles = 64

// errAltered says that what is served is not what was signed.
type errAltered struct{ what string }

func (e errAltered) Error() string { return e.what }

// openLog reads and checks the checkpoint of a tenant's log.
func (s *System) openLog(ctx context.Context, tenant string) (*logReader, error) {
	if s.HTTP == nil {
		return nil, errors.New("there is no front door")
	}
	address, err := proof.LogURL(s.URL, tenant)
	if err != nil {
		return nil, err
	}
	r := &logReader{ctx: ctx, source: &proof.HTTP{Base: address, Credential: s.Canary.Auditor, Client: s.HTTP}}
	key, err := r.source.Key(ctx)
	if err != nil {
		return nil, plain(err)
	}
	signed, err := r.source.Checkpoint(ctx)
	if err != nil {
		return nil, failed("its checkpoint", err)
	}
	if r.head, err = proof.OpenCheckpoint(signed, key); err != nil {
		return nil, errAltered{err.Error()}
	}
	r.hashes = tlog.TileHashReader(tlog.Tree{N: r.head.Size, Hash: tlog.Hash(r.head.Root)}, r)
	return r, nil
}

// failed tells a log that cannot show what it has signed from one that cannot be reached.
func failed(what string, err error) error {
	if errors.Is(err, proof.ErrMissing) || errors.Is(err, proof.ErrFailed) {
		return errAltered{"the server cannot show " + what}
	}
	return plain(err)
}

// since checks the entries from an index on, and a part of those before, and calls each with the
// former, in order.
func (r *logReader) since(from int64, each func(proof.Entry)) error {
	first := from / proof.BundleWidth
	for _, index := range some(first, oldBundles) {
		if err := r.bundle(index, func(proof.Entry) {}); err != nil {
			return err
		}
	}
	for index := first; index*proof.BundleWidth < r.head.Size; index++ {
		err := r.bundle(index, func(e proof.Entry) {
			if e.Seq >= from {
				each(e)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// some picks at most k of the numbers below n that nobody can foresee: whoever altered an old entry
// must not know which bundles will be looked at.
func some(n, k int64) []int64 {
	picked := map[int64]bool{}
	for int64(len(picked)) < min(n, k) {
		if i, err := rand.Int(rand.Reader, big.NewInt(n)); err == nil {
			picked[i.Int64()] = true
		}
	}
	return slices.Collect(maps.Keys(picked))
}

// bundle checks a bundle: the hash of each entry is the one under the signed root, and each is an
// entry, numbered by its place and not older than the one before.
func (r *logReader) bundle(index int64, each func(proof.Entry)) error {
	first := index * proof.BundleWidth
	width := min(r.head.Size-first, proof.BundleWidth)
	data, err := r.source.Bundle(r.ctx, index, int(width))
	if err != nil {
		return failed(fmt.Sprintf("the entries from %d on", first), err)
	}
	places := make([]int64, width)
	for i := range places {
		places[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	hashes, err := r.hashes.ReadHashes(places)
	if err != nil {
		return r.unread(first, err)
	}
	last := time.Time{}
	for i, hash := range hashes {
		text, rest, err := proof.NextFrame(data)
		if err != nil || tlog.RecordHash(text) != hash {
			return errAltered{fmt.Sprintf("entry %d is not what was signed", first+int64(i))}
		}
		e, err := proof.Parse(text)
		if err != nil || e.Seq != first+int64(i) || e.Time.Before(last) {
			return errAltered{fmt.Sprintf("entry %d is out of place", first+int64(i))}
		}
		last, data = e.Time, rest
		r.read++
		each(e)
	}
	return nil
}

// unread tells hashes that do not fit the signed root from ones that could not be fetched.
func (r *logReader) unread(first int64, err error) error {
	var fetch errFetch
	if errors.As(err, &fetch) {
		return failed(fmt.Sprintf("the hashes from %d on", first), fetch.error)
	}
	return errAltered{fmt.Sprintf("the hashes from %d on do not have the signed root", first)}
}

// errFetch is that a tile of hashes could not be fetched.
type errFetch struct{ error }

// Height implements tlog.TileReader: tiles are 256 wide.
func (r *logReader) Height() int { return 8 }

// ReadTiles implements tlog.TileReader.
func (r *logReader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		tile, err := r.source.Tile(r.ctx, t.L, t.N, t.W)
		if err != nil {
			return nil, errFetch{err}
		}
		data = append(data, tile)
	}
	return data, nil
}

// SaveTiles implements tlog.TileReader: nothing is kept.
func (r *logReader) SaveTiles([]tlog.Tile, [][]byte) {}
