package console

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// ledgerPage is a page of a log, the newest entry first.
type ledgerPage struct {
	Entries []proof.Entry
	By      ledger.Filter
	Before  int64
}

// filter is what the address asks for.
func (v *visit) filter() ledger.Filter {
	return ledger.Filter{Kind: v.query("kind"), Actor: v.query("actor"), Subject: v.query("subject"), Clause: v.query("clause"), Answer: v.query("answer")}
}

func (v *visit) ledger() error {
	before := int64(0)
	if text := v.query("before"); text != "" {
		var err error
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before < 1 {
			return fault.New("console.ledger", fault.Invalid, "the ledger goes on before an entry's number").WithField("before")
		}
	}
	by := v.filter()
	found, err := v.door.Desks.Audit.Search(v.r.Context(), v.who.Caller, v.tenant, by, before, listed)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "ledger", ledgerPage{found.Entries, by, found.Before}, nil)
}

// proven finds the entry of the address, with its proof.
func (v *visit) proven() (duty.Proven, error) {
	seq, err := strconv.ParseInt(v.r.PathValue("seq"), 10, 64)
	if err != nil || seq < 0 {
		return duty.Proven{}, fault.New("console.proven", fault.NotFound, "the ledger has no such entry")
	}
	return v.door.Desks.Audit.Prove(v.r.Context(), v.who.Caller, v.tenant, seq)
}

// entryPage is one entry and that it was checked to be in the log.
type entryPage struct {
	duty.Proven
	Details []detail
	Text    string
}

// detail is a name and what it says.
type detail struct{ Name, Value string }

func (v *visit) entry() error {
	p, err := v.proven()
	if err != nil {
		return err
	}
	page := entryPage{Proven: p, Text: string(p.Bytes)}
	for _, name := range slices.Sorted(maps.Keys(p.Entry.Detail)) {
		page.Details = append(page.Details, detail{name, p.Entry.Detail[name]})
	}
	return v.show(http.StatusOK, "entry", page, nil)
}

// entryFile hands out the entry as it is hashed.
func (v *visit) entryFile() error {
	p, err := v.proven()
	if err != nil {
		return err
	}
	v.send(v.fileName(&p, "json"), "application/json", p.Bytes)
	return nil
}

// proofFile hands out the proof that the entry is in the log, which is checked without the server.
func (v *visit) proofFile() error {
	p, err := v.proven()
	if err != nil {
		return err
	}
	v.send(v.fileName(&p, "tlog-proof"), "text/plain; charset=utf-8", p.Proof)
	return nil
}

// fileName names a file of an entry.
func (v *visit) fileName(p *duty.Proven, ending string) string {
	return "entry-" + v.tenant + "-" + strconv.FormatInt(p.Entry.Seq, 10) + "." + ending
}

// checkpoint hands out the log's signed head.
func (v *visit) checkpoint() error {
	signed, err := v.door.Desks.Audit.Checkpoint(v.r.Context(), v.who.Caller, v.tenant)
	if err != nil {
		return err
	}
	v.send("checkpoint-"+v.tenant+".txt", "text/plain; charset=utf-8", signed)
	return nil
}

// send hands out a file. Its name is made of ids.
func (v *visit) send(name, mediaType string, body []byte) {
	h := v.w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = v.w.Write(body)
}
