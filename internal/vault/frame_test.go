package vault

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// sealed is a backup of the frames given, properly sealed: what a server with a mistake would write.
func (w *world) sealed(frames func(out frameWriter)) []byte {
	w.t.Helper()
	h := backupHeader{Format: backupFormat, Store: w.ring.StoreID().String(), Made: w.clock.now()}
	key := keyring.NewStreamKey()
	var err error
	h.Epoch, h.Key, err = w.ring.SealBackupKey(key[:], h.bound())
	must(w.t, err)
	line, err := json.Marshal(h)
	must(w.t, err)
	out := bytes.NewBuffer(append(line, '\n'))
	stream, err := keyring.SealStream(key, h.bound(), out)
	must(w.t, err)
	f := frameWriter{bufio.NewWriter(stream)}
	frames(f)
	must(w.t, f.w.Flush())
	must(w.t, stream.Close())
	return out.Bytes()
}

func tableFrame(name, columns, tenant string) []byte {
	return appendText(appendText(appendText(nil, name), columns), tenant)
}

func endFrame(rows, blobs int64) []byte {
	return binary.AppendVarint(binary.AppendVarint(nil, rows), blobs)
}

// A backup whose frames do not fit together is refused, however well it is sealed.
func TestFramesThatDoNotFit(t *testing.T) {
	w := sqliteWorld(t)
	tenants := db.Tables()[0]
	head := tableFrame(tenants.Name, columnNames(tenants.Columns), "acme")
	values := filled(tenants.Columns)
	for i, c := range tenants.Columns {
		if c.Name == "state" {
			*values[i].(*string) = tenantActive
		}
	}
	row := encodeRow(nil, tenants.Columns, values)
	blob := func(tenant, id string) []byte { return appendText(appendText(nil, tenant), id) }
	type frame struct {
		kind byte
		body []byte
	}
	end := frame{frameEnd, endFrame(0, 0)}
	for name, frames := range map[string][]frame{
		"nothing":             {},
		"no end":              {{frameTable, head}, {frameRow, row}},
		"more rows":           {{frameTable, head}, {frameRow, row}, end},
		"fewer rows":          {{frameTable, head}, {frameEnd, endFrame(1, 0)}},
		"fewer blobs":         {{frameEnd, endFrame(0, 1)}},
		"an end cut short":    {{frameEnd, nil}},
		"more after the end":  {end, end},
		"a row of no table":   {{frameRow, row}, {frameEnd, endFrame(1, 0)}},
		"a short row":         {{frameTable, head}, {frameRow, row[:len(row)-1]}, {frameEnd, endFrame(1, 0)}},
		"a long row":          {{frameTable, head}, {frameRow, append(bytes.Clone(row), 0)}, {frameEnd, endFrame(1, 0)}},
		"a row twice":         {{frameTable, head}, {frameRow, row}, {frameRow, row}, {frameEnd, endFrame(2, 0)}},
		"an unknown table":    {{frameTable, tableFrame("sqlite_master", "sql", "acme")}, end},
		"other columns":       {{frameTable, tableFrame("tenants", "tenant_id", "acme")}, end},
		"a table cut short":   {{frameTable, head[:5]}, end},
		"an unknown frame":    {{'X', nil}, end},
		"bytes of no blob":    {{frameBytes, []byte("x")}, end},
		"a blob out of place": {{frameBlob, blob("../../tmp", newID(blobPrefix))}, {frameEnd, endFrame(0, 1)}},
		"a blob of any name":  {{frameBlob, blob("acme", "blob_/../../../../tmp/x")}, {frameEnd, endFrame(0, 1)}},
		"a blob cut short":    {{frameBlob, blob("acme", newID(blobPrefix))}, {frameBytes, []byte("x")}},
	} {
		data := w.sealed(func(out frameWriter) {
			for _, f := range frames {
				must(t, out.write(f.kind, f.body))
			}
		})
		next := w.empty()
		_, _, _, err := next.vault.Restore(w.ctx, bytes.NewReader(data), nil)
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v (%s)", name, err, fault.KindOf(err))
		}
		want(t, CheckWhole(w.ctx, next.db), fault.Invalid)
	}
	_, _, _, err := w.empty().vault.Restore(w.ctx, bytes.NewReader(w.sealed(func(out frameWriter) {
		must(t, out.write(frameTable, head))
		must(t, out.write(frameRow, row))
		must(t, out.write(frameEnd, endFrame(1, 0)))
	})), nil)
	must(t, err)
}
