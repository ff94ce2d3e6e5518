package account

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/ledger/proof"
)

// trailPage is who did what with somebody's data.
type trailPage struct {
	Entries []traceView
	Before  int64 // where it goes on, 0 if it does not
	Own     bool  // whether the person's own looks at these pages are among them
}

type traceView struct {
	At                    time.Time
	Who, Did, For, Of, To string
	Refused               bool
	Seq                   int64
}

// shownTraces is how many entries a page shows; tracedPages how many pages of the ledger it looks through for them.
const shownTraces, tracedPages = 50, 8

// looks are what somebody leaves behind by looking at these pages: it would drown what others did.
func looks(e *proof.Entry) bool {
	return e.Actor == Person && slices.Contains([]string{"subject.export", "standing.read", "consent.history"}, e.Kind)
}

func (v *visit) trail() error {
	k := &v.door.Desks
	before, err := strconv.ParseInt(v.r.URL.Query().Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	names := map[string]string{}
	if k.Named != nil {
		if names, err = k.Named(v.r.Context()); err != nil {
			return err
		}
	}
	p := trailPage{Before: before, Own: v.r.URL.Query().Get("own") != ""}
	for range tracedPages {
		found, err := k.Rights.Trail(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject, p.Before, shownTraces-len(p.Entries))
		if err != nil {
			return err
		}
		for i := range found.Entries {
			if e := &found.Entries[i]; p.Own || !looks(e) {
				p.Entries = append(p.Entries, v.trace(e, names))
			}
		}
		if p.Before = found.Before; p.Before == 0 || len(p.Entries) == shownTraces {
			break
		}
	}
	return v.show(http.StatusOK, "trail", p, nil)
}

// trace puts an entry into plain words.
func (v *visit) trace(e *proof.Entry, names map[string]string) traceView {
	out := traceView{At: e.Time, Who: v.actor(e.Actor, names), Did: v.did(e), Refused: e.Answer == proof.Refuse, Seq: e.Seq}
	if e.Purpose != "" {
		out.For = v.purpose(e.Purpose)
	}
	if e.DataSet != "" {
		out.Of = v.dataSet(e.DataSet)
	}
	if e.Recipient != "" {
		out.To = e.Recipient
		if r, ok := v.door.Policy.Recipient(e.Recipient); ok {
			out.To = r.Name
		}
	}
	return out
}

// actor is who did it.
func (v *visit) actor(id string, names map[string]string) string {
	switch {
	case id == Person || strings.HasPrefix(id, "req_"): // a package is handed out in the name of its request
		return v.phrase("who.you")
	case id == "accounts":
		return v.phrase("who.accounts")
	case id == "" || id == "clause":
		return v.phrase("who.server")
	}
	if name := names[id]; name != "" {
		return name
	}
	return v.phrase("who.staff", "id", id)
}

// did is what was done: in words of its own, in those of its family, or by its name.
func (v *visit) did(e *proof.Entry) string {
	known := v.door.words[v.lang]
	family, _, _ := strings.Cut(e.Kind, ".")
	for _, key := range []string{"did." + e.Kind, "did." + family} {
		if text, ok := known[key]; ok {
			return text
		}
	}
	return v.phrase("did.other", "kind", e.Kind)
}

// proof hands out the person's own part of the ledger, which proves itself.
func (v *visit) proof() error {
	k := &v.door.Desks
	return v.send("ledger.json", "application/json", func(f *file) error {
		return k.Rights.Proof(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject, f)
	})
}
