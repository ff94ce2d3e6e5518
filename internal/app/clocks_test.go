package app_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/evidence"
)

const contact = "clesaro-contact"

// A clause is what its clocks are: a missed one breaks it until it is discharged, a near one puts it at
// risk, and a server that was down tells of what it missed when it is back.
func TestAMissedClockBreaksItsClause(t *testing.T) { engines(t, aMissedClockBreaksItsClause) }

func aMissedClockBreaksItsClause(t *testing.T, o apptest.Options) {
	o.Beat, o.Engine = apptest.Quick, alone(contact)
	s := apptest.Start(t, o)
	s.App.Evidence.MaxAge = 365 * 24 * time.Hour // the probes prove it once, the rest is the clocks' doing
	if _, err := s.App.Evidence.RunAll(t.Context(), s.System(), s.Clock.Now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client(t, s.Application(t, nil, "admin")).CreateTenant(t.Context(), newTenant("acme")); err != nil {
		t.Fatal(err)
	}
	c := s.Client(t, s.Application(t, []string{"acme"}, "duties"))
	clocks, err := c.OpenClocks(t.Context(), "acme", contact, "mail-1")
	if err != nil || len(clocks) != 2 {
		t.Fatalf("opened %+v, %v", clocks, err)
	}
	proven := func(want evidence.State) {
		t.Helper()
		statuses, err := s.App.Evidence.Statuses(t.Context(), s.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(statuses, func(st evidence.Status) bool { return st.Clause.ID == contact })
		if statuses[i].State != want {
			t.Errorf("the clause is %s, want %s: %q", statuses[i].State, want, statuses[i].Reasons)
		}
	}
	end := func(kind string) {
		t.Helper()
		for clock, err := range c.Clocks(t.Context(), "acme") {
			if err != nil {
				t.Fatal(err)
			}
			if clock.Discharge == kind {
				if _, err := c.Discharge(t.Context(), "acme", clock.ID, kind, "mail-2"); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	proven(evidence.Kept)
	s.Clock.Move(clocks[0].Due.Sub(s.Clock.Now()) + time.Hour)
	proven(evidence.Broken)
	end("receipt")
	proven(evidence.Kept)
	s.Clock.Move(clocks[1].Due.Sub(s.Clock.Now()) - 24*time.Hour)
	if _, err := s.App.Clocks.RunDue(t.Context(), s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	proven(evidence.AtRisk)
	end("answer")
	proven(evidence.Kept)
	late, err := c.Clock(t.Context(), "acme", clocks[0].ID)
	if err != nil || !late.Late || late.State != "done" {
		t.Errorf("the receipt that was confirmed late is %+v, %v", late, err)
	}
}

// Clocks at the door: who may, what is refused, and what it says then.
func TestClocksAtTheDoor(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{})
	admin := s.Client(t, s.Application(t, nil, "admin"))
	for _, tenant := range []string{"acme", "other"} {
		if _, err := admin.CreateTenant(t.Context(), newTenant(tenant)); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Client(t, s.Application(t, []string{"acme"}, "duties"))
	stranger := s.Client(t, s.Application(t, []string{"other"}, "duties"))
	reader := s.Client(t, s.Application(t, []string{"acme"}, "data", "subjects", "audit"))
	clocks, err := c.OpenClocks(t.Context(), "acme", contact, "mail-1")
	if err != nil {
		t.Fatal(err)
	}
	clock := clocks[1].ID
	for _, row := range []struct {
		name   string
		do     func() error
		status int
	}{
		{"the same occasion again", func() error { _, err := c.OpenClocks(t.Context(), "acme", contact, "mail-1"); return err }, http.StatusConflict},
		{"a clause that owes nothing", func() error { _, err := c.OpenClocks(t.Context(), "acme", "clesaro-tls", "x"); return err }, http.StatusNotFound},
		{"another tenant's", func() error { _, err := stranger.OpenClocks(t.Context(), "acme", contact, "x"); return err }, http.StatusForbidden},
		{"another tenant's clock at one's own address", func() error { _, err := stranger.Clock(t.Context(), "other", clock); return err }, http.StatusNotFound},
		{"without the scope", func() error { _, err := reader.ListClocks(t.Context(), "acme", "", 10); return err }, http.StatusForbidden},
		{"other evidence", func() error { _, err := c.Discharge(t.Context(), "acme", clock, "receipt", "x"); return err }, http.StatusBadRequest},
		{"a pause without end", func() error {
			_, err := c.Pause(t.Context(), "acme", clock, "waiting", "without undue delay")
			return err
		}, http.StatusBadRequest},
		{"resuming what runs", func() error { _, err := c.Resume(t.Context(), "acme", clock); return err }, http.StatusConflict},
		{"no such clock", func() error { _, err := c.Void(t.Context(), "acme", "clk_none", "gone"); return err }, http.StatusNotFound},
		{"a cursor of nowhere", func() error { _, err := c.ListClocks(t.Context(), "acme", "~", 10); return err }, http.StatusBadRequest},
	} {
		var problem *client.Problem
		if err := row.do(); !errors.As(err, &problem) || problem.Status != row.status {
			t.Errorf("%s: %v, want status %d", row.name, err, row.status)
		}
	}
	paused, err := c.Pause(t.Context(), "acme", clock, "identity-check", "14 days")
	if err != nil || paused.State != "paused" || paused.PausedUntil == nil {
		t.Errorf("%+v, %v", paused, err)
	}
	if resumed, err := c.Resume(t.Context(), "acme", clock); err != nil || resumed.State != "running" {
		t.Errorf("%+v, %v", resumed, err)
	}
	if void, err := c.Void(t.Context(), "acme", clock, "request-withdrawn"); err != nil || void.State != "void" {
		t.Errorf("%+v, %v", void, err)
	}
	var left []api.Clock
	for clock, err := range c.Clocks(t.Context(), "acme") {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, clock)
	}
	if len(left) != 1 || left[0].ID != clocks[0].ID {
		t.Errorf("left are %+v", left)
	}
}
