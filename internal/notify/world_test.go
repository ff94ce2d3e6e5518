package notify_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

const (
	tenant = "acme"
	zoe    = "sub_zoe"
)

// world is an outbox on a store whose clock the test turns.
type world struct {
	*testing.T
	outbox  *notify.Outbox
	now     time.Time
	people  map[string]notify.Address
	reached []string // whose address was read, by which channel
	unreach error    // of the next Reach
	log     bytes.Buffer
}

func newWorld(t *testing.T, open dbtest.Opener) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), people: map[string]notify.Address{
		zoe: {Name: "Zoe", Email: "zoe@example.com", Postal: "1 High Street, London"},
	}}
	w.outbox = w.server(open(func(c *db.Config) { c.Now = func() time.Time { return w.now } }))
	return w
}

// server is an outbox of the world on a store.
func (w *world) server(d *db.DB) *notify.Outbox {
	return &notify.Outbox{
		DB: d, Words: library(w), Senders: map[notify.Channel]notify.Sender{}, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Staff: notify.Staff{"privacy": {Email: []string{"dpo@acme.example", "deputy@acme.example"}, Language: "ar"}},
		Reach: func(_ context.Context, _, subject string, by notify.Channel) (notify.Address, error) {
			if w.unreach != nil {
				return notify.Address{}, w.unreach
			}
			w.reached = append(w.reached, subject+" "+string(by))
			to, ok := w.people[subject]
			if !ok {
				return to, fault.New("test", fault.NotFound, "nobody")
			}
			return to, nil
		},
		Alias: func(_ *db.Tx, subject string) (string, error) { return "p_" + strings.TrimPrefix(subject, "sub_"), nil },
		Drill: func(tenant string) bool { return tenant == "canary-a" },
	}
}

func library(t testing.TB) *notify.Library {
	t.Helper()
	l, err := notify.NewLibrary(clesaro(t))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func clesaro(t testing.TB) *policy.Policy {
	t.Helper()
	src, err := os.ReadFile("../../examples/clesaro/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("policy.yaml", src, control.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func each(t *testing.T, run func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) { run(newWorld(t, open)) })
}

func one(t *testing.T) *world {
	t.Helper()
	return newWorld(t, func(change ...func(*db.Config)) *db.DB {
		c := dbtest.SQLite(t)
		for _, f := range change {
			f(&c)
		}
		return dbtest.Open(t, c)
	})
}

// request is a message to a person.
func request(event string, by notify.Channel) notify.Message {
	return notify.Message{Event: event, Channel: by, Subject: zoe, Template: "request-received", Details: map[string]string{"request": "req_1", "right": "access", "due": "2026-12-02"}}
}

// clock is a message to staff.
func clock(event string, by notify.Channel) notify.Message {
	return notify.Message{Event: event, Channel: by, Owner: "privacy", Template: "clock", Details: map[string]string{
		"what": "limit-near", "duty": "privacy-mail.answer", "clause": "clesaro-contact", "due": "2026-11-05T09:00:00Z"}}
}

func (w *world) enqueue(all ...notify.Message) {
	w.Helper()
	w.enqueueFor(tenant, all...)
}

func (w *world) enqueueFor(tenant string, all ...notify.Message) {
	w.Helper()
	err := w.outbox.DB.Write(w.Context(), tenant, func(tx *db.Tx) error {
		for _, m := range all {
			if err := notify.Enqueue(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// run sends what is due once the time has passed, and returns how many left.
func (w *world) run(after time.Duration) int {
	w.Helper()
	w.now = w.now.Add(after)
	sent, err := w.outbox.Run(w.Context(), w.now)
	if err != nil {
		w.Fatal(err)
	}
	return sent
}

// row is a message as stored.
type row struct {
	state, outcome string
	tries, next    int64
}

func (w *world) rows() (all []row) {
	w.Helper()
	err := w.outbox.DB.Read(w.Context(), tenant, func(tx *db.Tx) error {
		all = nil
		return tx.Each(`SELECT state, outcome, tries, next_at FROM outbox WHERE tenant_id = $1 ORDER BY created_at, message_id`, []any{tenant}, func(scan func(...any) error) error {
			var r row
			err := scan(&r.state, &r.outcome, &r.tries, &r.next)
			all = append(all, r)
			return err
		})
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// only returns the one message there is.
func (w *world) only() row {
	w.Helper()
	all := w.rows()
	if len(all) != 1 {
		w.Fatalf("there are %d messages: %+v", len(all), all)
	}
	return all[0]
}

// entries are the kinds in the tenant's ledger, with the alias they are about.
func (w *world) entries() (all []string) {
	w.Helper()
	page, err := ledger.New(w.outbox.DB, nil, "test").Page(w.Context(), tenant, "", 0, 1000)
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range page.Entries {
		all = append(all, strings.TrimSpace(e.Kind+" "+e.Subject))
	}
	return all
}

func (w *world) wakes() (n int64) {
	w.Helper()
	if err := w.outbox.DB.Get(w.Context(), "", `SELECT COUNT(*) FROM wakes`, nil, &n); err != nil {
		w.Fatal(err)
	}
	return n
}

// tray is a channel that keeps what it is given, and fails as it is told.
type tray struct {
	mu   sync.Mutex
	got  []notify.Dispatch
	fail func(d *notify.Dispatch) error
}

func (s *tray) Send(_ context.Context, d *notify.Dispatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(d); err != nil {
			return err
		}
	}
	s.got = append(s.got, *d)
	return nil
}
