package rights_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// TestWhatPeopleDoThemselves: what leaves nothing to judge is done at once, the rest waits; and nobody reaches
// what is another's.
func TestWhatPeopleDoThemselves(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		zoe, eve := w.person(), w.person()
		do := func(right rights.Right, fixes ...rights.Correction) (rights.Request, error) {
			w.clock.Forward(time.Second)
			return w.desk.Exercise(ctx, w.app, "acme", rights.Ask{Subject: zoe, Right: right}, fixes)
		}
		copied, err := do(rights.Access)
		w.must(err)
		if copied.State != rights.Answered || !w.desk.Ready(&copied) {
			w.Fatalf("a copy is %s", copied.State)
		}
		_, err = w.desk.Take(ctx, w.app, "acme", eve, copied.ID)
		w.want(err, fault.NotFound)
		p, err := w.desk.Take(ctx, w.app, "acme", zoe, copied.ID)
		w.must(err)
		var out bytes.Buffer
		w.must(p.Write(ctx, &out))
		_, err = w.desk.Take(ctx, w.app, "acme", zoe, copied.ID)
		w.want(err, fault.NotFound)

		waits, err := do(rights.Restriction)
		w.must(err)
		if waits.State != rights.Received || waits.Due.IsZero() {
			w.Errorf("a restriction is %s, due %s", waits.State, waits.Due)
		}
		_, err = do(rights.Restriction)
		w.want(err, fault.Conflict)
		_, err = w.desk.TakeBack(ctx, w.app, "acme", eve, waits.ID)
		w.want(err, fault.NotFound)
		back, err := w.desk.TakeBack(ctx, w.app, "acme", zoe, waits.ID)
		w.must(err)
		if back.State != rights.Withdrawn {
			w.Errorf("taken back is %s", back.State)
		}

		_, err = do(rights.Rectification, rights.Correction{Purpose: "account", DataSet: "identity", Fields: vault.Fields{"email": json.RawMessage(`"no address"`)}})
		w.want(err, fault.Invalid)
		said, err := w.desk.Consent(ctx, w.app, "acme", zoe, vault.Expression{Purpose: "insights", Given: true, Text: "May we?", Language: "en"})
		w.must(err)
		if said.ID == "" {
			w.Error("a consent has no record")
		}

		own, err := w.desk.Own(ctx, w.app, "acme", zoe)
		w.must(err)
		var ids []string
		for _, r := range own {
			ids = append(ids, r.ID)
		}
		if !slices.Equal(ids, []string{waits.ID, copied.ID}) {
			w.Errorf("her requests are %v", ids)
		}
		if of, err := w.desk.Own(ctx, w.app, "acme", eve); err != nil || len(of) != 0 {
			w.Errorf("another's are %v, %v", of, err)
		}

		trail, err := w.desk.Trail(ctx, w.app, "acme", zoe, 0, 1000)
		w.must(err)
		if i := len(trail.Entries); i == 0 || slices.ContainsFunc(trail.Entries, func(e proof.Entry) bool { return e.Subject != trail.Entries[0].Subject }) {
			w.Errorf("%d entries, or some of another's", i)
		}
		for _, c := range []vault.Caller{w.mere, w.stranger} {
			_, err := w.desk.Own(ctx, c, "acme", zoe)
			w.want(err, fault.Refused)
			_, err = w.desk.Trail(ctx, c, "acme", zoe, 0, 10)
			w.want(err, fault.Refused)
			w.want(w.desk.Proof(ctx, c, "acme", zoe, &out), fault.Refused)
			_, err = w.desk.Exercise(ctx, c, "acme", rights.Ask{Subject: zoe, Right: rights.Erasure}, nil)
			w.want(err, fault.Refused)
			_, err = w.desk.TakeBack(ctx, c, "acme", zoe, waits.ID)
			w.want(err, fault.Refused)
		}
		asked, err := w.desk.Open(ctx, w.app, "acme", rights.Ask{Subject: zoe, Right: rights.Erasure})
		w.must(err)
		gone, err := do(rights.Erasure) // what was open is gone on with
		w.must(err)
		if gone.ID != asked.ID || gone.State != rights.Answered {
			w.Errorf("an erasure is %s", gone.State)
		}
		_, err = w.desk.Trail(ctx, w.app, "acme", zoe, 0, 10)
		if !fault.Is(err, fault.Erased) && !fault.Is(err, fault.NotFound) {
			w.Errorf("of somebody erased: %v", err)
		}
	})
}

// slow is a system outside that is told of what people want, and does not answer yet.
type slow struct {
	rights.Outside
	told map[string][]string // purposes by request
}

func (s *slow) PassOn(_ *db.Tx, request, _, _ string, purposes []string) error {
	s.told[request] = purposes
	return nil
}

func (s *slow) Advance(context.Context, string, string) error { return nil }

func (s *slow) Of(_ *db.Tx, request string) (lines connect.Report, pending bool, err error) {
	if _, told := s.told[request]; !told {
		return nil, false, nil
	}
	return connect.Report{{System: "crm", State: connect.Open}}, true, nil
}

// TestWithdrawnWhileItIsPassedOn: what is withdrawn again adds nothing, and what else is withdrawn is passed on too,
// however long other systems take.
func TestWithdrawnWhileItIsPassedOn(t *testing.T) {
	each(t, func(w *world) {
		outside := &slow{told: map[string][]string{}}
		w.desk.Outside = outside
		zoe := w.person()
		say := func(purpose string, given bool) {
			t.Helper()
			w.clock.Forward(time.Second)
			_, err := w.desk.Consent(w.Context(), w.app, tenant, zoe, vault.Expression{Purpose: purpose, Given: given, Text: "May we?", Language: "en"})
			w.must(err)
		}
		say("insights", true)
		say("tips", true)
		for range 2 {
			say("insights", false)
			if len(outside.told) != 1 {
				t.Fatalf("told: %v", outside.told)
			}
		}
		say("tips", false)
		var all []string
		for _, purposes := range outside.told {
			all = append(all, purposes...)
		}
		if slices.Sort(all); !slices.Equal(all, []string{"insights", "tips"}) {
			t.Errorf("told: %v", outside.told)
		}
		say("insights", true)
		say("insights", false)
		who, err := w.vault.Standing(w.Context(), w.app, tenant, zoe)
		w.must(err)
		if len(who.Consents) != 0 || len(outside.told) != 2 {
			t.Errorf("she consents to %v; told: %v", who.Consents, outside.told)
		}
		_, err = w.desk.Exercise(w.Context(), w.app, tenant, rights.Ask{Subject: zoe, Right: rights.Withdrawal, Purposes: []string{"insights", "tips"}}, nil)
		w.want(err, fault.Conflict) // no one of them is about both
	})
}
