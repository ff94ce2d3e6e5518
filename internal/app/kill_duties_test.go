package app_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// step is a call over which the server is killed, how it is seen to have happened, and the entry of the ledger that
// stands for it, about what has an id by then.
type step struct {
	do    func(*client.Client) error
	done  func(*client.Client) bool
	entry string
	of    *string
}

// walked makes the steps one after the other, each with the server killed over it, and returns the last server. Each
// step is in the tenant's ledger once.
func (p *place) walked(t *testing.T, s *child, key, audit, tenant string, steps []step) *child {
	t.Helper()
	for _, one := range steps {
		s = p.killed(t, s, func(s *child) error { return one.do(s.client(key)) }, func(s *child) bool { return one.done(s.client(key)) })
		if !one.done(s.client(key)) {
			t.Fatalf("%s has not happened", one.entry)
		}
	}
	entries := map[string]map[string]int{} // of each item, by kind
	eachEntryOf(t, s, audit, tenant, func(e proof.Entry) {
		about := e.Detail["item"] + e.Detail["alert"] + e.Detail["incident"]
		if entries[about] == nil {
			entries[about] = map[string]int{}
		}
		if e.Answer != proof.Refuse {
			entries[about][e.Kind]++
		}
	})
	for _, one := range steps {
		if n := entries[*one.of][one.entry]; n != 1 {
			t.Errorf("%s is in the ledger %d times", one.entry, n)
		}
	}
	return s
}

// of makes an application of one company's purposes for tenants.
func (s *child) of(company, admin, tenant string, scopes ...string) string {
	s.t.Helper()
	var purposes []string
	for _, p := range parsed(s.t, company).Purposes {
		purposes = append(purposes, p.ID)
	}
	_, key, err := s.client(admin).CreateApplication(s.t.Context(), api.NewApplication{
		Title: "test", Tenants: []string{tenant}, Purposes: purposes, Scopes: scopes, Environment: "production",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

// TestKilledInALegalDemand kills a server over each step of a legal demand: it is entered, reviewed and released once,
// and the person concerned is told once.
func TestKilledInALegalDemand(t *testing.T) {
	t.Parallel()
	onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
		p := setUpOf(t, "clarus", t.TempDir(), env...)
		s := p.serveAcme(t)
		audit := s.of("clarus", p.admin, "acme", "audit")
		officer := s.of("clarus", p.admin, "acme", "data", "subjects", "duties")
		colleague := s.of("clarus", p.admin, "acme", "duties")
		key, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		person, err := s.client(officer).CreateSubject(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		login := client.Target{Tenant: "acme", Subject: person, DataSet: "login", Record: "main", Purpose: "service"}
		if _, err := s.client(officer).Put(t.Context(), login, map[string]any{"user_name": "zaynab", "email": "zaynab@example.com", "organisation": "Bank"}); err != nil {
			t.Fatal(err)
		}
		id := ""
		demand := func(c *client.Client) (m api.Demand) {
			page, err := c.ListDemands(t.Context(), "acme", "", 10)
			m = only(t, page.Demands, err)
			id = m.ID
			return m
		}
		s = p.walked(t, s, officer, audit, "acme", []step{{
			do: func(c *client.Client) error {
				_, err := c.EnterDemand(t.Context(), "acme", api.LegalDemand{
					Kind: "court-order", Issuer: "high-court", Reference: "d-1", Subjects: []string{person}, Fields: []string{"login.user_name", "login.email"},
				})
				return err
			}, done: func(c *client.Client) bool { return demand(c).ID != "" }, entry: "demand.received", of: &id,
		}})
		s = p.walked(t, s, colleague, audit, "acme", []step{{
			do: func(c *client.Client) error {
				_, err := c.ReviewDemand(t.Context(), "acme", id, api.Review{Ground: "court-order", Citation: "Civil Procedure Rules, part 31", Fields: []string{"login.email"}})
				return err
			}, done: func(c *client.Client) bool { return demand(c).State == "reviewed" }, entry: "demand.reviewed", of: &id,
		}})
		s = p.walked(t, s, officer, audit, "acme", []step{{
			do: func(c *client.Client) error {
				_, err := c.ReleaseDemand(t.Context(), "acme", id, api.Handover{SealTo: key.Recipient().String()})
				return err
			}, done: func(c *client.Client) bool { return demand(c).State == "released" }, entry: "demand.released", of: &id,
		}})
		if m := demand(s.client(officer)); len(m.Releases) != 1 || m.Noticed == nil {
			t.Errorf("released is %+v", m)
		}
	})
}

// TestKilledInAnAlert kills a server as an alert is raised, acknowledged and resolved: it is one alert, in each state once.
func TestKilledInAnAlert(t *testing.T) {
	t.Parallel()
	onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
		p := setUpOf(t, "clarus", t.TempDir(), env...)
		s := p.serveAcme(t)
		audit := s.of("clarus", p.admin, "acme", "audit")
		staff := s.of("clarus", p.admin, "acme", "duties")
		id := ""
		alert := func(c *client.Client) (found api.Alert) {
			for a, err := range c.Alerts(t.Context(), "acme") {
				if err != nil {
					t.Fatal(err)
				}
				if found.ID != "" {
					t.Fatal("one cause has two alerts")
				}
				found, id = a, a.ID
			}
			return found
		}
		p.walked(t, s, staff, audit, "acme", []step{{
			do: func(c *client.Client) error {
				_, err := c.RaiseAlert(t.Context(), "acme", api.Alarm{Kind: "anomaly", Cause: "flow-1", Severity: "critical"})
				return err
			}, done: func(c *client.Client) bool { return alert(c).ID != "" }, entry: "alert.raised", of: &id,
		}, {
			do: func(c *client.Client) error {
				_, err := c.AcknowledgeAlert(t.Context(), "acme", id)
				return err
			},
			done: func(c *client.Client) bool { return alert(c).Acknowledged != nil }, entry: "alert.acknowledged", of: &id,
		}, {
			do: func(c *client.Client) error {
				_, err := c.ResolveAlert(t.Context(), "acme", id, "mended")
				return err
			},
			done: func(c *client.Client) bool { return alert(c).State == "resolved" }, entry: "alert.resolved", of: &id,
		}})
	})
}

