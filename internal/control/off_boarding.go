package control

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// OffBoarding keeps clauses that say what happens to a customer's data when it leaves.
type OffBoarding struct {
	Within      policy.Term `param:"within" doc:"by when nothing is left, such as 30 days"`
	Certificate bool        `param:"certificate,optional" doc:"a signed certificate lists what went"`
}

// evidenceCertificate is what discharges the clock of an off-boarding.
const evidenceCertificate = "certificate"

// Check finds a time that no clock can run to. That backups may outlast it is a finding of clause check.
func (c *OffBoarding) Check(p *policy.Policy) error {
	var all []error
	if c.Within.Form != policy.Within {
		all = append(all, problem("off-boarding", "within", "a customer leaves once: %q is no time by which its data is gone", c.Within).
			WithHint("name one that is never later, such as 30 days"))
	}
	all = append(all, countable(p, "off-boarding", "within", c.Within))
	return errors.Join(all...)
}

// Plan has the clause owe a certificate once a customer leaves.
func (c *OffBoarding) Plan(p *Plan) {
	p.ground(decision.StepErased)
	p.owe(owed(db.OffBoarding, c.Within, evidenceCertificate))
}

// Probe makes a canary tenant with data of every kind, off-boards it, and looks for what is left.
func (c *OffBoarding) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	switch {
	case len(s.Canary.Leavers) == 0 || s.Canary.Admin == "":
		t.hurdle("there is no canary tenant that could leave.")
	case s.Store == nil || s.Left == nil || s.Now == nil:
		t.hurdle("the store cannot be seen from below.")
	default:
		l, title, ok := s.arrive(ctx, t)
		if !ok {
			break
		}
		s.with(ctx, t, s.Canary.A, func(survivor *person) {
			if !c.leaves(ctx, t, s, l, survivor) {
				s.leave(ctx, t, l)
			}
		})
		if s.called(ctx, l.ID) != title { // what was seen may be another's
			t = &trial{hurdles: []string{"another probe took the canary tenant meanwhile."}}
		}
	}
	return t.finding("A customer that leaves is unreadable at once; its rows, objects, look-ups and keys go, no backup brings them back" + c.certified() + ".")
}

func (c *OffBoarding) certified() string {
	if c.Certificate {
		return ", and a certificate that anybody can check says what went"
	}
	return ""
}

// stale is the age of a canary tenant that a probe has left behind, which was killed: none takes as long.
const stale = time.Hour

// arrive makes a canary tenant that is not there, under a title of its own: other probes, of other servers, may
// have some of them. Which is taken first is left to chance, so that they seldom meet.
func (s *System) arrive(ctx context.Context, t *trial) (l Tenant, title string, ok bool) {
	s.clearStale(ctx, t)
	admin, title := s.door(s.Canary.Admin), "Canary that leaves "+token()
	first := int(title[len(title)-1])
	for i := range s.Canary.Leavers {
		l = s.Canary.Leavers[(first+i)%len(s.Canary.Leavers)]
		body := api.NewTenant{ID: l.ID, Title: title, Region: l.Region, Environment: l.Environment}
		a, err := admin.do(ctx, call{method: "POST", path: "/v1/tenants", body: body})
		if err != nil || a.status != http.StatusConflict {
			return l, title, t.mustShow("making a canary tenant", a, err)
		}
	}
	t.hurdle("other probes have every canary tenant that could leave.")
	return Tenant{}, "", false
}

// called is the title of a tenant, "" if it cannot be had.
func (s *System) called(ctx context.Context, tenant string) string {
	a, err := s.door(s.Canary.Admin).do(ctx, call{method: "GET", path: "/v1/tenants"})
	var all api.Tenants
	if err != nil || json.Unmarshal(a.body, &all) != nil {
		return ""
	}
	i := slices.IndexFunc(all.Tenants, func(o api.Tenant) bool { return o.ID == tenant })
	if i < 0 {
		return ""
	}
	return all.Tenants[i].Title
}

// clearStale off-boards canary tenants that killed probes left behind.
func (s *System) clearStale(ctx context.Context, t *trial) {
	admin := s.door(s.Canary.Admin)
	a, err := admin.do(ctx, call{method: "GET", path: "/v1/tenants"})
	var all api.Tenants
	if !t.mustShow("listing the tenants", a, err) || json.Unmarshal(a.body, &all) != nil {
		return
	}
	for _, old := range all.Tenants {
		left := slices.ContainsFunc(s.Canary.Leavers, func(l Tenant) bool { return l.ID == old.ID })
		if left && old.State == "active" && s.Now().Sub(old.Created) > stale {
			a, err := admin.do(ctx, call{method: "POST", path: leavingOf(Tenant{ID: old.ID})})
			t.mustShow("off-boarding what an earlier probe left", a, err)
		}
	}
}

