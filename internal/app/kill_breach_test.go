package app_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify/notifytest"
)

// TestKilledInABreach kills a server at each step of breaches, and while people are told of them. Each step happens
// once, each clock runs once, and everybody has their mail.
func TestKilledInABreach(t *testing.T) {
	t.Parallel()
	onKilledEngines(t, func(t *testing.T, env []string, store db.Config) {
		mail, sends := posts(t)
		p := setUp(t, t.TempDir(), append(env, sends...)...)
		if store.URL == "" {
			store.URL = "sqlite:" + filepath.Join(p.data, "clause.db")
		}
		store.Now = time.Now
		s := p.serveAcme(t)
		_, audit := s.application(p.admin, "audit")
		_, key := s.application(p.admin, "data", "subjects", "duties")
		for round := range workflowRounds(t) {
			b := &killedBreach{t: t, p: p, s: s, key: key, audit: audit, reference: "round-" + strconv.Itoa(round)}
			b.expose(40)
			b.steps()
			b.mailed(mail, store)
			b.closed()
			b.recorded()
			s = b.s
		}
	})
}

// killedBreach is a breach in the course of which servers are killed.
type killedBreach struct {
	t              *testing.T
	p              *place
	s              *child
	key, audit     string
	reference, id  string
	people, emails []string
	began          time.Time
	kills          int
}

func (b *killedBreach) client() *client.Client { return b.s.client(b.key) }

// expose has people whose data is read.
func (b *killedBreach) expose(people int) {
	b.began = time.Now().UTC().Add(-time.Second)
	for i := range people {
		id, err := b.client().CreateSubject(b.t.Context(), "acme")
		if err != nil {
			b.t.Fatal(err)
		}
		x, email := &person{id: id}, fmt.Sprintf("%s.%d@example.com", b.reference, i)
		if _, err := b.client().Put(b.t.Context(), x.target("account"), map[string]any{"first_name": "Amal", "email": email}); err != nil {
			b.t.Fatal(err)
		}
		if _, err := b.client().Get(b.t.Context(), x.target("account")); err != nil {
			b.t.Fatal(err)
		}
		b.people, b.emails = append(b.people, id), append(b.emails, email)
	}
}

// step makes one, with the server killed over it.
func (b *killedBreach) step(do func(*client.Client) error, done func(*api.Incident) bool) {
	b.t.Helper()
	b.kills++
	b.s = b.p.killed(b.t, b.s, func(s *child) error { return do(s.client(b.key)) }, func(s *child) bool {
		for in, err := range s.client(b.key).Incidents(b.t.Context(), "acme") {
			if err != nil {
				b.t.Fatal(err)
			}
			if in.Reference == b.reference {
				b.id = in.ID
				in, err = s.client(b.key).Incident(b.t.Context(), "acme", in.ID)
				if err != nil {
					b.t.Fatal(err)
				}
				return done(&in)
			}
		}
		return false
	})
	if b.id != "" {
		return
	}
	for in, err := range b.client().Incidents(b.t.Context(), "acme") { // the first call was lost, and repeated
		if err == nil && in.Reference == b.reference {
			b.id = in.ID
		}
	}
}

func (b *killedBreach) steps() {
	b.t.Helper()
	ctx := b.t.Context()
	b.step(func(c *client.Client) error {
		_, err := c.SuspectBreach(ctx, "acme", api.Suspicion{
			Nature: []string{"confidentiality"}, Cause: "stolen-credential", Reference: b.reference,
			Exposure: api.Exposure{From: b.began, To: time.Now().UTC().Add(time.Hour), DataSet: "identity"}, Drill: b.people,
		})
		return err
	}, func(*api.Incident) bool { return true })
	b.step(func(c *client.Client) error {
		_, err := c.BeAware(ctx, "acme", b.id, api.Awareness{})
		return err
	}, func(in *api.Incident) bool { return in.Aware != nil })
	b.step(func(c *client.Client) error {
		_, err := c.AssessBreach(ctx, "acme", b.id, api.Assessment{
			Risk: "high", Reasons: []string{"cannot-be-undone"}, Consequences: []string{"loss-of-confidentiality"}, Measures: []string{"credentials-replaced"},
		})
		return err
	}, func(in *api.Incident) bool { return in.Assessed != nil })
	b.step(func(c *client.Client) error {
		_, err := c.TellAuthority(ctx, "acme", b.id, api.AuthorityTold{Receipt: "receipt-1"})
		return err
	}, func(in *api.Incident) bool { return len(in.Authority) == 1 })
	b.step(func(c *client.Client) error {
		_, err := c.TellPeople(ctx, "acme", b.id, api.PeopleTold{})
		return err
	}, func(in *api.Incident) bool { return in.People != nil && in.People.People == len(b.people) })
}