// TestKilledInAFinding kills a server over each step of a penetration test and of what it finds: from the plan to the
// retest, each once, and the finding's clocks end.
func TestKilledInAFinding(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("0123456789abcdef", 4)
	onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
		p := setUpOf(t, "clear", t.TempDir(), env...)
		s := p.serve(t)
		audit := s.of("clear", p.admin, db.Organisation, "audit")
		security, engineering := s.of("clear", p.admin, db.Organisation, "duties"), s.of("clear", p.admin, db.Organisation, "duties")
		test := func(c *client.Client) api.SecurityTest {
			page, err := c.ListTests(t.Context(), db.Organisation, "", 10)
			return only(t, page.Tests, err)
		}
		finding := func(c *client.Client) api.Weakness {
			page, err := c.ListFindings(t.Context(), db.Organisation, "", 10)
			return only(t, page.Findings, err)
		}
		planned, weakness := "", ""
		s = p.walked(t, s, security, audit, db.Organisation, []step{{
			do: func(c *client.Client) error {
				_, err := c.PlanTest(t.Context(), db.Organisation, api.NewSecurityTest{Application: "filing", Tester: "tester-7", Begins: time.Now()})
				return err
			}, done: func(c *client.Client) bool { planned = test(c).ID; return planned != "" }, entry: "test.planned", of: &planned,
		}, {
			do: func(c *client.Client) error {
				_, err := c.OpenFinding(t.Context(), db.Organisation, api.NewWeakness{Test: planned, Severity: "high", Reference: "sec-77"})
				return err
			}, done: func(c *client.Client) bool { weakness = finding(c).ID; return weakness != "" }, entry: "finding.opened", of: &weakness,
		}})
		s = p.walked(t, s, engineering, audit, db.Organisation, []step{{
			do: func(c *client.Client) error {
				_, err := c.FixFinding(t.Context(), db.Organisation, weakness, api.WeaknessFix{Change: "release-41"})
				return err
			}, done: func(c *client.Client) bool { return finding(c).State == "fixed" }, entry: "finding.fixed", of: &weakness,
		}})
		s = p.walked(t, s, security, audit, db.Organisation, []step{{
			do: func(c *client.Client) error {
				_, err := c.RetestFinding(t.Context(), db.Organisation, weakness, api.Retest{Report: "retest-1", By: "tester-7", Passed: true})
				return err
			}, done: func(c *client.Client) bool { return finding(c).State == "closed" }, entry: "finding.retested", of: &weakness,
		}, {
			do: func(c *client.Client) error {
				areas := []string{"authenticated sessions", "privilege escalation", "injection", "platform configuration", "OWASP Top 10"}
				_, err := c.ReportTest(t.Context(), db.Organisation, planned, api.SecurityTestReport{Reference: "report-1", Digest: digest, Areas: areas})
				return err
			}, done: func(c *client.Client) bool { return test(c).State == "reported" }, entry: "test.reported", of: &planned,
		}})
		for _, c := range finding(s.client(security)).Clocks {
			if c.State != "done" {
				t.Errorf("a clock of a finding that is closed is %s: %s", c.State, c.Kind)
			}
		}
	})
}

// only is what a list holds of something that happened once, or nothing yet.
func only[T any](t *testing.T, all []T, err error) (found T) {
	t.Helper()
	if err != nil || len(all) > 1 {
		t.Fatalf("%d of what is one: %v", len(all), err)
	}
	if len(all) == 1 {
		found = all[0]
	}
	return found
}

func parsed(t *testing.T, company string) *policy.Policy {
	t.Helper()
	source, err := os.ReadFile(apptest.Root(t, "examples/"+company+"/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return apptest.Parse(t, source)
}
