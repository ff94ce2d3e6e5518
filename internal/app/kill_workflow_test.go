package app_test

import (
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify/notifytest"
)

// workflowRounds is how many workflows of each sort go through kills; CLAUSE_KILL_ROUNDS asks for more.
func workflowRounds(t *testing.T) int {
	text := os.Getenv(killRounds)
	if text == "" {
		return 1
	}
	rounds, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return max(1, rounds/20)
}

// onKilledEngines runs a test on each engine: with more in a server's environment, and the store's address.
func onKilledEngines(t *testing.T, run func(t *testing.T, env []string, store db.Config)) {
	t.Run("sqlite", func(t *testing.T) { run(t, nil, db.Config{}) })
	t.Run("postgres", func(t *testing.T) {
		c := dbtest.Postgres(t)
		run(t, []string{"CLAUSE_STORE=" + c.URL, "CLAUSE_MIGRATE=" + c.Migrate}, c)
	})
}

// killed makes a call during which, or right after which, the server is killed; starts the next one, and repeats the
// call there if it was not answered. done reports whether it has happened: then it is not repeated, and must not be.
func (p *place) killed(t *testing.T, s *child, do func(*child) error, done func(*child) bool) *child {
	t.Helper()
	answered := make(chan error, 1)
	go func() { answered <- do(s) }()
	time.Sleep(time.Duration(rand.IntN(12_000)) * time.Microsecond)
	s.kill()
	err := <-answered
	s = p.serve(t)
	switch happened := done(s); {
	case err == nil && !happened:
		t.Error("what was acknowledged is not there after the restart")
	case !happened:
		if err := do(s); err != nil {
			t.Fatalf("the repeated call: %v", err)
		}
	}
	return s
}

// TestKilledInABreach kills a server at each step of breaches, and while people are told of them. Each step happens
// once, each clock runs once, and everybody has their mail.
func TestKilledInABreach(t *testing.T) {
	onKilledEngines(t, func(t *testing.T, env []string, store db.Config) {
		mail := notifytest.Listen(t, true)
		folder := t.TempDir()
		ca := filepath.Join(folder, "mail.pem")
		cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: mail.Server.TLSConfig.Certificates[0].Certificate[0]})
		if err := os.WriteFile(ca, cert, 0o600); err != nil {
			t.Fatal(err)
		}
		env = append(env, "CLAUSE_SMTP=smtps://"+mail.At, "CLAUSE_SMTP_CA="+ca, "CLAUSE_MAIL_FROM=Acme <privacy@acme.example>")
		p := setUp(t, folder, env...)
		if store.URL == "" {
			store.URL = "sqlite:" + filepath.Join(p.data, "clause.db")
		}
		store.Now = time.Now
		s := p.serve(t)
		if _, err := s.client(p.admin).CreateTenant(t.Context(), newTenant("acme")); err != nil {
			t.Fatal(err)
		}
		_, audit := s.application(p.admin, "audit")
		_, key := s.application(p.admin, "data", "subjects", "duties")
		for round := range workflowRounds(t) {
			b := &killedBreach{t: t, p: p, s: s, key: key, audit: audit, reference: "round-" + strconv.Itoa(round)}
			b.expose(40)
			b.steps()
			b.mailed(mail, store)
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
	for _, kind := range []string{"incident.suspected", "incident.aware", "incident.assessed", "incident.authority-told", "incident.people-told"} {
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

// eachEntry verifies acme's ledger and calls fn with each of its entries.
func eachEntry(t *testing.T, s *child, audit string, fn func(proof.Entry)) {
	t.Helper()
	log, err := proof.LogURL(s.url, "acme")
	if err != nil {
		t.Fatal(err)
	}
	source := &proof.HTTP{Base: log, Credential: audit, Client: s.http}
	key, err := source.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := proof.Verify(t.Context(), source, proof.Options{Key: key, Each: fn})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		t.Errorf("the ledger: entry %d: %s", f.Index, f.What)
	}
}

// TestKilledWhileACustomerLeaves kills a server as it off-boards a customer: over the call, while it sweeps, and before
// the certificate is issued. Nothing is left, nothing counted twice, and one certificate says so.
func TestKilledWhileACustomerLeaves(t *testing.T) {
	onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
		const people, records = 20, 2400
		p := setUp(t, t.TempDir(), env...)
		s := p.serve(t)
		if _, err := s.client(p.admin).CreateTenant(t.Context(), newTenant("acme")); err != nil {
			t.Fatal(err)
		}
		_, audit := s.application(p.admin, "audit")
		_, key := s.application(p.admin, "data", "subjects")
		fillStore(t, s.client(key), people, records)
		s = p.killed(t, s, func(s *child) error {
			_, err := s.client(p.admin).OffBoard(t.Context(), "acme")
			return err
		}, func(s *child) bool {
			_, err := s.client(p.admin).OffBoarding(t.Context(), "acme")
			return err == nil
		})
		id := ""
		for kills := 0; ; {
			o, err := s.client(p.admin).OffBoarding(t.Context(), "acme")
			if err != nil {
				t.Fatal(err)
			}
			if id == "" {
				id = o.Certificate.ID
			}
			if o.Certificate.ID != id {
				t.Fatal("the off-boarding began anew")
			}
			if o.Certificate.Issued != nil {
				break
			}
			removed := int64(0)
			for _, n := range o.Sweeping {
				removed += n
			}
			if removed > 0 && kills == 0 || o.Certificate.State == "swept" && kills < 2 {
				kills++
				s.kill()
				s = p.serve(t)
			}
			time.Sleep(2 * time.Millisecond)
		}
		leftWhole(t, p, s, audit, id, people, records)
	})
}

// fillStore gives acme people and records, some at a time.
func fillStore(t *testing.T, c *client.Client, people, records int) {
	t.Helper()
	var working sync.WaitGroup
	for i := range people {
		working.Go(func() {
			id, err := c.CreateSubject(t.Context(), "acme")
			x := &person{id: id}
			if err == nil {
				_, err = c.Put(t.Context(), x.target("account"), map[string]any{"first_name": "Amal", "email": fmt.Sprintf("%d@example.com", i)})
			}
			for range records / people {
				if err == nil {
					at := x.target("budgeting")
					at.DataSet, at.Record = "transactions", ""
					_, err = c.Create(t.Context(), at, map[string]any{"date": "2026-01-31", "amount": "12.50 AED", "direction": "expense", "category": "other", "merchant": "Shop"})
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	working.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// leftWhole looks that acme's certificate verifies and counts everything once, and that each step is in the ledger once.
func leftWhole(t *testing.T, p *place, s *child, audit, id string, people, records int64) {
	t.Helper()
	document, err := s.client(p.admin).CertificateDocument(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := proof.VerifyCertificate(document, "")
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]int64{"subjects": people, "records.identity": people, "records.transactions": records} {
		if cert.Removed[label] != want {
			t.Errorf("the certificate counts %d of %s, and there were %d", cert.Removed[label], label, want)
		}
	}
	entries := map[string]int{}
	eachEntry(t, s, audit, func(e proof.Entry) { entries[e.Kind]++ })
	for _, kind := range []string{"off-boarding.begin", "erasure.swept", "certificate.issue"} {
		if entries[kind] != 1 {
			t.Errorf("%s is in the ledger %d times", kind, entries[kind])
		}
	}
}
