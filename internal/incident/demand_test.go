package incident_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/ledger/proof"
)

const byLaw = "clarus-legal-demand"

func (w *world) trader(email string) string {
	w.Helper()
	return w.person("service", "login", map[string]any{"user_name": strings.Split(email, "@")[0], "email": email, "organisation": "Bank of Zaynab"})
}

func (w *world) demand(subjects ...string) api.Demand {
	w.Helper()
	m, err := w.officer.EnterDemand(w.Context(), tenant, api.LegalDemand{
		Kind: "court-order", Issuer: "high-court", Reference: "d-1", Subjects: subjects, Fields: []string{"login.user_name", "login.email"},
	})
	w.must(err)
	return m
}

func granting(fields ...string) api.Review {
	return api.Review{Ground: "court-order", Citation: "Civil Procedure Rules, part 31", Fields: fields}
}

// Due process, step by step: what comes out of its order is refused and names the clause.
func TestDueProcess(t *testing.T) { each(t, "clarus", dueProcess) }

func dueProcess(w *world) {
	ctx := w.Context()
	key, err := age.GenerateX25519Identity()
	w.must(err)
	seal := api.Handover{SealTo: key.Recipient().String()}
	one, gone := w.trader("zaynab@example.com"), w.trader("noor@example.com")
	m := w.demand(one, gone)
	_, err = w.officer.ReleaseDemand(ctx, tenant, m.ID, seal)
	w.refused("a release without review", err, 403, byLaw)
	_, err = w.officer.ReviewDemand(ctx, tenant, m.ID, granting("login.email"))
	w.refused("a review by whoever entered it", err, 403, byLaw)
	_, err = w.colleague.ReviewDemand(ctx, tenant, m.ID, granting("login.email", "login.organisation"))
	w.refused("granting what was not demanded", err, 400)
	m, err = w.colleague.ReviewDemand(ctx, tenant, m.ID, granting("login.email"))
	w.must(err)
	if m.State != "reviewed" || m.Noticed == nil || m.Reviewer == m.EnteredBy {
		w.Errorf("reviewed is %+v", m)
	}
	if got := w.outbox(m.ID); got["email"] != 2 || got["in-app"] != 2 {
		w.Errorf("noticed by %v", got)
	}
	_, err = w.colleague.ReviewDemand(ctx, tenant, m.ID, granting("login.user_name"))
	w.refused("a second review", err, 409)
	_, err = w.colleague.ReleaseDemand(ctx, tenant, m.ID, seal)
	w.refused("a release without the scope data", err, 403)
	_, err = w.officer.ReleaseDemand(ctx, tenant, m.ID, api.Handover{Recipient: "police"})
	w.refused("a release to an authority that the policy does not name", err, 403, byLaw)
	_, err = w.officer.ReleaseDemand(ctx, tenant, m.ID, api.Handover{})
	w.refused("a release to nobody", err, 400)

	w.sql(`DELETE FROM outbox WHERE tenant_id = $1 AND event = $2 AND subject_id = $3`, tenant, m.ID, one)
	_, err = w.officer.ReleaseDemand(ctx, tenant, m.ID, seal)
	w.refused("a release before everybody has a notice", err, 403, byLaw)
	w.must(w.app.EraseSubject(ctx, tenant, gone))
	w.sql(`UPDATE outbox SET subject_id = $3 WHERE tenant_id = $1 AND event = $2`, tenant, m.ID, one)
	answer, err := w.officer.ReleaseDemand(ctx, tenant, m.ID, seal)
	w.must(err)
	if answer.Records != nil || strings.Contains(answer.Sealed, "zaynab") || answer.People != 1 {
		w.Errorf("the answer is %+v", answer)
	}
	opened := w.opened(answer.Sealed, key)
	if len(opened.Records) != 1 || opened.Records[0].Subject != one || len(opened.Records[0].Fields) != 1 || opened.Records[0].Fields.Text("email") != "zaynab@example.com" {
		w.Errorf("sealed is %+v", opened)
	}
	if _, err := w.officer.ReleaseDemand(ctx, tenant, m.ID, seal); err != nil {
		w.Errorf("an answer that was lost is not released again: %v", err)
	}
	m, err = w.officer.Demand(ctx, tenant, m.ID)
	if err != nil || m.State != "released" || len(m.Releases) != 2 || !slices.Equal(m.Subjects, []string{one}) {
		w.Errorf("released is %+v, %v", m, err)
	}
	_, err = w.officer.RefuseDemand(ctx, tenant, m.ID, "too-broad")
	w.refused("refusing what was released", err, 409)

	m = w.demand(one)
	m, err = w.officer.RefuseDemand(ctx, tenant, m.ID, "no-legal-basis")
	w.must(err)
	_, err = w.colleague.ReviewDemand(ctx, tenant, m.ID, granting("login.email"))
	w.refused("reviewing what was refused", err, 409)
	_, err = w.officer.ReleaseDemand(ctx, tenant, m.ID, seal)
	w.refused("releasing what was refused", err, 403, byLaw)
	for what, in := range map[string]api.LegalDemand{
		"a stranger":           {Subjects: []string{"sub_none"}, Fields: []string{"login.email"}},
		"memory-only data":     {Subjects: []string{one}, Fields: []string{"portfolio.position"}},
		"an undeclared field":  {Subjects: []string{one}, Fields: []string{"login.password"}},
		"no field of any sort": {Subjects: []string{one}, Fields: []string{"login"}},
	} {
		in.Kind, in.Issuer, in.Reference = "subpoena", "court", "d-2"
		_, err := w.officer.EnterDemand(ctx, tenant, in)
		w.refused("a demand for "+what, err, 400)
	}
	w.refused("removing what was no drill", w.officer.RemoveDemandDrill(ctx, tenant, m.ID), 403)
}

