package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// tour walks through what the policy makes the server do. An error ends it; what did not hold is
// counted and shown.
func (d *demo) tour(ctx context.Context, people int) error {
	for _, tenant := range []string{demoTenant, demoOther} {
		_, err := d.app.Vault.CreateTenant(ctx, d.app.Operator(), vault.Tenant{ID: tenant, Title: tenant})
		if err != nil {
			return err
		}
	}
	var err error
	if d.client, d.key, err = d.application(ctx, "the budget app", []string{demoTenant}, vault.ScopeData, vault.ScopeSubjects, vault.ScopeAudit); err != nil {
		return err
	}
	began := d.Now()
	ids, err := d.populate(ctx, d.client, people)
	if err != nil {
		return err
	}
	d.printf("  %d people with a year of transactions in the tenant %s, through the API in %.1f s\n", people, demoTenant, d.Now().Sub(began).Seconds())
	for _, chapter := range []func(context.Context, []string) error{
		d.permitted, d.refusedPurpose, d.withdrawnConsent, d.undeclaredField, d.otherTenant, d.statistics, d.erasure, d.alteredLedger, d.probes,
	} {
		if err := chapter(ctx, ids); err != nil {
			return err
		}
	}
	if d.failed > 0 {
		d.printf("\n%s\n", d.paint(bad, fmt.Sprintf("%d of the above did not hold.", d.failed)))
		return nil
	}
	d.printf("\n%s\n", d.paint(good, "All of it held."))
	return nil
}

func (d *demo) identity(id, purpose string) client.Target {
	return client.Target{Tenant: demoTenant, Subject: id, DataSet: "identity", Record: "main", Purpose: purpose}
}

func (d *demo) permitted(ctx context.Context, ids []string) error {
	page, err := d.client.List(ctx, client.Target{Tenant: demoTenant, Subject: ids[0], DataSet: "transactions", Purpose: "budgeting"}, "", 1)
	if err != nil || len(page.Records) == 0 {
		return errors.Join(err, errIf(err == nil, "the demo's first person has no transactions"))
	}
	at := client.Target{Tenant: demoTenant, Subject: ids[0], DataSet: "transactions", Record: page.Records[0].ID, Purpose: "budgeting"}
	got, clauses, err := d.client.GetExplained(ctx, at)
	if err != nil {
		return err
	}
	d.step(1, "The budget app reads a transaction, for budgeting.", len(got.Fields) > 0 && len(clauses) > 0,
		"%s spent at %s. Allowed by %s.", got.Fields["amount"], got.Fields["merchant"], strings.Join(clauses, ", "))
	at.Purpose = "health-score"
	narrow, err := d.client.Get(ctx, at)
	if err != nil {
		return err
	}
	_, shown := narrow.Fields["merchant"]
	d.step(2, "The same transaction, for the health score, which has no need to know where.", !shown && len(narrow.Fields) > 0,
		"%d fields instead of %d; the merchant is not among them.", len(narrow.Fields), len(got.Fields))
	return nil
}

func errIf(yes bool, text string) error {
	if yes {
		return errors.New(text)
	}
	return nil
}

// refusal says how a call was refused: the clause, and the words.
func refusal(err error) (clause, words string, refused bool) {
	var p *client.Problem
	if !errors.As(err, &p) {
		return "", fmt.Sprint(err), false
	}
	return p.Clause, p.Detail, p.Status == 403 && p.Clause != ""
}

func (d *demo) refusedPurpose(ctx context.Context, ids []string) error {
	_, err := d.client.Get(ctx, d.identity(ids[0], "marketing"))
	clause, words, refused := refusal(err)
	d.step(3, "The same app asks for the e-mail address, for marketing.", refused, "Refused by %s: %s.", clause, words)
	return nil
}

func (d *demo) withdrawnConsent(ctx context.Context, ids []string) error {
	at := d.identity(ids[1], "insights")
	if err := d.client.SetConsent(ctx, demoTenant, ids[1], "insights", true); err != nil {
		return err
	}
	_, err := d.client.Get(ctx, at)
	given := err == nil
	if err := d.client.SetConsent(ctx, demoTenant, ids[1], "insights", false); err != nil {
		return err
	}
	_, err = d.client.Get(ctx, at)
	clause, words, refused := refusal(err)
	d.step(4, "A person consents to insights, which are then read; they withdraw, and the next read comes.", given && refused,
		"Read while consent stood; refused by %s right after: %s.", clause, words)
	return nil
}

func (d *demo) undeclaredField(ctx context.Context, ids []string) error {
	_, err := d.client.Patch(ctx, d.identity(ids[0], "account"), map[string]any{"religion": "none of your business"})
	clause, words, refused := refusal(err)
	d.step(5, "The app tries to keep a field the policy does not declare.", refused, "Refused by %s: %s.", clause, words)
	return nil
}

func (d *demo) otherTenant(ctx context.Context, ids []string) error {
	other, _, err := d.application(ctx, "an application of another tenant", []string{demoOther}, vault.ScopeData)
	if err != nil {
		return err
	}
	_, err = other.Get(ctx, d.identity(ids[0], "account"))
	clause, words, refused := refusal(err)
	d.step(6, "Another tenant's application asks for the same person.", refused, "Refused by %s: %s.", clause, words)
	return nil
}

