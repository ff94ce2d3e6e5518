package control_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
)

func TestEncryptionAtRestCheck(t *testing.T) {
	checks(t, []check{
		{name: "the cipher in use", control: &control.EncryptionAtRest{Algorithm: "aes-256-gcm"}},
		{name: "another", control: &control.EncryptionAtRest{Algorithm: "aes-128-cbc"}, param: "algorithm", finds: []string{"must be aes-256-gcm"}},
	})
}

func encryptionSabotages() []sabotage {
	return []sabotage{
		leaks("a log of requests", func(b []byte) []byte { return b }),
		leaks("a log of requests in base64", func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }),
		leaks("a log of requests in hexadecimal", func(b []byte) []byte { return []byte(hex.EncodeToString(b)) }),
		leaks("a log of requests in UTF-16", func(b []byte) []byte {
			var wide []byte
			for _, c := range b {
				wide = append(wide, c, 0)
			}
			return wide
		}),
		{name: "a copy in the store", says: "in the table meta", before: spillIntoStore},
		{name: "a backup in plain", says: "in the backup", system: func(w *world, sys *control.System) {
			honest := sys.Backup
			sys.Backup = func(ctx context.Context, out io.Writer) error {
				w.copied.Range(func(_, body any) bool { out.Write(body.([]byte)); return true })
				return honest(ctx, out)
			}
			w.open(leaking(w.copy)(sys, w.door))
		}},
	}
}

// spillIntoStore keeps a copy of what is sent in a row of the store.
func spillIntoStore(t *testing.T, w *world) {
	n := 0
	w.open(leaking(func(body []byte) {
		n++
		w.exec(context.Background(), db.Organisation, `INSERT INTO meta (key, value) VALUES ($1, $2)`, fmt.Sprintf("spill-%d", n), body)
	})(nil, w.door))
	t.Cleanup(func() {
		w.open(w.door)
		w.exec(context.Background(), db.Organisation, `DELETE FROM meta WHERE key LIKE 'spill-%'`)
	})
}