// closed ends the breach under a kill, once the server has seen that everybody was reached.
func (b *killedBreach) closed() {
	b.t.Helper()
	for until := time.Now().Add(startWithin); b.owes("breach.people"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(until) {
			b.t.Fatal("everybody has their mail, and the clock runs on")
		}
	}
	b.step(func(c *client.Client) error {
		_, err := c.CloseIncident(b.t.Context(), "acme", b.id, api.Closing{Lessons: []string{"lesson-1"}})
		return err
	}, func(in *api.Incident) bool { return in.State == "closed" })
}

// owes reports whether a clock of the kind still runs.
func (b *killedBreach) owes(kind string) bool {
	b.t.Helper()
	in, err := b.client().Incident(b.t.Context(), "acme", b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	return slices.ContainsFunc(in.Clocks, func(c api.Clock) bool { return c.Kind == kind && c.State == "running" })
}

// leased lets leases run out that a killed server has left, as a quarter of an hour does.
func leased(t *testing.T, store db.Config) {
	t.Helper()
	d, err := db.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Write(t.Context(), "acme", func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE outbox SET next_at = 1 WHERE tenant_id = $1 AND state = 'waiting' AND next_at > 0`, "acme"); err != nil {
			return err
		}
		return db.Wakes{Kind: "outbox", Table: "outbox", Column: "next_at"}.By(tx, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
}

var messageID = regexp.MustCompile(`(?im)^Message-ID: *(\S+)`)

// mailed kills servers while they send, until everybody has their mail.
func (b *killedBreach) mailed(mail *notifytest.Sink, store db.Config) {
	b.t.Helper()
	for range 3 {
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		b.s.kill()
		b.kills++
		leased(b.t, store)
		b.s = b.p.serve(b.t)
	}
	got := map[string]map[string]int{}
	for until := time.Now().Add(startWithin); ; time.Sleep(100 * time.Millisecond) {
		clear(got)
		for _, m := range mail.Took() {
			id := messageID.FindStringSubmatch(m.Body)
			if id == nil || len(m.To) != 1 {
				b.t.Fatalf("a mail without an id to %v", m.To)
			}
			if got[m.To[0]] == nil {
				got[m.To[0]] = map[string]int{}
			}
			got[m.To[0]][id[1]]++
		}
		missing := 0
		for _, email := range b.emails {
			if len(got[email]) == 0 {
				missing++
			}
		}
		if missing == 0 {
			break
		}
		if time.Now().After(until) {
			b.t.Fatalf("%d people have no mail", missing)
		}
	}
	twice := 0
	for _, email := range b.emails {
		if len(got[email]) != 1 {
			b.t.Errorf("%s has %d messages about one breach", email, len(got[email]))
		}
		for _, n := range got[email] {
			twice += n - 1
		}
	}
	if twice > b.kills { // one was on its way at each kill; whoever reads it sees one message, by its id
		b.t.Errorf("%d messages went twice, over %d kills", twice, b.kills)
	}
}

// recorded looks that each step is in the ledger once, and that each clock was opened once and discharged once.
func (b *killedBreach) recorded() {
	b.t.Helper()
	in, err := b.client().Incident(b.t.Context(), "acme", b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, c := range in.Clocks {
		kinds[c.Clause+" "+c.Kind]++
		if kinds[c.Clause+" "+c.Kind] > 1 {
			b.t.Errorf("a breach has two clocks of %s", c.Kind)
		}
	}
	entries := map[string]int{}
	eachEntry(b.t, b.s, b.audit, func(e proof.Entry) {
		if e.Detail["incident"] == b.id && e.Answer != proof.Refuse || e.Detail["about"] == b.id {
			entries[e.Kind+" "+e.Detail["clock"]]++
		}
	})
	for _, kind := range []string{"incident.suspected", "incident.aware", "incident.assessed", "incident.authority-told", "incident.people-told", "incident.closed"} {
		if entries[kind+" "] != 1 {
			b.t.Errorf("%s is in the ledger %d times", kind, entries[kind+" "])
		}
	}
	for kind, n := range entries {
		again := kind == "incident.telling-people " && n == 2 // its call was cut short after it had begun, and repeated
		if n != 1 && !again {
			b.t.Errorf("%s is in the ledger %d times", kind, n)
		}
	}
}
