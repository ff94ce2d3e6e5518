package incident_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// TestMinors: a report starts a clock that the erasure alone ends; nothing of the report is kept but the ledger.
func TestMinors(t *testing.T) {
	each(t, "clesaro", func(w *world) {
		eraser := w.Client(w.T, w.Application(w.T, []string{tenant}, vault.ScopeDuties, vault.ScopeSubjects))
		zaynab, omar := w.customer("zaynab@example.ae"), w.customer("omar@example.ae")
		_, err := w.app.ReportMinor(w.Context(), tenant, zaynab)
		w.refused("a report without the scope", err, 403)
		_, err = w.officer.ReportMinor(w.Context(), tenant, "sub_none")
		w.refused("a report of nobody", err, 404)
		r, err := w.officer.ReportMinor(w.Context(), tenant, zaynab)
		w.must(err)
		if r.State != "reported" || r.Subject != zaynab || len(r.Clocks) != 1 || r.Clocks[0].Clause != "clesaro-children" || r.Clocks[0].State != "running" {
			w.Fatalf("%+v", r)
		}
		again, err := w.colleague.ReportMinor(w.Context(), tenant, zaynab)
		w.must(err)
		if again.ID != r.ID || len(again.Clocks) != 1 {
			w.Errorf("reported again it is %+v", again)
		}
		_, err = w.officer.Discharge(w.Context(), tenant, r.Clocks[0].ID, r.Clocks[0].Discharge, "trust-me")
		w.refused("words", err, 403, "clesaro-children")
		_, err = w.colleague.FindMinor(w.Context(), tenant, r.ID, api.MinorFinding{Minor: true, Ground: "document"})
		w.refused("an erasure by who may not erase", err, 403)
		_, err = eraser.FindMinor(w.Context(), tenant, r.ID, api.MinorFinding{Minor: true, Ground: "a hunch"})
		w.refused("a finding by nothing", err, 422)
		if _, err = w.app.Get(w.Context(), target(zaynab, "identity", "account")); err != nil {
			w.Errorf("reported, and no more than that: %v", err)
		}
		done, err := eraser.FindMinor(w.Context(), tenant, r.ID, api.MinorFinding{Minor: true, Ground: "document"})
		w.must(err)
		if done.State != "erased" || done.Subject != "" || len(done.Clocks) != 1 || done.Clocks[0].State != "done" || !strings.HasPrefix(done.Clocks[0].Evidence, "req_") {
			w.Errorf("%+v", done)
		}
		_, err = w.app.Get(w.Context(), target(zaynab, "identity", "account"))
		w.refused("who was found to be too young", err, 404)
		_, err = w.officer.Minor(w.Context(), tenant, r.ID)
		w.refused("a closed report", err, 404)

		r, err = w.officer.ReportMinor(w.Context(), tenant, omar)
		w.must(err)
		not, err := w.colleague.FindMinor(w.Context(), tenant, r.ID, api.MinorFinding{Ground: "person"})
		w.must(err)
		if not.State != "unfounded" || not.Clocks[0].State != "void" {
			w.Errorf("%+v", not)
		}
		if _, err = w.app.Get(w.Context(), target(omar, "identity", "account")); err != nil {
			w.Errorf("who is old enough: %v", err)
		}

		r, err = w.officer.ReportMinor(w.Context(), tenant, omar) // and then they go by themselves
		w.must(err)
		w.must(w.app.EraseSubject(w.Context(), tenant, omar))
		w.Clock.Move(10 * time.Minute)
		w.must(w.desk().Run(w.Context(), w.now()))
		if page, err := w.officer.ListMinors(w.Context(), tenant, "", 10); err != nil || len(page.Minors) != 0 {
			w.Errorf("%+v %v", page, err)
		}
		clock, err := w.officer.Clock(w.Context(), tenant, r.Clocks[0].ID)
		if err != nil || clock.State != "done" {
			w.Errorf("%+v %v", clock, err)
		}
	})
}

// TestMinorIsErasedInTheEnd: an erasure that was cut short is done again by the server, and nobody goes back on it.
func TestMinorIsErasedInTheEnd(t *testing.T) {
	each(t, "clesaro", func(w *world) {
		r, err := w.officer.ReportMinor(w.Context(), tenant, w.customer("noor@example.ae"))
		w.must(err)
		c := vault.Caller{
			Credential: decision.Credential{ID: "officer", Tenants: []string{tenant}, Environment: w.App.Environment},
			Scopes:     []string{vault.ScopeDuties, vault.ScopeSubjects},
		}
		desk := w.desk()
		desk.Erase = func(context.Context, string, string) (string, error) { return "", errors.New("cut short") }
		if _, err := desk.FindMinor(w.Context(), c, tenant, r.ID, api.MinorFinding{Minor: true, Ground: "guardian"}); err == nil {
			w.Error("what failed is not told")
		}
		now, err := w.officer.Minor(w.Context(), tenant, r.ID)
		w.must(err)
		if now.State != "erasing" || now.Subject == "" || now.Clocks[0].State != "running" {
			w.Errorf("%+v", now)
		}
		_, err = w.officer.FindMinor(w.Context(), tenant, r.ID, api.MinorFinding{Ground: "guardian"})
		w.refused("going back on it", err, 409)
		desk.Erase = func(ctx context.Context, tenant, subject string) (string, error) {
			return "req_1", w.App.Vault.EraseSubject(ctx, c, tenant, subject)
		}
		w.Clock.Move(10 * time.Minute)
		w.must(desk.Run(w.Context(), w.now()))
		_, err = w.officer.Minor(w.Context(), tenant, r.ID)
		w.refused("a closed report", err, 404)

		other, err := w.officer.ReportMinor(w.Context(), tenant, w.customer("sara@example.ae"))
		w.must(err)
		desk.Erase = func(ctx context.Context, tenant, subject string) (string, error) { // somebody else was quicker
			w.must(w.App.Vault.EraseSubject(ctx, c, tenant, subject))
			return "", fault.New("test", fault.NotFound, "there is nobody")
		}
		if done, err := desk.FindMinor(w.Context(), c, tenant, other.ID, api.MinorFinding{Minor: true, Ground: "guardian"}); err != nil || done.State != "erased" {
			w.Errorf("somebody who is erased in that moment: %+v, %v", done, err)
		}
		clock, err := w.officer.Clock(w.Context(), tenant, r.Clocks[0].ID)
		if err != nil || clock.State != "done" {
			w.Errorf("%+v %v", clock, err)
		}
	})
}