func (d *demo) statistics(ctx context.Context, ids []string) error {
	got, err := d.client.Aggregate(ctx, demoTenant, "budgeting", api.AggregateQuery{
		DataSet: "transactions", Statistic: "mean", Field: "amount", GroupBy: "category",
	})
	if err != nil {
		return err
	}
	fewest := len(ids)
	for _, g := range got.Groups {
		fewest = min(fewest, g.People)
	}
	d.step(7, "What is spent on the average, by category, of all people.", len(got.Groups) > 0 && fewest >= d.app.Plan.AggregateMin,
		"%d averages, none about fewer than %d people; %d withheld for being about too few.", len(got.Groups), d.app.Plan.AggregateMin, got.Suppressed)
	return nil
}

// erasure erases a person, and restores a backup from before to look for them there.
func (d *demo) erasure(ctx context.Context, ids []string) error {
	gone, stays := ids[2], ids[3]
	var backup bytes.Buffer
	report, err := d.app.Vault.Backup(ctx, &backup, nil)
	if err != nil {
		return err
	}
	began := d.Now()
	if err := d.client.EraseSubject(ctx, demoTenant, gone); err != nil {
		return err
	}
	took := d.Now().Sub(began)
	_, err = d.client.Get(ctx, d.identity(gone, "account"))
	live := client.Status(err) == 404 || client.Status(err) == 410
	scratch, err := d.app.System(d.door).Restore(ctx, &backup)
	if err != nil {
		return err
	}
	defer func() { _ = scratch.Close() }()
	old, err := client.New(client.Config{URL: scratch.URL, Key: d.key, HTTP: scratch.HTTP})
	if err != nil {
		return err
	}
	_, lost := old.Get(ctx, d.identity(gone, "account"))
	_, there := old.Get(ctx, d.identity(stays, "account"))
	held := live && there == nil && (client.Status(lost) == 404 || client.Status(lost) == 410)
	d.step(8, "A person is erased; then the backup from before is restored.", held,
		"Unreadable after %.1f ms, by destroying one key. In the restored backup of %d rows everybody is there, but not they.",
		float64(took.Microseconds())/1000, report.Rows)
	return d.altered(ctx, scratch)
}

// altered changes one entry in the restored store, behind the server's back, and verifies the ledger
// as a stranger does.
func (d *demo) altered(ctx context.Context, scratch *control.Scratch) error {
	key := d.app.Ledger.VerifierKey(demoTenant)
	base, err := proof.LogURL(scratch.URL, demoTenant)
	if err != nil {
		return err
	}
	src := &proof.HTTP{Base: base, Credential: d.key, Client: scratch.HTTP}
	whole, err := proof.Verify(ctx, src, proof.Options{Key: key})
	if err != nil {
		return err
	}
	err = scratch.Exec(ctx, demoTenant, `UPDATE ledger_chunks SET entries = CAST(replace(CAST(entries AS TEXT), 'record.read', 'record.list') AS BLOB) WHERE tenant_id = $1`, demoTenant)
	if err != nil {
		return err
	}
	after, err := proof.Verify(ctx, src, proof.Options{Key: key})
	if err != nil {
		return err
	}
	what := "nothing"
	if len(after.Findings) > 0 {
		what = fmt.Sprintf("entry %d: %s", after.Findings[0].Index, after.Findings[0].What)
	}
	d.step(9, "In that restored store somebody rewrites the past: reads become listings.", whole.Verified() && !after.Verified(),
		"%d entries verified before. After: %s.", whole.Size, what)
	return nil
}

// alteredLedger verifies the live ledger.
func (d *demo) alteredLedger(ctx context.Context, _ []string) error {
	base, err := proof.LogURL(d.door.URL, demoTenant)
	if err != nil {
		return err
	}
	src := &proof.HTTP{Base: base, Credential: d.key, Client: d.app.System(d.door).HTTP}
	report, err := proof.Verify(ctx, src, proof.Options{Key: d.app.Ledger.VerifierKey(demoTenant)})
	if err != nil {
		return err
	}
	d.step(10, "The live ledger, verified over the network by code that shares nothing with its writer but the format.", report.Verified(),
		"%d entries, every one in its place under the signed root.", report.Size)
	return nil
}

// probes runs every probe and shows the board.
func (d *demo) probes(ctx context.Context, _ []string) error {
	records, err := d.app.Evidence.RunAll(ctx, d.app.System(d.door), d.Now)
	if err != nil {
		return err
	}
	statuses, err := d.app.Evidence.Statuses(ctx, d.Now())
	if err != nil {
		return err
	}
	broken, count := 0, map[string]int{}
	for _, s := range statuses {
		count[string(s.State)]++
		if s.State == "broken" || s.State == "at-risk" {
			broken++
		}
	}
	for _, r := range records {
		if r.Finding.Outcome != control.Kept {
			broken++
		}
	}
	unkept := ""
	if n := count["unkept"]; n > 0 {
		unkept = fmt.Sprintf("; %d are not, because their controls are not built yet, and the page says so", n)
	}
	d.step(11, "Every probe is run, from outside, on canaries.", broken == 0 && count["kept"] > 0,
		"%d probes. Of %d clauses %d are kept%s.", len(records), len(statuses), count["kept"], unkept)
	colours := map[string]string{"kept": good, "unkept": faint, "broken": bad, "at-risk": warn}
	for _, s := range statuses {
		words := strings.Join(s.Reasons, " ")
		d.printf("      %s %-30s %s\n", d.paint(colours[string(s.State)], fmt.Sprintf("%-8s", s.State)), s.Clause.ID, d.paint(faint, first(words, 90)))
	}
	return nil
}

// first is the beginning of a text, in whole characters.
func first(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
