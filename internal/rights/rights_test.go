package rights_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
)

// TestTheSevenRights: each is carried out by its answer, and felt by the next request.
func TestTheSevenRights(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		w.put(sub, "identity", "account", fields("name", "Zoe", "email", "zoe@example.com"))
		note := w.put(sub, "notes", "account", fields("text", "hello"))
		for _, purpose := range []string{"insights", "tips"} {
			w.must(w.vault.SetConsent(w.Context(), w.app, tenant, sub, purpose, true))
		}

		r := w.open(sub, rights.Rectification)
		w.answer(r.ID, rights.Correction{Purpose: "account", DataSet: "identity", Record: "main", Fields: fields("name", "Zaynab")})
		if name, err := w.name(sub); err != nil || name != "Zaynab" {
			w.Errorf("the name is %q, %v", name, err)
		}

		w.must(w.read(sub, note, "insights"))
		r = w.open(sub, rights.Withdrawal, "insights")
		w.must(w.read(sub, note, "insights")) // nothing is done by asking alone
		w.answer(r.ID)
		w.want(w.read(sub, note, "insights"), fault.Refused)

		w.must(w.read(sub, note, "security"))
		w.answer(w.open(sub, rights.Objection).ID)
		w.want(w.read(sub, note, "security"), fault.Refused)

		for _, right := range []rights.Right{rights.Access, rights.Portability} {
			if r, link := w.answer(w.open(sub, right).ID); !strings.HasPrefix(link, tenant+".") || r.LinkUntil.Sub(r.Ended) != rights.LinkHolds {
				w.Errorf("%s gives the link %q until %s", right, link, r.LinkUntil)
			}
		}

		w.answer(w.open(sub, rights.Restriction).ID)
		w.want(w.read(sub, note, "account"), fault.Refused)

		r = w.open(sub, rights.Erasure)
		_, _, err := w.desk.Answer(w.Context(), w.app, tenant, r.ID, nil)
		w.want(err, fault.Conflict) // who restricts may need the data kept
		if now := w.get(r.ID); now.State != rights.Received {
			w.Errorf("the request is %s", now.State)
		}
		w.must(w.vault.SetRestriction(w.Context(), w.app, tenant, sub, false))
		if r, _ := w.answer(r.ID); r.State != rights.Answered || r.Subject != "" {
			w.Errorf("answered it is %+v", r)
		}
		_, err = w.name(sub)
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
			w.Errorf("after the erasure: %v", err)
		}
	})
}

// TestEveryStepLeavesItsTrace: entries, clocks, messages.
func TestEveryStepLeavesItsTrace(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		r := w.open(sub, rights.Access)
		if len(r.Clocks) != 2 || !slices.Equal(r.Clauses, []string{"c-rights"}) {
			w.Fatalf("opened %+v", r)
		}
		// 30 days from 2 March, the day itself not counting, in Dubai: the first moment of 2 April there.
		if want := time.Date(2026, 4, 1, 20, 0, 0, 0, time.UTC); !r.Due.Equal(want) {
			w.Errorf("due %s, want %s", r.Due, want)
		}
		_, err := w.desk.AskIdentity(w.Context(), w.app, tenant, r.ID, "14 days")
		w.must(err)
		w.clock.Forward(4 * 24 * time.Hour)
		proven, err := w.desk.ProveIdentity(w.Context(), w.app, tenant, r.ID)
		w.must(err)
		if shift := proven.Due.Sub(r.Due); shift < 4*24*time.Hour || shift > 4*24*time.Hour+time.Second {
			w.Errorf("the check of identity moved the limit by %s", shift)
		}
		_, err = w.desk.Acknowledge(w.Context(), w.app, tenant, r.ID)
		w.must(err)
		extended, err := w.desk.Extend(w.Context(), w.app, tenant, r.ID, "complexity")
		w.must(err)
		if !extended.Due.After(proven.Due.AddDate(0, 2, -2)) {
			w.Errorf("extended until %s", extended.Due)
		}
		done, _ := w.answer(r.ID)
		for _, c := range done.Clocks {
			if c.State != obligation.Done || c.Evidence != r.ID || c.Late(w.clock.Now()) {
				w.Errorf("the clock %s is %s by %q", c.Duty.Kind, c.State, c.Evidence)
			}
		}
		want := []string{
			"clock.opened", "clock.opened", "request.opened", "clock.paused", "request.identity-asked", "clock.resumed", "request.identity-proven",
			"clock.discharged", "request.acknowledged", "clock.extended", "request.extended", "clock.discharged", "request.answered",
		}
		if got := kinds(w.entries(r.ID)); !slices.Equal(got, want) {
			w.Errorf("the entries are\n%q, want\n%q", got, want)
		}
		for _, e := range w.entries(r.ID) {
			if strings.HasPrefix(e.Kind, "request.") && (e.Actor != "app" || !strings.HasPrefix(e.Subject, "p_") || !slices.Equal(e.Clauses, []string{"c-rights"})) {
				w.Errorf("an entry %+v", e)
			}
		}
		if got := w.told(r.ID); !slices.Equal(got, []string{"request-identity", "request-received", "request-extended", "request-answered"}) {
			w.Errorf("told %q", got)
		}
		var queued int
		w.must(w.vault.DB.Get(w.Context(), tenant, `SELECT COUNT(*) FROM outbox WHERE tenant_id = $1 AND subject_id = $2`, []any{tenant, sub}, &queued))
		if queued != 8 {
			w.Errorf("%d messages wait, want 4 by mail and 4 in the application", queued)
		}
	})
}

