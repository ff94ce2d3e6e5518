package control

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// leaverDrill is the leaving of a made-up customer as an administrator sees it, who has the front door alone.
type leaverDrill struct {
	t        *trial
	s        *System
	control  *OffBoarding
	tenant   Tenant
	patience time.Duration
	records  []kept
}

// again is how often a drill asks how far an off-boarding has come.
const again = 2 * time.Second

// Drill has a canary tenant leave, from the first record to the certificate, which it waits for as long as it is
// told. Unlike the probe it needs no sight of the store, and so sees less: that the rows are gone it takes from
// the certificate, and backups it does not look into. What it returns beside its finding is the certificate.
func (c *OffBoarding) Drill(ctx context.Context, s *System, patience time.Duration) (Finding, []byte) {
	t := &trial{}
	var document []byte
	l, title, ok := s.arrive(ctx, t)
	if ok {
		d := &leaverDrill{t: t, s: s, control: c, tenant: l, patience: patience}
		var left bool
		if document, left = d.run(ctx); !left {
			s.leaveUnseen(ctx, t, l)
		}
		if s.called(ctx, l.ID) != title {
			t = &trial{hurdles: []string{"a probe of the server took the canary tenant meanwhile."}}
		}
	}
	return t.finding("A customer that leaves is unreadable at once, and a certificate that anybody can check says what went."), document
}

// leaveUnseen off-boards a canary tenant that the drill did not come to off-board.
func (s *System) leaveUnseen(ctx context.Context, t *trial, l Tenant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := s.door(s.Canary.Admin).do(ctx, call{method: "POST", path: leavingOf(l)})
	if err != nil || !a.ok() && !a.refused() {
		t.hurdle("the canary tenant could not be off-boarded again: %s", a)
	}
}

// run fills the tenant and off-boards it. It reports whether it did.
func (d *leaverDrill) run(ctx context.Context) (document []byte, left bool) {
	id, ok := d.admit(ctx)
	if !ok {
		return nil, false
	}
	defer d.dismiss(ctx, id)
	p, err := d.s.join(ctx, d.tenant)
	if err != nil {
		d.t.hurdle("%v", err)
		return nil, false
	}
	d.records = p.fillAndShow(ctx, d.t, dataSets(d.s.Policy, func(*policy.DataSet) bool { return true }))
	if d.records == nil {
		return nil, false
	}
	leaving, ok := d.control.offBoard(ctx, d.t, d.s, d.tenant)
	if !ok {
		return nil, false
	}
	p.goneFrom(ctx, d.t, p.door, d.records, "right after the off-boarding")
	a, err := p.do(ctx, call{method: "POST", path: p.home() + "/subjects"})
	d.t.mustForbid("Making somebody of a customer that left", a, err)
	d.control.rightDay(d.t, d.s, leaving)
	if again, ok := d.control.offBoard(ctx, d.t, d.s, d.tenant); ok && again.Certificate.ID != leaving.Certificate.ID {
		d.t.breach("Asked for a second time, the off-boarding began anew.")
	}
	if leaving, ok = d.await(ctx, leaving); !ok {
		return nil, true
	}
	return d.certified(ctx, leaving), true
}

// admit makes the application that stands for the customer's own.
func (d *leaverDrill) admit(ctx context.Context) (id string, ok bool) {
	var purposes []string
	for _, p := range d.s.Policy.Purposes {
		purposes = append(purposes, p.ID)
	}
	a, err := d.s.door(d.s.Canary.Admin).do(ctx, call{method: "POST", path: "/v1/applications", body: api.NewApplication{
		Title: "Drill", Tenants: []string{d.tenant.ID}, Purposes: purposes, Scopes: []string{vault.ScopeData, vault.ScopeSubjects},
		Environment: d.tenant.Environment, Expires: d.s.Now().Add(24 * time.Hour).UTC().Truncate(time.Second),
	}})
	var made api.CreatedApplication
	if !d.t.mustShow("making an application of the drill's", a, err) {
		return "", false
	}
	if json.Unmarshal(a.body, &made) != nil || made.Key == "" {
		d.t.hurdle("the server made an application without a key.")
		return "", false
	}
	d.tenant.Key = made.Key
	return made.Application.ID, true
}

// dismiss revokes the drill's application.
func (d *leaverDrill) dismiss(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := d.s.door(d.s.Canary.Admin).do(ctx, call{method: "DELETE", path: "/v1/applications/" + url.PathEscape(id)})
	d.t.mustShow("revoking the drill's application", a, err)
}

// await asks until the certificate is issued.
func (d *leaverDrill) await(ctx context.Context, o api.OffBoarding) (api.OffBoarding, bool) {
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	for o.Certificate.Issued == nil {
		if pause(ctx, again) != nil {
			d.t.hurdle("no certificate was issued within the time that the drill waits.")
			return o, false
		}
		a, err := d.s.door(d.s.Canary.Admin).do(ctx, call{method: "GET", path: leavingOf(d.tenant)})
		if !d.t.mustShow("asking how far the off-boarding has come", a, err) || json.Unmarshal(a.body, &o) != nil {
			return o, false
		}
	}
	took := o.Certificate.Issued.Sub(o.Certificate.Opened).Round(time.Second)
	if o.Due != nil && o.Certificate.Issued.After(*o.Due) {
		d.t.breach("The certificate was issued %s after the customer left, which is too late.", took)
		return o, true
	}
	d.t.good("Nothing was left, and the certificate was issued, %s after the customer left.", max(took, time.Second))
	return o, true
}

// certified checks the certificate as a stranger would, and that it counts what the drill had stored.
func (d *leaverDrill) certified(ctx context.Context, o api.OffBoarding) []byte {
	cert, ok := d.s.certificate(ctx, d.t, d.s.Canary.Admin, d.tenant.ID, o.Certificate.ID)
	if !ok {
		return nil
	}
	want := map[string]int64{}
	for _, k := range d.records {
		if k.set.Storage != policy.Memory {
			want["records."+k.set.ID]++
		}
	}
	for _, label := range slices.Sorted(maps.Keys(want)) {
		if cert.Removed[label] != want[label] {
			d.t.breach("The certificate counts %d of %s, and %d were stored.", cert.Removed[label], label, want[label])
		}
	}
	if len(cert.Keys) == 0 || cert.Removed["subjects"] != 1 {
		d.t.breach("The certificate names %s, and %s.", plural(len(cert.Keys), "destroyed key"), plural(int(cert.Removed["subjects"]), "subject"))
		return nil
	}
	d.t.good("A signed certificate names %s and counts all that was stored, and its proofs hold.", plural(len(cert.Keys), "destroyed key"))
	document, err := cert.Marshal()
	if err != nil {
		d.t.hurdle("the certificate could not be written down: %v", err)
	}
	return document
}
