package account

import (
	"net/http"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

// noticesPage is what somebody was told.
type noticesPage struct {
	Notes []noteView
	Next  string
}

type noteView struct {
	notify.Note
	Paragraphs []string
	New        bool
}

// shownNotes is how many a page shows.
const shownNotes = 20

func (v *visit) notices() error {
	k := &v.door.Desks
	notes, next, err := k.Messages.Inbox(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject, v.lang, v.r.URL.Query().Get("after"), shownNotes)
	if err != nil {
		return err
	}
	p := noticesPage{Next: next}
	for _, n := range notes {
		p.Notes = append(p.Notes, noteView{n, strings.Split(strings.TrimSpace(n.Words.Text), "\n\n"), n.State != notify.Seen})
	}
	return v.show(http.StatusOK, "notices", p, nil)
}

func (v *visit) seen() error {
	k := &v.door.Desks
	_, err := k.Messages.See(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject, v.field("id"))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	v.redirect("notices")
	return nil
}
