package rights_test

import (
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// TestRectification: the guard of the vault holds, the correction is stored nowhere else, and what failed
// leaves the request open.
func TestRectification(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		w.put(sub, "identity", "account", fields("name", "Zoe", "email", "zoe@example.com"))
		note := w.put(sub, "notes", "account", fields("text", "helo"))
		r := w.open(sub, rights.Rectification)
		name := rights.Correction{Purpose: "account", DataSet: "identity", Record: "main", Fields: fields("name", "Rectified-Name")}
		for what, row := range map[string]struct {
			fixes []rights.Correction
			kind  fault.Kind
		}{
			"none":                {nil, fault.Invalid},
			"too many":            {make([]rights.Correction, 51), fault.Invalid},
			"a purpose not held":  {[]rights.Correction{{Purpose: "tips", DataSet: "notes", Record: note, Fields: fields("text", "x")}}, fault.Refused},
			"not the purpose's":   {[]rights.Correction{{Purpose: "security", DataSet: "identity", Record: "main", Fields: fields("name", "x")}}, fault.Refused},
			"no such field":       {[]rights.Correction{{Purpose: "account", DataSet: "identity", Record: "main", Fields: fields("age", 7)}}, fault.Refused},
			"a bad value":         {[]rights.Correction{name, {Purpose: "account", DataSet: "identity", Record: "main", Fields: fields("email", "nobody")}}, fault.Invalid},
			"a record not theirs": {[]rights.Correction{{Purpose: "account", DataSet: "notes", Record: "rec_none", Fields: fields("text", "x")}}, fault.NotFound},
		} {
			_, _, err := w.desk.Answer(w.Context(), w.app, tenant, r.ID, row.fixes)
			if !fault.Is(err, row.kind) {
				w.Errorf("%s: %v (%s)", what, err, fault.KindOf(err))
			}
			if now := w.get(r.ID); now.State != rights.Received {
				w.Errorf("after %s the request is %s", what, now.State)
			}
		}
		text := rights.Correction{Purpose: "account", DataSet: "notes", Record: note, Fields: fields("text", "hello")}
		if r, _ := w.answer(r.ID, name, text); r.State != rights.Answered {
			w.Errorf("it is %s", r.State)
		}
		record, err := w.vault.Get(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: sub, DataSet: "identity", Record: "main", Purpose: "account"})
		w.must(err)
		if record.Version != 2 || !strings.Contains(string(record.Fields), "Rectified-Name") {
			w.Errorf("the record is version %d: %s", record.Version, record.Fields) // the first try wrote it, the second did not do so again
		}
		if n := w.rowsWith("Rectified-Name"); n != 0 {
			w.Errorf("%d rows hold the correction in the clear", n)
		}
	})
}

// rowsWith counts the rows of the store that hold a text in some column.
func (w *world) rowsWith(text string) (n int) {
	w.Helper()
	for _, of := range []string{tenant, db.Organisation} {
		w.must(w.vault.DB.Read(w.Context(), of, func(tx *db.Tx) error {
			for _, table := range db.Tables() {
				for _, c := range table.Columns {
					if c.Type != db.Text {
						continue
					}
					err := tx.Each(`SELECT `+c.Name+` FROM `+table.Name, nil, func(scan func(...any) error) error {
						var value string
						err := scan(&value)
						if strings.Contains(value, text) {
							n++
						}
						return err
					})
					if err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
	return n
}

// TestErasureLeavesProof: the row proves the answer and names nobody; what else was asked is void.
func TestErasureLeavesProof(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		w.put(sub, "identity", "account", fields("name", "Zoe", "email", "zoe@example.com"))
		access, _ := w.answer(w.open(sub, rights.Access).ID)
		open := w.open(sub, rights.Withdrawal, "tips")
		r := w.open(sub, rights.Erasure)
		_, link, err := w.desk.Answer(w.Context(), w.app, tenant, access.ID, nil)
		w.must(err)
		w.answer(r.ID)
		for _, id := range []string{r.ID, access.ID, open.ID} {
			if now := w.get(id); now.Subject != "" || now.Opened.IsZero() || now.Ended.IsZero() || now.Right == "" {
				w.Errorf("the row is %+v", now)
			}
		}
		if now := w.get(open.ID); now.State != rights.Void || now.Clocks[0].State != obligation.Void {
			w.Errorf("what else was asked is %s", now.State)
		}
		w.must(w.vault.Sweep(w.Context()))
		if n := w.rowsWith(sub) - w.outbox(sub); n != 0 {
			w.Errorf("%d rows name the person", n)
		}
		if _, err := w.desk.Download(w.Context(), link); !fault.Is(err, fault.NotFound) {
			w.Errorf("the link of an erased person: %v", err)
		}
		again, _ := w.answer(r.ID)
		if again.State != rights.Answered || !again.Ended.Equal(w.get(r.ID).Ended) {
			w.Errorf("answered again it is %+v", again)
		}
	})
}

// outbox counts messages that still name the person: they go with notify's own sweep.
func (w *world) outbox(sub string) (n int) {
	w.must(w.vault.DB.Get(w.Context(), tenant, `SELECT COUNT(*) FROM outbox WHERE tenant_id = $1 AND subject_id = $2`, []any{tenant, sub}, &n))
	return n
}

// TestHeld: what the law keeps of an erased person is named in the answer.
func TestHeld(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.desk.Held = func(_ *db.Tx, of, subject string) (string, time.Time, bool) {
		return "case-2041", w.clock.Stands().AddDate(1, 0, 0), of == tenant && subject == sub
	}
	r, _ := w.answer(w.open(sub, rights.Erasure).ID)
	all := w.entries(r.ID)
	if last := all[len(all)-1]; r.Reason != "case-2041" || last.Kind != "request.answered" || last.Reason != "case-2041" {
		t.Errorf("%+v, %+v", r, last)
	}
}
