package app_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"clause.dev/clause/client"
)

// worker is an application that calls a server which may die at any moment, and that remembers what it
// was told.
type worker struct {
	name, id, key string
	client        *client.Client
	people        []*person
	told          map[string]int // answers, by the entry each has: its kind and answer
	unsure        map[string]int // calls without an answer, which may have an entry
	answers       int
	serial        int
	again         string // the idempotency key of a creation that was not answered
	tired         bool   // the server may refuse everything for a while: 503
	refused       int    // how often it did
	blind         bool   // what it refuses may have happened all the same: its store was lost at the commit
}

// person is what a worker knows of one. A call that was not answered leaves what it would have changed
// unsure.
type person struct {
	id      string
	email   string // "" : not yet written
	next    string // the email of an unanswered write
	consent bool
	erased  bool
	fog     struct{ consent, erased bool } // calls unanswered
}

// note counts the outcome of a call whose entry is of that kind, and reports whether the server
// answered with one of the statuses, 0 for success.
func (w *worker) note(t *testing.T, kind string, err error, statuses ...int) bool {
	if w.told == nil {
		w.told, w.unsure = map[string]int{}, map[string]int{}
	}
	status := client.Status(err)
	if err != nil && status == 0 { // the server died
		w.unsure[kind+" allow"]++
		w.unsure[kind+" refuse"]++
		return false
	}
	if status == 503 && w.tired {
		w.refused++
		if w.blind {
			w.unsure[kind+" allow"]++
			w.unsure[kind+" refuse"]++
		}
		return false
	}
	for _, expected := range statuses {
		if status != expected {
			continue
		}
		w.answers++
		w.told[kind+" "+entryAnswer(status)]++
		return true
	}
	t.Errorf("%s: %s: status %d, want %v: %v", w.name, kind, status, statuses, err)
	return false
}

// entryAnswer is what the entry of a call says that was answered with the status. Whether an absent
// record may be read is decided as for one that is there.
func entryAnswer(status int) string {
	if status == 0 || status == 404 {
		return "allow"
	}
	return "refuse"
}

// work calls until the server is gone, or answers what it may not.
func (w *worker) work(t *testing.T) {
	for w.step(t) {
		if t.Failed() {
			return
		}
	}
}

// step makes one call on a person chosen at random, lately made ones preferred.
func (w *worker) step(t *testing.T) bool {
	if len(w.people) < 3 || rand.IntN(10) == 0 {
		return w.create(t)
	}
	p := w.people[len(w.people)-1-rand.IntN(min(len(w.people), 30))]
	switch n := rand.IntN(12); {
	case p.erased || p.fog.erased:
		return w.readErased(t, p)
	case p.next != "" || p.fog.consent:
		return true // what became of it is settled by check
	case n < 4:
		return w.write(t, p)
	case n < 8:
		return w.read(t, p)
	case n < 9:
		return w.insights(t, p)
	case n < 11:
		return w.consent(t, p)
	default:
		p.fog.erased = true
		if !w.note(t, "subject.erase", w.client.EraseSubject(t.Context(), "acme", p.id), 0) {
			return false
		}
		p.erased = true
		return true
	}
}

func (w *worker) create(t *testing.T) bool {
	w.serial++
	w.again = w.name + "." + strconv.Itoa(w.serial)
	id, err := w.client.CreateSubject(t.Context(), "acme", client.IdempotencyKey(w.again))
	if !w.note(t, "subject.create", err, 0) {
		return false
	}
	w.again = ""
	w.people = append(w.people, &person{id: id})
	return true
}

// repeat sends the creation again that was not answered, and once more: it happens once.
func (w *worker) repeat(t *testing.T) {
	t.Helper()
	if w.again == "" {
		return
	}
	once, err := w.client.CreateSubject(t.Context(), "acme", client.IdempotencyKey(w.again))
	if !w.note(t, "subject.create", err, 0) {
		return
	}
	twice, err := w.client.CreateSubject(t.Context(), "acme", client.IdempotencyKey(w.again))
	w.unsure["subject.create allow"]++ // whether a repetition is an entry is not the point
	if err != nil || twice != once {
		t.Errorf("%s: a creation repeated gives %s and %s: %v", w.name, once, twice, err)
	}
	w.again = ""
	w.people = append(w.people, &person{id: once})
}

