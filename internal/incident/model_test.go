package incident_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/ledger/proof"
)

// written is an entry with when it was written.
type written struct {
	proof.Entry
	at time.Time
}

// anEntry is what the vault may write about a person: shown, altered, lost, refused, come to nothing.
func anEntry(r *rapid.T) proof.Entry {
	e := proof.Entry{
		Kind:    rapid.SampledFrom([]string{"record.read", "record.list", "record.find", "blob.read", "record.put", "record.patch", "record.delete", "subject.erase", "subject.export", "standing.read", "consent.give"}).Draw(r, "kind"),
		Actor:   rapid.SampledFrom([]string{"app-1", "app-2"}).Draw(r, "actor"),
		Subject: rapid.SampledFrom([]string{"", "p_1", "p_2", "p_3", "p_4"}).Draw(r, "alias"),
		Purpose: rapid.SampledFrom([]string{"account", "health-score", "budgeting"}).Draw(r, "purpose"),
		Answer:  rapid.SampledFrom([]string{proof.Allow, proof.Allow, proof.Refuse}).Draw(r, "answer"),
		Reason:  rapid.SampledFrom([]string{"", "", "", "not found"}).Draw(r, "reason"),
	}
	switch e.Kind {
	case "record.list":
		e.DataSet = rapid.SampledFrom([]string{"identity", "goals", "debts"}).Draw(r, "set")
		n := rapid.IntRange(0, 4).Draw(r, "count")
		e.Detail = map[string]string{"count": fmt.Sprint(n)}
		if n > 0 {
			first := rapid.IntRange(0, 3).Draw(r, "first")
			e.Detail["from"], e.Detail["to"] = fmt.Sprint("rec_", first), fmt.Sprint("rec_", first+n-1)
		}
	case "subject.erase", "subject.export", "standing.read", "consent.give":
	default:
		e.DataSet = rapid.SampledFrom([]string{"identity", "goals", "debts"}).Draw(r, "set")
		e.Record = fmt.Sprint("rec_", rapid.IntRange(0, 5).Draw(r, "record"))
	}
	return e
}

// TestAffectedAgainstASlowModel: whom a breach concerns is what somebody finds who reads the whole ledger
// with a pencil.
func TestAffectedAgainstASlowModel(t *testing.T) {
	w := start(t, apptest.Options{}, "clesaro")
	var log []written
	rapid.Check(t, func(r *rapid.T) {
		for range rapid.IntRange(1, 12).Draw(r, "entries") {
			w.Clock.Move(time.Duration(rapid.IntRange(1, 50).Draw(r, "later")) * time.Second)
			e := anEntry(r)
			w.append([]proof.Entry{e})
			log = append(log, written{e, w.now()})
		}
		from := log[rapid.IntRange(0, len(log)-1).Draw(r, "from")].at.Add(-time.Second)
		in := api.Suspicion{Cause: "unknown", Nature: rapid.SampledFrom([][]string{{"confidentiality"}, {"integrity"}, {"availability"}, {"integrity", "availability"}}).Draw(r, "nature"),
			Exposure: api.Exposure{From: from, To: from.Add(time.Duration(rapid.IntRange(2, 4000).Draw(r, "long")) * time.Second)}}
		in.Exposure.Credential = rapid.SampledFrom([]string{"", "app-1"}).Draw(r, "credential")
		in.Exposure.DataSet = rapid.SampledFrom([]string{"", "goals"}).Draw(r, "of")
		in.Exposure.Purpose = rapid.SampledFrom([]string{"", "budgeting"}).Draw(r, "for")
		got, err := w.officer.SuspectBreach(t.Context(), tenant, in)
		if err == nil {
			_, err = w.officer.BeAware(t.Context(), tenant, got.ID, api.Awareness{})
		}
		if err == nil {
			got, err = w.officer.AssessBreach(t.Context(), tenant, got.ID, weighed("risk"))
		}
		if err != nil {
			r.Fatal(err)
		}
		people, records, sets := slowly(log, in)
		if got.Affected.People != len(people) || got.Affected.Records != int64(len(records)) {
			r.Fatalf("%d people and %d records, want %d and %d, of %+v", got.Affected.People, got.Affected.Records, len(people), len(records), in)
		}
		for _, set := range got.Affected.Data {
			if set.People != len(sets[set.DataSet]) {
				r.Fatalf("%d people of %s, want %d", set.People, set.DataSet, len(sets[set.DataSet]))
			}
		}
		if len(got.Affected.Data) != len(sets) {
			r.Fatalf("data sets %+v, want %v", got.Affected.Data, sets)
		}
	})
}

