package vault

import (
	"testing"

	"clause.dev/clause/internal/fault"
)

func TestBatch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		gone := w.put(of(sub, "transactions", ""), transaction("9 AED")).Record
		ops := []BatchOp{
			{Action: "put", Subject: sub, DataSet: "identity", Fields: identity("z@example.org")},
			{Action: "put", Subject: sub, DataSet: "transactions", Fields: transaction("1 AED")},
			{Action: "patch", Subject: sub, DataSet: "identity", Record: single, Fields: fields("nick", "Z")},
			{Action: "delete", Subject: sub, DataSet: "transactions", Record: gone, Condition: Condition{true, 1}},
		}
		out, err := w.vault.Batch(w.ctx, w.app, "acme", account, ops, idem("batch-0001", 1))
		must(t, err)
		if len(out) != 4 || out[0].Version != 1 || out[2].Version != 2 || out[3].Record != gone || !isID(recordPrefix, out[1].Record) {
			t.Fatalf("outcome %+v", out)
		}
		wantJSON(t, w.get(of(sub, "identity", single)).Fields, `{"first_name":"Zaynab","email":"z@example.org","nick":"Z"}`)
		before := w.size("acme")
		again, err := w.vault.Batch(w.ctx, w.app, "acme", account, ops, idem("batch-0001", 1))
		if err != nil || again[1].Record != out[1].Record || !again[1].Replayed || w.size("acme") != before {
			t.Fatalf("again %+v, %v", again, err)
		}
		_, err = w.vault.Batch(w.ctx, w.app, "acme", account, ops, idem("batch-0001", 2))
		want(t, err, fault.Conflict)
	})
}

// Whatever fails in a batch, nothing of it happens, and the error says which operation.
func TestBatchAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub, shy := w.person(), w.person()
		w.put(of(shy, "identity", ""), identity("taken@example.org"))
		must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", shy, true))
		good := BatchOp{Action: "put", Subject: sub, DataSet: "identity", Fields: identity("z@example.org")}
		for _, c := range []struct {
			name   string
			op     BatchOp
			kind   fault.Kind
			field  string
			clause string
		}{
			{"a bad value", BatchOp{Action: "put", Subject: sub, DataSet: "transactions", Fields: transaction("much")}, fault.Invalid, "operations[1].fields.amount", ""},
			{"nobody", BatchOp{Action: "put", Subject: "sub_none", DataSet: "transactions", Fields: transaction("1 AED")}, fault.NotFound, "operations[1]", ""},
			{"no such action", BatchOp{Action: "drop", Subject: sub, DataSet: "identity"}, fault.Invalid, "operations[1].action", ""},
			{"stale", BatchOp{Action: "patch", Subject: sub, DataSet: "identity", Record: single, Fields: fields("nick", "Z"), Condition: Condition{true, 7}}, fault.Stale, "operations[1]", ""},
			{"taken", BatchOp{Action: "patch", Subject: sub, DataSet: "identity", Record: single, Fields: fields("email", "taken@example.org")}, fault.Conflict, "operations[1].fields.email", ""},
			{"restricted", BatchOp{Action: "put", Subject: shy, DataSet: "transactions", Fields: transaction("1 AED")}, fault.Refused, "operations[1]", "c-restriction"},
			{"another purpose's data", BatchOp{Action: "put", Subject: sub, DataSet: "sessions", Fields: fields("token", "t")}, fault.Refused, "operations[1]", "c-purpose"},
			{"undeclared", BatchOp{Action: "put", Subject: sub, DataSet: "identity", Fields: fields("faith", "x")}, fault.Refused, "operations[1]", "c-declared"},
		} {
			before := w.size("acme")
			_, err := w.vault.Batch(w.ctx, w.app, "acme", account, []BatchOp{good, c.op}, Idempotency{})
			want(t, err, c.kind)
			if f := err.(*fault.Error); f.Field != c.field || f.Clause != c.clause {
				t.Errorf("%s: field %q, clause %q", c.name, f.Field, f.Clause)
			}
			entries := w.size("acme") - before
			if told := c.kind != fault.Invalid; told != (entries == 1) {
				t.Errorf("%s: %d entries", c.name, entries)
			} else if c.kind == fault.Refused {
				if e := w.newest("acme"); e.Answer != "refuse" || e.Clauses[0] != c.clause || (c.name == "restricted") != (e.Subject != "") {
					t.Errorf("%s: entry %+v", c.name, e)
				}
			}
			_, err = w.vault.Get(w.ctx, w.app, of(sub, "identity", single))
			want(t, err, fault.NotFound)
		}
		w.verified("acme")
	})
}

func TestBatchBounds(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	op := BatchOp{Action: "put", Subject: sub, DataSet: "transactions", Fields: transaction("1 AED")}
	_, err := w.vault.Batch(w.ctx, w.app, "acme", account, nil, Idempotency{})
	want(t, err, fault.Invalid)
	ops := make([]BatchOp, maxBatch+1)
	for i := range ops {
		ops[i] = op
	}
	_, err = w.vault.Batch(w.ctx, w.app, "acme", account, ops, Idempotency{})
	want(t, err, fault.Invalid)
	out, err := w.vault.Batch(w.ctx, w.app, "acme", account, ops[1:], Idempotency{})
	if err != nil || len(out) != maxBatch {
		t.Fatal(len(out), err)
	}
	_, err = w.vault.Batch(w.ctx, w.app, "acme", security, []BatchOp{{Action: "put", Subject: sub, DataSet: "sessions", Fields: fields("token", "t")}}, Idempotency{})
	want(t, err, fault.Invalid)
}