func leavingOf(tenant Tenant) string { return "/v1/tenants/" + tenant.ID + "/off-boarding" }

// leave sees to it that a canary tenant is gone which the probe did not come to off-board.
func (s *System) leave(ctx context.Context, t *trial, l Tenant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := s.door(s.Canary.Admin).do(ctx, call{method: "POST", path: leavingOf(l)})
	if err == nil && a.ok() {
		err = s.Store.Settle(ctx)
	}
	if err != nil || !a.ok() && !a.refused() {
		t.hurdle("the canary tenant could not be off-boarded again: %s", a)
	}
}

// leaves fills the canary tenant, off-boards it, and looks everywhere. It reports whether it was off-boarded.
func (c *OffBoarding) leaves(ctx context.Context, t *trial, s *System, l Tenant, survivor *person) bool {
	p, err := s.join(ctx, l)
	if err != nil {
		t.hurdle("%v", err)
		return false
	}
	all := dataSets(s.Policy, func(*policy.DataSet) bool { return true })
	lives, records := survivor.fill(ctx, t, all), p.fillAndShow(ctx, t, all)
	if records == nil || !s.mustHaveRows(ctx, t, p) || !s.mustHaveObjects(ctx, t, p) {
		return false
	}
	keys, err := s.keysOf(ctx, p.tenant)
	if err != nil || len(keys) == 0 {
		t.hurdle("the keys of the canary tenant could not be seen: %v", err)
		return false
	}
	before, err := s.backup(ctx)
	if err != nil {
		t.hurdle("%v", err)
		return false
	}
	defer before.discard()
	leaving, ok := c.offBoard(ctx, t, s, l)
	if !ok {
		return false
	}
	p.goneFrom(ctx, t, p.door, records, "right after the off-boarding")
	s.mustHaveLeft(ctx, t, p)
	s.lookAtRest(ctx, t, p.tenant, "", p.marks)
	s.resurrect(ctx, t, before, survivor, p, lives, records)
	c.rightDay(t, s, leaving)
	c.certificate(ctx, t, s, l, keys, records)
	return true
}

// offBoard asks for the off-boarding of the canary tenant.
func (c *OffBoarding) offBoard(ctx context.Context, t *trial, s *System, l Tenant) (leaving api.OffBoarding, ok bool) {
	a, err := s.door(s.Canary.Admin).do(ctx, call{method: "POST", path: leavingOf(l)})
	if !t.mustShow("off-boarding a canary tenant", a, err) {
		return leaving, false
	}
	if len(a.body) > 0 && json.Unmarshal(a.body, &leaving) != nil {
		t.hurdle("the answer to an off-boarding is malformed.")
		return leaving, false
	}
	return leaving, true
}

// rightDay counts again by when nothing is to be left.
func (c *OffBoarding) rightDay(t *trial, s *System, o api.OffBoarding) {
	cal, zone := CalendarOf(s.Policy)
	due, _ := cal.Due(o.Certificate.Opened.In(zone), c.Within)
	switch {
	case o.Due == nil || s.Now().Sub(o.Certificate.Opened).Abs() > time.Hour:
		t.breach("No clock runs for a customer that leaves.")
	case o.Due.After(due):
		t.breach("The clock of a customer that leaves does not end when %s have passed.", c.Within)
	default:
		t.good("The clock of a customer that leaves ends when %s have passed.", c.Within)
	}
}

// mustHaveObjects notes whether the blobs of the canary tenant are seen before it leaves.
func (s *System) mustHaveObjects(ctx context.Context, t *trial, p *person) bool {
	n, err := s.Left(ctx, p.tenant)
	blobs := len(dataSets(s.Policy, func(d *policy.DataSet) bool {
		return slices.ContainsFunc(d.Fields, func(f policy.Field) bool { return f.Type == policy.Blob })
	}))
	if err != nil || n == 0 && blobs > 0 {
		t.hurdle("the canary's blobs are not where they were looked for, so not finding them later proves nothing.")
		return false
	}
	return true
}