func (w *world) opened(sealed string, key *age.X25519Identity) (out api.DemandAnswer) {
	w.Helper()
	body, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), key)
	w.must(err)
	text, err := io.ReadAll(body)
	w.must(err)
	w.must(json.Unmarshal(text, &out))
	return out
}

// While the law forbids it nobody is told; when the gag has ended they are, also by a server that was down.
func TestAGagEnds(t *testing.T) { each(t, "clarus", aGagEnds) }

func aGagEnds(w *world) {
	ctx := w.Context()
	key, err := age.GenerateX25519Identity()
	w.must(err)
	seal := api.Handover{SealTo: key.Recipient().String()}
	m := w.demand(w.trader("zaynab@example.com"))
	past := w.now().Add(-time.Hour)
	review := granting("login.email")
	review.Gagged = &past
	_, err = w.colleague.ReviewDemand(ctx, tenant, m.ID, review)
	w.refused("a gag that has ended", err, 400)
	until := w.now().Add(10 * 24 * time.Hour)
	review.Gagged = &until
	m, err = w.colleague.ReviewDemand(ctx, tenant, m.ID, review)
	w.must(err)
	w.must(w.desk().Run(ctx, w.now()))
	if got := w.outbox(m.ID); len(got) != 0 || m.Noticed != nil || len(m.Clocks) != 1 || m.Clocks[0].Due.Before(until) {
		w.Errorf("under the gag told are %v, and it is %+v", got, m)
	}
	if _, err := w.officer.ReleaseDemand(ctx, tenant, m.ID, seal); err != nil {
		w.Errorf("a release under a gag: %v", err)
	}
	w.Clock.Move(11 * 24 * time.Hour)
	_, err = w.officer.ReleaseDemand(ctx, tenant, m.ID, seal)
	w.refused("a release after the gag and before the notice", err, 403, byLaw)
	for range 2 {
		w.must(w.desk().Run(ctx, w.now()))
	}
	m, err = w.officer.Demand(ctx, tenant, m.ID)
	w.must(err)
	if got := w.outbox(m.ID); got["email"] != 1 || got["in-app"] != 1 || m.Noticed == nil || m.Clocks[0].State != "done" {
		w.Errorf("after the gag told are %v, and it is %+v", got, m)
	}
}

// A policy that promises to wait after the notice is waited for.
func TestWaitingAfterTheNotice(t *testing.T) {
	source, err := os.ReadFile(apptest.Root(t, "examples/clarus/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	source = bytes.Replace(source, []byte("notice: true}"), []byte("notice: true, wait: 7 days}"), 1)
	w := startWith(t, apptest.Options{}, source)
	key, err := age.GenerateX25519Identity()
	w.must(err)
	seal := api.Handover{SealTo: key.Recipient().String()}
	m := w.demand(w.trader("zaynab@example.com"))
	m, err = w.colleague.ReviewDemand(t.Context(), tenant, m.ID, granting("login.email"))
	w.must(err)
	_, err = w.officer.ReleaseDemand(t.Context(), tenant, m.ID, seal)
	w.refused("a release before the wait is over", err, 403, byLaw)
	w.Clock.Move(m.NotBefore.Sub(w.now()) + time.Second)
	if _, err := w.officer.ReleaseDemand(t.Context(), tenant, m.ID, seal); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// An authority that the policy names gets an answer as it is, and the ledger says to whom each data set went.
func TestAnAuthorityOfThePolicy(t *testing.T) {
	source, err := os.ReadFile(apptest.Root(t, "examples/clarus/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for old, with := range map[string]string{
		"\nrecipients:\n":               "\nrecipients:\n  police: {name: Police, role: authority, region: london}\n  bank: {name: Bank, role: controller, region: london}\n",
		"no-disclosure: {recipients: [": "no-disclosure: {recipients: [police, bank, ",
	} {
		if !bytes.Contains(source, []byte(old)) {
			t.Fatalf("the policy does not hold %q", old)
		}
		source = bytes.Replace(source, []byte(old), []byte(with), 1)
	}
	w := startWith(t, apptest.Options{}, source)
	one := w.trader("zaynab@example.com")
	m := w.demand(one)
	m, err = w.colleague.ReviewDemand(t.Context(), tenant, m.ID, granting("login.user_name"))
	w.must(err)
	_, err = w.officer.ReleaseDemand(t.Context(), tenant, m.ID, api.Handover{Recipient: "bank"})
	w.refused("a release to whom is no authority", err, 403, byLaw)
	answer, err := w.officer.ReleaseDemand(t.Context(), tenant, m.ID, api.Handover{Recipient: "police"})
	w.must(err)
	if len(answer.Records) != 1 || answer.Records[0].Fields.Text("user_name") != "zaynab" || len(answer.Records[0].Fields) != 1 || answer.Sealed != "" {
		t.Errorf("the answer is %+v", answer)
	}
	entries, err := w.App.Ledger.Recent(t.Context(), tenant, "", 20)
	w.must(err)
	if !slices.ContainsFunc(entries, func(e proof.Entry) bool {
		return e.Kind == "demand.release" && e.Recipient == "police" && e.DataSet == "login" && e.Subject != "" && e.Detail["demand"] == m.ID && slices.Contains(e.Clauses, byLaw)
	}) {
		t.Errorf("the ledger does not say what went to whom: %+v", entries)
	}
}