// slowly is the model.
func slowly(log []written, in api.Suspicion) (people, records map[string]bool, sets map[string]map[string]bool) {
	people, records, sets = map[string]bool{}, map[string]bool{}, map[string]map[string]bool{}
	natures := map[string]string{
		"record.read": "confidentiality", "record.list": "confidentiality", "record.find": "confidentiality", "blob.read": "confidentiality", "subject.export": "confidentiality",
		"record.put": "integrity", "record.patch": "integrity", "consent.give": "integrity", "record.delete": "availability", "subject.erase": "availability",
	}
	x := in.Exposure
	for _, e := range log {
		switch {
		case e.Subject == "" || e.Answer != proof.Allow || e.Reason != "" || e.Detail["count"] == "0":
		case !slices.Contains(in.Nature, natures[e.Kind]) || e.at.Before(x.From) || !e.at.Before(x.To):
		case x.Credential != "" && e.Actor != x.Credential:
		case x.Purpose != "" && e.Purpose != x.Purpose:
		case x.DataSet != "" && e.DataSet != x.DataSet && e.DataSet != "":
		default:
			people[e.Subject] = true
			if e.DataSet == "" {
				continue
			}
			if sets[e.DataSet] == nil {
				sets[e.DataSet] = map[string]bool{}
			}
			sets[e.DataSet][e.Subject] = true
			key := e.Subject + "/" + e.DataSet + "/"
			if e.Record != "" {
				records[key+e.Record] = true
				continue
			}
			var n int
			fmt.Sscan(e.Detail["count"], &n)
			records[key+e.Detail["from"]], records[key+e.Detail["to"]] = true, true
			for i := range n - 2 { // between the ends: known by their number alone
				records[fmt.Sprint(key, e.Detail["from"], "+", i)] = true
			}
		}
	}
	return people, records, sets
}

// TestStepsInAnyOrder: whatever is asked in whatever order, an incident is where a model of its states says,
// and what is refused changes nothing.
func TestStepsInAnyOrder(t *testing.T) {
	w := start(t, apptest.Options{}, "clesaro")
	began := w.now()
	w.read(w.customer("zaynab@example.com"))
	rapid.Check(t, func(r *rapid.T) {
		in := w.suspect(began, w.now().Add(time.Second))
		m := model{state: "suspected"}
		for i := range rapid.IntRange(1, 10).Draw(r, "steps") {
			step := rapid.SampledFrom([]string{"aware", "none", "risk", "high", "authority", "people", "public", "close", "no-breach"}).Draw(r, "step")
			allowed := m.step(step)
			got, err := w.step(in.ID, step, i)
			if (err == nil) != allowed {
				r.Fatalf("%s in %+v: %v", step, m, err)
			}
			if err != nil {
				if got, err = w.officer.Incident(t.Context(), tenant, in.ID); err != nil {
					r.Fatal(err)
				}
			}
			authority, people := "", ""
			for _, c := range got.Clocks {
				if c.State != "void" && c.Kind == "breach.authority" {
					authority = c.State
				}
				if c.State != "void" && c.Kind == "breach.people" {
					people = c.State
				}
			}
			if got.State != m.state || authority != m.authority || people != m.people {
				r.Fatalf("after %s it is %s with clocks %q and %q, want %+v", step, got.State, authority, people, m)
			}
		}
	})
}

func (w *world) step(id, step string, i int) (api.Incident, error) {
	ctx := w.Context()
	switch step {
	case "aware":
		return w.officer.BeAware(ctx, tenant, id, api.Awareness{})
	case "none", "risk", "high":
		return w.officer.AssessBreach(ctx, tenant, id, weighed(step))
	case "authority":
		return w.officer.TellAuthority(ctx, tenant, id, api.AuthorityTold{Receipt: fmt.Sprint("dpa-", i)})
	case "people":
		return w.officer.TellPeople(ctx, tenant, id, api.PeopleTold{})
	case "public":
		return w.officer.TellPeople(ctx, tenant, id, api.PeopleTold{Public: "page-1"})
	case "close":
		return w.officer.CloseIncident(ctx, tenant, id, api.Closing{})
	}
	return w.officer.CloseIncident(ctx, tenant, id, api.Closing{NoBreach: true})
}

// model is where an incident stands: its state, and what its clocks do that are not void.
type model struct{ state, authority, people string }

// step reports whether a step is allowed, and makes it.
func (m *model) step(step string) bool {
	live := func(c string) bool { return c == "running" }
	settle := func(clock *string, owed bool) {
		if owed && *clock == "" {
			*clock = "running"
		}
		if !owed && live(*clock) {
			*clock = ""
		}
	}
	working := m.state == "aware" || m.state == "assessed"
	switch step {
	case "aware":
		if m.state != "suspected" {
			return false
		}
		m.state, m.authority, m.people = "aware", "running", "running"
	case "none", "risk", "high":
		if !working {
			return false
		}
		m.state = "assessed"
		settle(&m.authority, step != "none")
		settle(&m.people, step == "high")
	case "authority":
		if !working {
			return false
		}
		if live(m.authority) {
			m.authority = "done"
		}
	case "people": // the messages wait: nobody was reached yet
		return m.state == "assessed"
	case "public":
		if m.state != "assessed" {
			return false
		}
		if live(m.people) {
			m.people = "done"
		}
	case "close":
		if m.state != "assessed" || live(m.authority) || live(m.people) {
			return false
		}
		m.state = "closed"
	case "no-breach":
		if m.state != "suspected" {
			return false
		}
		m.state = "closed"
	}
	return true
}