// TestRefusal: only by a ground of the law that fits the right, told to the person; it discharges the clocks.
func TestRefusal(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		r := w.open(sub, rights.Erasure)
		for ground, kind := range map[string]fault.Kind{"": fault.Invalid, "too-much-work": fault.Invalid, "rights-of-others": fault.Invalid} {
			_, err := w.desk.Refuse(w.Context(), w.app, tenant, r.ID, ground)
			w.want(err, kind)
		}
		if now := w.get(r.ID); now.State != rights.Received || now.Due.IsZero() {
			w.Errorf("after refusals without a ground it is %+v", now)
		}
		refused, err := w.desk.Refuse(w.Context(), w.app, tenant, r.ID, "legal-claims")
		w.must(err)
		if refused.State != rights.Refused || refused.Ground != "legal-claims" || refused.Ended.IsZero() || !refused.Due.IsZero() {
			w.Errorf("refused it is %+v", refused)
		}
		again, err := w.desk.Refuse(w.Context(), w.app, tenant, r.ID, "legal-claims")
		w.must(err)
		if !again.Ended.Equal(refused.Ended) {
			w.Error("a repeated refusal was another one")
		}
		_, err = w.desk.Refuse(w.Context(), w.app, tenant, r.ID, "excessive")
		w.want(err, fault.Conflict)
		_, _, err = w.desk.Answer(w.Context(), w.app, tenant, r.ID, nil)
		w.want(err, fault.Conflict)
		last := w.sent[len(w.sent)-1]
		if last.Template != "request-refused" || last.Details["reason"] != "The data is needed for legal claims" || !strings.Contains(last.Details["ground"], "GDPR art. 17(3)(e)") {
			w.Errorf("told %+v", last)
		}
		_, err = w.name(sub)
		w.want(err, fault.NotFound) // there is no record; the person is there
		r = w.open(sub, rights.Erasure)
		if _, err := w.desk.Withdraw(w.Context(), w.app, tenant, r.ID); err != nil {
			w.Error(err)
		}
	})
}