func (p *person) target(purpose string) client.Target {
	return client.Target{Tenant: "acme", Subject: p.id, DataSet: "identity", Record: "main", Purpose: purpose}
}

func (w *worker) write(t *testing.T, p *person) bool {
	w.serial++
	p.next = fmt.Sprintf("%s.%d@example.com", w.name, w.serial)
	_, err := w.client.Put(t.Context(), p.target("account"), map[string]any{"first_name": "Amal", "email": p.next})
	if !w.note(t, "record.put", err, 0) {
		if client.Status(err) == 503 && !w.blind {
			p.next = "" // what was refused has changed nothing
		}
		return false
	}
	p.email, p.next = p.next, ""
	return true
}

func (w *worker) read(t *testing.T, p *person) bool {
	r, err := w.client.Get(t.Context(), p.target("account"))
	if p.email == "" && p.next == "" {
		return w.note(t, "record.read", err, 404)
	}
	if !w.note(t, "record.read", err, 0) {
		return false
	}
	if got := r.Fields.Text("email"); got != p.email {
		t.Errorf("%s reads %q, acknowledged was %q", w.name, got, p.email)
	}
	return true
}

// insights reads for a purpose that needs consent.
func (w *worker) insights(t *testing.T, p *person) bool {
	_, err := w.client.Get(t.Context(), p.target("insights"))
	switch {
	case !p.consent:
		return w.note(t, "record.read", err, 403)
	case p.email == "":
		return w.note(t, "record.read", err, 404)
	default:
		return w.note(t, "record.read", err, 0)
	}
}

func (w *worker) consent(t *testing.T, p *person) bool {
	kind := "consent.give"
	if p.consent {
		kind = "consent.withdraw"
	}
	p.fog.consent = true
	err := w.client.SetConsent(t.Context(), "acme", p.id, "insights", !p.consent)
	if !w.note(t, kind, err, 0) {
		p.fog.consent = client.Status(err) != 503 || w.blind
		return false
	}
	p.fog.consent, p.consent = false, !p.consent
	return true
}

func (w *worker) readErased(t *testing.T, p *person) bool {
	if !p.erased {
		return true // it was never answered: either will do
	}
	_, err := w.client.Get(t.Context(), p.target("account"))
	return w.note(t, "record.read", err, 404, 410)
}

// check reads back what a started server has of the newest people, and settles what was unsure.
func (w *worker) check(t *testing.T, s *child, newest int) {
	t.Helper()
	w.client = s.client(w.key)
	w.repeat(t)
	for _, p := range w.people[max(0, len(w.people)-newest):] {
		w.checkPerson(t, p)
	}
}

func (w *worker) checkPerson(t *testing.T, p *person) {
	t.Helper()
	r, err := w.client.Get(t.Context(), p.target("account"))
	gone := client.Status(err) == 404 || client.Status(err) == 410
	standing, failed := w.client.Standing(t.Context(), "acme", p.id)
	switch {
	case p.erased || p.fog.erased && failed != nil:
		if gone {
			w.note(t, "record.read", err, 404, 410)
			w.note(t, "standing.read", failed, 404, 410)
			p.erased = true
			return
		}
		t.Errorf("%s: the erased person %s: %v, %v: %+v", w.name, p.id, err, failed, r)
		return
	case !w.note(t, "standing.read", failed, 0):
		return
	}
	p.fog.erased = false
	given := strings.Join(standing.Consents, " ") == "insights"
	if given != p.consent && !p.fog.consent {
		t.Errorf("%s: the consent of %s is %v, acknowledged was %v", w.name, p.id, given, p.consent)
	}
	p.consent, p.fog.consent = given, false
	if p.email == "" && gone {
		w.note(t, "record.read", err, 404)
		p.next = ""
		return
	}
	if !w.note(t, "record.read", err, 0) {
		return
	}
	got := r.Fields.Text("email")
	if got == "" || got != p.email && got != p.next {
		t.Errorf("%s: %s has the email %q, acknowledged was %q, perhaps %q", w.name, p.id, got, p.email, p.next)
	}
	p.email, p.next = got, ""
}
