package incident_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/notify/notifytest"
	"clause.dev/clause/internal/vault"
)

// mailed runs a test on each engine, with a mail server.
func mailed(t *testing.T, run func(w *world, s *notifytest.Sink)) {
	with := func(t *testing.T, o apptest.Options) {
		s := notifytest.Listen(t, true)
		o.Notify = app.Notify{Mail: notify.Mail{URL: "smtps://" + s.At, From: "Clesaro <privacy@clesaro.example>", Roots: s.Roots}}
		run(start(t, o, "clesaro"), s)
	}
	t.Run("sqlite", func(t *testing.T) { with(t, apptest.Options{}) })
	t.Run("postgres", func(t *testing.T) {
		c := dbtest.Postgres(t)
		with(t, apptest.Options{Store: c.URL, Migrate: c.Migrate})
	})
}

// send has the server send what is due, and the desk look who was reached.
func (w *world) send(after time.Duration) {
	w.Helper()
	w.Clock.Move(after)
	_, err := w.App.Outbox.Run(w.Context(), w.now())
	w.must(err)
	leased := 1
	for range 3000 { // the server's own duty may be at it
		w.must(w.App.DB.Get(w.Context(), tenant, `SELECT COUNT(*) FROM outbox WHERE tenant_id = $1 AND state = 'waiting' AND tries > 0 AND outcome = ''`, []any{tenant}, &leased))
		if leased == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if leased != 0 {
		w.Fatal("a message stays on its way")
	}
	w.must(w.desk().Run(w.Context(), w.now()))
}

// told has a breach of everybody's told to them, up to the messages in the outbox.
func (w *world) told(began time.Time) api.Incident {
	w.Helper()
	in := w.suspect(began, w.now().Add(time.Second))
	for _, step := range []string{"aware", "high", "people"} {
		var err error
		in, err = w.step(in.ID, step, 0)
		w.must(err)
	}
	return in
}

func (w *world) incident(id string) api.Incident {
	w.Helper()
	in, err := w.officer.Incident(w.Context(), tenant, id)
	w.must(err)
	return in
}

// live are the people's clocks that run.
func (w *world) live(in api.Incident) (all []api.Clock) {
	for _, c := range in.Clocks {
		if c.Kind == "breach.people" && c.State == "running" {
			all = append(all, c)
		}
	}
	return all
}

func (w *world) missed(id string) (all []api.UnreachedPerson) {
	w.Helper()
	for p, err := range w.officer.Unreached(w.Context(), tenant, id) {
		w.must(err)
		all = append(all, p)
	}
	return all
}

// messageID is the Message-ID of the newest mail to a mailbox.
func messageID(t *testing.T, s *notifytest.Sink, mailbox string) (id string) {
	t.Helper()
	for _, m := range s.Took() {
		if m.To[0] == mailbox {
			msg, err := mail.ReadMessage(strings.NewReader(m.Body))
			if err != nil {
				t.Fatal(err)
			}
			id = msg.Header.Get("Message-Id")
		}
	}
	return id
}

// Everybody was told, it seemed, until a mail came back. The clock runs anew until that person is reached
// otherwise, and nothing can be closed before; whatever comes back after that is noted, and opens nothing.
func TestANoticeComesBack(t *testing.T) { mailed(t, aNoticeComesBack) }

func aNoticeComesBack(w *world, s *notifytest.Sink) {
	ctx, began := w.Context(), w.now()
	lost, fine := w.customer("zaynab@example.com"), w.customer("amal@example.com")
	w.read(lost)
	w.read(fine)
	in := w.told(began)
	w.send(2 * time.Minute)
	in = w.incident(in.ID)
	if in.People.Reached != 2 || len(w.live(in)) != 0 || len(w.missed(in.ID)) != 0 {
		w.Fatalf("reached are %+v, the clocks %+v", in.People, in.Clocks)
	}

	mx := w.Client(w.T, w.Application(w.T, nil, vault.ScopeBounces))
	bounce := api.Bounce{Message: messageID(w.T, s, "zaynab@example.com"), Status: "5.1.1"}
	_, err := w.officer.NoteBounce(ctx, bounce)
	w.refused("a bounce without the scope", err, 403)
	for i := range 2 {
		noted, err := mx.NoteBounce(ctx, bounce)
		w.must(err)
		w.must0(noted == (i == 0), "a bounce is noted once")
	}
	_, err = mx.Incident(ctx, tenant, in.ID)
	w.refused("a mail server that reads incidents", err, 403)
	in = w.incident(in.ID)
	running := w.live(in)
	if in.People.Reached != 1 || len(running) != 1 || !running[0].Due.Equal(running[0].Opened.Add(72*time.Hour)) || !running[0].Opened.After(began.Add(2*time.Minute)) || running[0].Late {
		w.Errorf("after the bounce %+v, the clocks %+v", in.People, in.Clocks)
	}
	missed := w.missed(in.ID)
	want := []api.MessageWay{{Channel: "email", State: "failed", Reason: "bounced-5.1.1"}, {Channel: "in-app", State: "sent"}}
	if len(missed) != 1 || missed[0].Subject != lost || len(missed[0].Ways) != 2 || missed[0].Ways[0] != want[0] || missed[0].Ways[1] != want[1] {
		w.Errorf("not reached are %+v", missed)
	}
	_, err = w.officer.TellAuthority(ctx, tenant, in.ID, api.AuthorityTold{Receipt: "dpa-1"})
	w.must(err)
	_, err = w.officer.CloseIncident(ctx, tenant, in.ID, api.Closing{})
	w.refused("closing while somebody was not told", err, 409)

	for m, err := range w.app.Messages(ctx, tenant, lost, "") {
		w.must(err)
		_, err = w.app.MarkSeen(ctx, tenant, lost, m.ID)
		w.must(err)
	}
	w.send(2 * time.Minute)
	in = w.incident(in.ID)
	if in.People.Reached != 2 || len(w.live(in)) != 0 || len(w.missed(in.ID)) != 0 {
		w.Errorf("seen in the application: %+v, %+v", in.People, in.Clocks)
	}
	_, err = w.officer.CloseIncident(ctx, tenant, in.ID, api.Closing{})
	w.must(err)
	noted, err := mx.NoteBounce(ctx, api.Bounce{Message: messageID(w.T, s, "amal@example.com"), Status: "5.2.1"})
	w.must(err)
	if in = w.incident(in.ID); !noted || in.State != "closed" || len(w.live(in)) != 0 || len(w.missed(in.ID)) != 1 {
		w.Errorf("after the end: %t, %+v", noted, in)
	}
}

// A risk that is found to be none voids what ran anew, and a public communication stands for those whom
// nothing reaches.
func TestWhatEndsAnewClock(t *testing.T) {
	for name, end := range map[string]func(w *world, id string) error{
		"no risk": func(w *world, id string) error {
			_, err := w.officer.AssessBreach(w.Context(), tenant, id, weighed("none"))
			return err
		},
		"told in public": func(w *world, id string) error {
			_, err := w.officer.TellPeople(w.Context(), tenant, id, api.PeopleTold{Public: "gazette-1"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := notifytest.Listen(t, true)
			w := start(t, apptest.Options{Notify: app.Notify{Mail: notify.Mail{URL: "smtps://" + s.At, From: "privacy@clesaro.example", Roots: s.Roots}}}, "clesaro")
			began := w.now()
			w.read(w.customer("zaynab@example.com"))
			in := w.told(began)
			w.send(2 * time.Minute)
			mx := w.Client(t, w.Application(t, nil, vault.ScopeBounces))
			_, err := mx.NoteBounce(t.Context(), api.Bounce{Message: messageID(t, s, "zaynab@example.com"), Status: "5.1.1"})
			w.must(err)
			w.must0(len(w.live(w.incident(in.ID))) == 1, "the clock does not run anew")
			w.must(end(w, in.ID))
			w.must0(len(w.live(w.incident(in.ID))) == 0, "the clock runs on")
		})
	}
}

// A mail server that is down for a day while people are told of a breach: the clocks run on, everybody is
// told once when it is back, and the clock ends then.
func TestDownForADay(t *testing.T) { mailed(t, downForADay) }

func downForADay(w *world, s *notifytest.Sink) {
	began := w.now()
	const people = 20
	for i := range people {
		w.read(w.customer("p" + string(rune('a'+i)) + "@example.com"))
	}
	down := true
	s.Rcpt = func(string) error {
		if down {
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "closing"}
		}
		return nil
	}
	in := w.told(began)
	for range 24 {
		w.send(time.Hour)
	}
	in = w.incident(in.ID)
	if in.People.Reached != 0 || len(w.live(in)) != 1 || len(w.missed(in.ID)) != people || len(s.Took()) != 0 {
		w.Errorf("after a day %+v, %d mails", in.People, len(s.Took()))
	}
	down = false
	for range 3 {
		w.send(time.Hour)
	}
	in = w.incident(in.ID)
	if in.People.Reached != people || len(w.live(in)) != 0 || len(s.Took()) != people {
		w.Errorf("after it is back %+v, %d mails", in.People, len(s.Took()))
	}
	known := map[string]bool{}
	for _, m := range s.Took() {
		known[m.To[0]] = true
	}
	w.must0(len(known) == people, "somebody was told twice, and somebody not")
}
