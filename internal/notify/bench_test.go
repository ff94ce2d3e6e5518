package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/notify"
)

// BenchmarkBounced has mail come back at a server of many customers.
func BenchmarkBounced(b *testing.B) {
	for _, tenants := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("tenants=%d", tenants), func(b *testing.B) {
			w := newBench(b)
			var ids []string
			err := w.DB.Write(b.Context(), tenant, func(tx *db.Tx) error {
				for i := range tenants {
					if _, err := tx.Exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, '', '', '', 'active', 0)`, fmt.Sprintf("t-%d", i)); err != nil {
						return err
					}
				}
				if _, err := tx.Exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, '', '', '', 'active', 0)`, tenant); err != nil {
					return err
				}
				for i := range b.N {
					if err := notify.Enqueue(tx, request(fmt.Sprintf("req_%d", i), notify.Email)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			keep := &tray{}
			w.Senders[notify.Email] = keep
			if _, err := w.Run(b.Context(), time.Now()); err != nil {
				b.Fatal(err)
			}
			for i := range keep.got {
				ids = append(ids, notify.TokenOf(&keep.got[i]))
			}
			b.ResetTimer()
			for i := range b.N {
				if fresh, err := w.Bounced(b.Context(), "app_mx", notify.Bounce{Token: ids[i], Status: "5.1.1", Action: "failed"}); !fresh || err != nil {
					b.Fatal(fresh, err)
				}
			}
		})
	}
}

func newBench(b *testing.B) *notify.Outbox {
	b.Helper()
	return &notify.Outbox{
		DB: dbtest.Open(b, dbtest.SQLite(b)), Words: library(b), Senders: map[notify.Channel]notify.Sender{}, Log: slog.New(slog.DiscardHandler), Next: letters,
		Reach: func(context.Context, string, string, notify.Channel) (notify.Address, error) {
			return notify.Address{Name: "Zoe", Email: "zoe@example.com"}, nil
		},
		Alias: func(*db.Tx, string) (string, error) { return "p_zoe", nil },
		Drill: func(string) bool { return false },
	}
}
