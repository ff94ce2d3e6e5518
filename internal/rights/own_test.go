package rights_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

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
			w.clock.forward(time.Second)
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
