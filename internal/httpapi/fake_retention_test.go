package httpapi

import (
	"context"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/vault"
)

func (f *fake) aHold(reason string) vault.Hold {
	return vault.Hold{ID: "hold_1", Reason: reason, Fields: []string{"login.email", "login.phone"}, Keeps: []string{"login.email"}, Placed: noon, Until: noon.AddDate(0, 1, 0)}
}

func (f *fake) PlaceHold(_ context.Context, c vault.Caller, tenant, subject, reason string, fields []string, until time.Time) (vault.Hold, error) {
	return f.aHold(reason), f.call("PlaceHold %s %s %s %s %v %s", c.Credential.ID, tenant, subject, reason, fields, until.Format(time.DateOnly))
}

func (f *fake) Hold(_ context.Context, c vault.Caller, tenant, subject string) (vault.Hold, error) {
	h := f.aHold("case-1")
	h.Copy = "sub_9"
	return h, f.call("Hold %s %s %s", c.Credential.ID, tenant, subject)
}

func (f *fake) ReleaseHold(_ context.Context, c vault.Caller, tenant, subject string) error {
	return f.call("ReleaseHold %s %s %s", c.Credential.ID, tenant, subject)
}

// undertaker stands for the desk at which data ends.
type undertaker struct{ f *fake }

func (u undertaker) certificate(id string) retention.Certificate {
	c := proof.Certificate{Format: proof.CertificateFormat, ID: id, Kind: proof.OfPerson, About: "request-1", Issuer: "<b>Clesaro</b>", Removed: map[string]int64{"records.income": 2}, Keys: []string{"00ff"}}
	document, err := c.Marshal()
	if err != nil {
		panic(err)
	}
	return retention.Certificate{
		ID: id, Kind: c.Kind, About: c.About, State: retention.Issued, Keys: c.Keys, Removed: c.Removed, Opened: noon, Erased: noon.Add(time.Second), Issued: noon.Add(time.Minute), Document: document,
	}
}

func (u undertaker) leaving() retention.OffBoarding {
	open := retention.Certificate{ID: "cert_1", Kind: proof.OfTenant, State: retention.Open, Opened: noon}
	return retention.OffBoarding{Certificate: open, Due: noon.AddDate(0, 0, 30), Sweeping: map[string]int64{"records.calls": 7}}
}

func (u undertaker) OffBoard(_ context.Context, c vault.Caller, tenant string) (retention.OffBoarding, error) {
	return u.leaving(), u.f.call("OffBoard %s %s", c.Credential.ID, tenant)
}

func (u undertaker) OffBoarding(_ context.Context, c vault.Caller, tenant string) (retention.OffBoarding, error) {
	return u.leaving(), u.f.call("OffBoarding %s %s", c.Credential.ID, tenant)
}

func (u undertaker) EraseSubject(_ context.Context, c vault.Caller, tenant, subject, about string) (retention.Certificate, error) {
	return u.leaving().Certificate, u.f.call("CertifyErasure %s %s %s %s", c.Credential.ID, tenant, subject, about)
}

func (u undertaker) Certificate(_ context.Context, c vault.Caller, tenant, id string) (retention.Certificate, error) {
	err := u.f.call("Certificate %s %s %s", c.Credential.ID, tenant, id)
	if strings.HasSuffix(id, "open") {
		return u.leaving().Certificate, err
	}
	if strings.HasSuffix(id, "none") {
		err = fault.New("fake.Certificate", fault.NotFound, "no such certificate")
	}
	return u.certificate(id), err
}

func (u undertaker) Certificates(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]retention.Certificate, string, error) {
	return []retention.Certificate{u.certificate("cert_1"), u.leaving().Certificate}, "cert_1", u.f.call("Certificates %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}