// keysOf returns the ids of the tenant's keys, and of its people's.
func (s *System) keysOf(ctx context.Context, tenant string) (keys []string, err error) {
	err = s.Store.Rows(ctx, tenant, func(table string, columns map[string][]byte) error {
		if table == "tenant_keys" {
			keys = append(keys, string(columns["key_id"]))
		}
		return nil
	})
	return keys, err
}

// mustHaveLeft notes what of the tenant is in the store after its sweep.
func (s *System) mustHaveLeft(ctx context.Context, t *trial, p *person) {
	if err := s.Store.Settle(ctx); err != nil {
		t.hurdle("the sweep could not be run: %v", err)
		return
	}
	left := map[string]int{}
	err := s.Store.Rows(ctx, p.tenant, func(table string, columns map[string][]byte) error {
		if !proves(table, columns) {
			left[table]++
		}
		return ctx.Err()
	})
	objects, failed := s.Left(ctx, p.tenant)
	if err = errors.Join(err, failed); err != nil {
		t.hurdle("what is left could not be counted: %v", err)
		return
	}
	for _, table := range slices.Sorted(maps.Keys(left)) {
		t.breach("After the off-boarding and its sweep the store has %s of the customer in %s.", plural(left[table], "row"), table)
	}
	if objects > 0 {
		t.breach("After the off-boarding and its sweep %s of the customer are left.", plural(objects, "object"))
	}
	if len(left)+objects == 0 {
		t.good("After the off-boarding and its sweep the store has no row and no object of the customer but the ledger and the certificate.")
	}
}

// proves reports whether a row of a tenant that left may be there: the ledger, and what proves the leaving.
func proves(table string, columns map[string][]byte) bool {
	switch table {
	case "ledger_heads", "ledger_chunks":
		return true
	case "clocks", "certificates":
		return string(columns["kind"]) == db.OffBoarding && len(columns["subject_id"]) == 0
	case "outbox":
		return len(columns["subject_id"]) == 0
	}
	return false
}

// certificate looks for the certificate and checks it as a stranger would.
func (c *OffBoarding) certificate(ctx context.Context, t *trial, s *System, l Tenant, keys []string, records []kept) {
	if !c.Certificate {
		return
	}
	a, err := s.door(s.Canary.Admin).do(ctx, call{method: "GET", path: leavingOf(l)})
	var leaving api.OffBoarding
	if !t.mustShow("asking how far the off-boarding has come", a, err) || json.Unmarshal(a.body, &leaving) != nil {
		return
	}
	cert, ok := s.certificate(ctx, t, s.Canary.Admin, l.ID, leaving.Certificate.ID)
	if !ok {
		return
	}
	for _, key := range keys {
		if !slices.Contains(cert.Keys, key) {
			t.breach("The certificate does not name a key that the customer's data was under.")
			return
		}
	}
	for _, k := range records {
		if k.set.Storage != policy.Memory && cert.Removed["records."+k.set.ID] == 0 {
			t.breach("The certificate does not count %s, which was there.", k.set.ID)
			return
		}
	}
	t.good("A signed certificate names %s and what went, and its proofs hold.", plural(len(cert.Keys), "destroyed key"))
}

// certificate fetches a certificate and verifies it with the key of the tenant's ledger.
func (s *System) certificate(ctx context.Context, t *trial, key, tenant, id string) (proof.Certificate, bool) {
	a, err := s.door(key).do(ctx, call{method: "GET", path: "/v1/tenants/" + tenant + "/certificates/" + id + "/document"})
	if err != nil {
		t.hurdle("fetching the certificate: %v", err)
		return proof.Certificate{}, false
	}
	if !a.ok() {
		t.breach("No certificate was issued though nothing is left (%s).", a)
		return proof.Certificate{}, false
	}
	verifier, err := s.door("").do(ctx, call{method: "GET", path: "/ledger/" + tenant + "/key"})
	if !t.mustShow("fetching the ledger's key", verifier, err) {
		return proof.Certificate{}, false
	}
	cert, err := proof.VerifyCertificate(a.body, strings.TrimSpace(string(verifier.body)))
	if err != nil {
		t.breach("The certificate does not verify: %v.", err)
		return proof.Certificate{}, false
	}
	if cert.ID != id {
		t.breach("The certificate is another erasure's.")
		return proof.Certificate{}, false
	}
	return cert, true
}
