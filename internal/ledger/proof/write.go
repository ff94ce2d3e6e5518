package proof

import (
	"context"
	"fmt"
	"io"
)

// WriteExport reads a whole log from src and writes it to w as a tar file that OpenExport reads: the
// checkpoint, the verifier key, and the bundles and leaf tiles that the checkpoint covers. It checks
// nothing: Verify does. It holds one bundle in memory.
func WriteExport(ctx context.Context, w io.Writer, src Source) error {
	signed, err := src.Checkpoint(ctx)
	if err != nil {
		return err
	}
	key, err := src.Key(ctx)
	if err != nil {
		return err
	}
	c, err := OpenCheckpoint(signed, key)
	if err != nil {
		return err
	}
	out := NewExportWriter(w)
	if err := out.Add("checkpoint", signed); err != nil {
		return err
	}
	if err := out.Add("key", []byte(key+"\n")); err != nil {
		return err
	}
	for first := int64(0); first < c.Size; first += BundleWidth {
		if err := writePart(ctx, out, src, first/BundleWidth, int(min(c.Size-first, BundleWidth))); err != nil {
			return fmt.Errorf("entries from %d on: %w", first, err)
		}
	}
	return out.Close()
}

func writePart(ctx context.Context, out *ExportWriter, src Source, index int64, width int) error {
	bundle, err := src.Bundle(ctx, index, width)
	if err != nil {
		return err
	}
	if err := out.Add(BundlePath(index, width), bundle); err != nil {
		return err
	}
	tile, err := src.Tile(ctx, 0, index, width)
	if err != nil {
		return err
	}
	return out.Add(TilePath(0, index, width), tile)
}
