package incident_test

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// BenchmarkBreach measures, in a tenant of so many people who were all read, finding them and telling them.
func BenchmarkBreach(b *testing.B) {
	for _, people := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) { benchBreach(b, people) })
	}
}

func benchBreach(b *testing.B, people int) {
	source, err := os.ReadFile(apptest.Root(b, "examples/clesaro/policy.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	s := apptest.Start(b, apptest.Options{Policy: source})
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx := b.Context()
	_, err = s.Client(b, s.Application(b, nil, vault.ScopeAdmin)).CreateTenant(ctx, api.NewTenant{ID: tenant, Title: "Acme", Region: s.App.Region, Environment: s.App.Environment})
	must(err)
	app := s.Client(b, s.Application(b, []string{tenant}, vault.ScopeSubjects))
	w := &world{Server: s}
	officer := vault.Caller{Credential: decision.Credential{ID: "officer", Tenants: []string{tenant}, Environment: s.App.Environment}, Scopes: []string{vault.ScopeDuties}}
	aliases := crowd(b, app, people)
	began := s.Clock.Now()
	for len(aliases) > 0 {
		n := min(len(aliases), 5000)
		must(s.App.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			for _, alias := range aliases[:n] {
				err := ledger.Append(tx, proof.Entry{Kind: "record.read", Actor: "app-1", Subject: alias, DataSet: "identity", Record: "main", Purpose: "account", Answer: proof.Allow})
				if err != nil {
					return err
				}
			}
			return nil
		}))
		aliases = aliases[n:]
	}
	ended := s.Clock.Now().Add(time.Second)
	for b.Loop() {
		in, err := w.desk().Suspect(ctx, officer, tenant, api.Suspicion{Nature: []string{"confidentiality"}, Cause: "unknown", Exposure: api.Exposure{From: began, To: ended}})
		must(err)
		_, err = w.desk().Aware(ctx, officer, tenant, in.ID, api.Awareness{})
		must(err)
		at := time.Now()
		in, err = w.desk().Assess(ctx, officer, tenant, in.ID, weighed("high"))
		must(err)
		found := time.Since(at)
		at = time.Now()
		told, err := w.desk().TellPeople(ctx, officer, tenant, in.ID, api.PeopleTold{})
		must(err)
		b.ReportMetric(found.Seconds(), "s/found")
		b.ReportMetric(time.Since(at).Seconds(), "s/told")
		if in.Affected.People != people || told.People.People != people {
			b.Fatalf("found %d, told %d", in.Affected.People, told.People.People)
		}
	}
}

// crowd makes people and returns their aliases.
func crowd(b *testing.B, app *client.Client, people int) []string {
	aliases := make([]string, people)
	var making sync.WaitGroup
	for w := range 32 {
		making.Go(func() {
			for i := w; i < people; i += 32 {
				id, err := app.CreateSubject(b.Context(), tenant)
				if err != nil {
					b.Error(err)
					return
				}
				standing, err := app.Standing(b.Context(), tenant, id)
				if err != nil {
					b.Error(err)
					return
				}
				aliases[i] = standing.Alias
			}
		})
	}
	making.Wait()
	return aliases
}