// TestRepeats: a person has one open request of a right; every step repeated is done once.
func TestRepeats(t *testing.T) {
	each(t, func(w *world) {
		sub, other := w.person(), w.person()
		r := w.open(sub, rights.Objection)
		_, err := w.desk.Open(w.Context(), w.app, tenant, rights.Ask{Subject: sub, Right: rights.Objection})
		w.want(err, fault.Conflict)
		if !strings.Contains(fault.Public(err), r.ID) {
			w.Errorf("the conflict does not name the request: %s", fault.Public(err))
		}
		w.open(other, rights.Objection)
		w.open(sub, rights.Restriction)
		steps := []func() error{
			func() error { _, err := w.desk.Acknowledge(w.Context(), w.app, tenant, r.ID); return err },
			func() error { _, _, err := w.desk.Answer(w.Context(), w.app, tenant, r.ID, nil); return err },
		}
		for _, step := range steps {
			w.must(step())
			before := len(w.entries(r.ID))
			w.must(step())
			if after := len(w.entries(r.ID)); after != before {
				w.Errorf("a repeated step wrote %d entries", after-before)
			}
		}
		w.open(sub, rights.Objection) // the one before is at its end
		asked := w.open(sub, rights.Access)
		_, err = w.desk.AskIdentity(w.Context(), w.app, tenant, asked.ID, "1 week")
		w.must(err)
		_, _, err = w.desk.Answer(w.Context(), w.app, tenant, asked.ID, nil)
		w.want(err, fault.Conflict) // who it is, is not known yet
		for range 2 {
			_, err = w.desk.ProveIdentity(w.Context(), w.app, tenant, asked.ID)
			w.must(err)
		}
		_, err = w.desk.AskIdentity(w.Context(), w.app, tenant, asked.ID, "1 week")
		w.want(err, fault.Conflict)
		_, err = w.desk.Extend(w.Context(), w.app, tenant, asked.ID, "complexity")
		w.must(err)
		_, err = w.desk.Extend(w.Context(), w.app, tenant, asked.ID, "complexity")
		w.want(err, fault.Conflict)
	})
}

// TestWithdrawn: what is not owed any more is void, and what was late stays late.
func TestWithdrawn(t *testing.T) {
	each(t, func(w *world) {
		early, late := w.open(w.person(), rights.Access), w.open(w.person(), rights.Access)
		r, err := w.desk.Withdraw(w.Context(), w.app, tenant, early.ID)
		w.must(err)
		for _, c := range r.Clocks {
			if c.State != obligation.Void {
				w.Errorf("a clock of a withdrawn request is %s", c.State)
			}
		}
		w.clock.Forward(40 * 24 * time.Hour)
		r, err = w.desk.Withdraw(w.Context(), w.app, tenant, late.ID)
		w.must(err)
		for _, c := range r.Clocks {
			if c.State != obligation.Done || !c.Late(w.clock.Now()) {
				w.Errorf("a missed clock of a withdrawn request is %s", c.State)
			}
		}
		if r, err = w.desk.Withdraw(w.Context(), w.app, tenant, late.ID); err != nil || r.State != rights.Withdrawn {
			w.Errorf("again: %s, %v", r.State, err)
		}
	})
}

// TestBadInput: what cannot be asked for, by whom it may not be, and of whom.
func TestBadInput(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		mine := w.open(sub, rights.Access)
		ctx := w.Context()
		for name, row := range map[string]struct {
			do   func() error
			kind fault.Kind
		}{
			"no such right": {func() error {
				_, err := w.desk.Open(ctx, w.app, tenant, rights.Ask{Subject: sub, Right: "vanishing"})
				return err
			}, fault.Invalid},
			"no such language": {func() error {
				_, err := w.desk.Open(ctx, w.app, tenant, rights.Ask{Subject: sub, Right: rights.Erasure, Language: "tlh"})
				return err
			}, fault.Invalid},
			"a needless purpose": {func() error {
				_, err := w.desk.Open(ctx, w.app, tenant, rights.Ask{Subject: sub, Right: rights.Erasure, Purposes: []string{"tips"}})
				return err
			}, fault.Invalid},
			"another's purpose": {func() error {
				_, err := w.desk.Open(ctx, w.app, tenant, rights.Ask{Subject: sub, Right: rights.Withdrawal, Purposes: []string{"security"}})
				return err
			}, fault.Invalid},
			"no such purpose": {func() error {
				_, err := w.desk.Open(ctx, w.app, tenant, rights.Ask{Subject: sub, Right: rights.Objection, Purposes: []string{"x"}})
				return err
			}, fault.Invalid},
			"nobody": {func() error {
				_, err := w.desk.Open(ctx, w.app, tenant, rights.Ask{Subject: "sub_none", Right: rights.Access})
				return err
			}, fault.NotFound},
			"another tenant's": {func() error {
				_, err := w.desk.Open(ctx, w.app, "other", rights.Ask{Subject: sub, Right: rights.Access})
				return err
			}, fault.NotFound},
			"without the scope": {func() error {
				_, err := w.desk.Open(ctx, w.mere, tenant, rights.Ask{Subject: sub, Right: rights.Erasure})
				return err
			}, fault.Refused},
			"a stranger":         {func() error { _, err := w.desk.Get(ctx, w.stranger, tenant, mine.ID); return err }, fault.Refused},
			"at another address": {func() error { _, err := w.desk.Get(ctx, w.stranger, "other", mine.ID); return err }, fault.NotFound},
			"answered elsewhere": {func() error { _, _, err := w.desk.Answer(ctx, w.stranger, "other", mine.ID, nil); return err }, fault.NotFound},
			"no such request":    {func() error { _, err := w.desk.Withdraw(ctx, w.app, tenant, "req_none"); return err }, fault.NotFound},
			"SQL for an id":      {func() error { _, err := w.desk.Get(ctx, w.app, tenant, "req_' OR 1=1 --"); return err }, fault.NotFound},
			"no reason":          {func() error { _, err := w.desk.Extend(ctx, w.app, tenant, mine.ID, "busy"); return err }, fault.Invalid},
			"a pause for ever": {func() error {
				_, err := w.desk.AskIdentity(ctx, w.app, tenant, mine.ID, "without undue delay")
				return err
			}, fault.Invalid},
			"a pause too long": {func() error { _, err := w.desk.AskIdentity(ctx, w.app, tenant, mine.ID, "31 days"); return err }, fault.Invalid},
			"nothing to prove": {func() error { _, err := w.desk.ProveIdentity(ctx, w.app, tenant, mine.ID); return err }, fault.Conflict},
			"needless fixes": {func() error {
				_, _, err := w.desk.Answer(ctx, w.app, tenant, mine.ID, []rights.Correction{{}})
				return err
			}, fault.Invalid},
			"a state of nowhere": {func() error { _, _, err := w.desk.List(ctx, w.app, tenant, "gone", "", 10); return err }, fault.Invalid},
			"a cursor":           {func() error { _, _, err := w.desk.List(ctx, w.app, tenant, "", "~", 10); return err }, fault.Invalid},
		} {
			if err := row.do(); !fault.Is(err, row.kind) {
				w.Errorf("%s: %v (%s), want %s", name, err, fault.KindOf(err), row.kind)
			}
		}
		if now := w.get(mine.ID); now.State != rights.Received || len(w.entries(mine.ID)) != 3 {
			w.Errorf("what was refused changed the request: %+v", now)
		}
		objection := w.open(sub, rights.Objection)
		_, err := w.desk.Extend(ctx, w.app, tenant, objection.ID, "complexity")
		w.want(err, fault.Conflict)
		if fault.ClauseOf(err) != "c-rights" {
			w.Errorf("no clause promises more time, and the refusal names %q", fault.ClauseOf(err))
		}
	})
}

// TestList: pages in the order in which requests came, by state.
func TestList(t *testing.T) {
	each(t, func(w *world) {
		var all []string
		for range 5 {
			all = append(all, w.open(w.person(), rights.Access).ID)
			w.clock.Forward(time.Second)
		}
		w.answer(all[1])
		walk := func(state string) (ids []string) {
			for cursor := ""; ; {
				page, next, err := w.desk.List(w.Context(), w.app, tenant, state, cursor, 2)
				w.must(err)
				for _, r := range page {
					ids = append(ids, r.ID)
				}
				if cursor = next; cursor == "" {
					return ids
				}
			}
		}
		open := slices.Delete(slices.Clone(all), 1, 2)
		for state, want := range map[string][]string{"": all, "open": open, "received": open, "answered": all[1:2], "void": nil} {
			if got := walk(state); !slices.Equal(got, want) {
				w.Errorf("%q gives %v, want %v", state, got, want)
			}
		}
	})
}
