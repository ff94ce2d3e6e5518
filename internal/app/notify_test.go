package app_test

import (
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/notify/notifytest"
)

// desk is a server with a mail server, a tenant and a person in it.
type desk struct {
	*testing.T
	*apptest.Server
	mail   *notifytest.Sink
	client *client.Client
	person string
}

func newDesk(t *testing.T, o apptest.Options) *desk {
	t.Helper()
	d := &desk{T: t, mail: notifytest.Listen(t, true)}
	o.Notify = app.Notify{
		Mail:  notify.Mail{URL: "smtps://" + d.mail.At, From: "Clesaro <privacy@clesaro.example>", Roots: d.mail.Roots},
		Staff: notify.Staff{"*": {Email: []string{"staff@clesaro.example"}}},
	}
	d.Server = apptest.Start(t, o)
	if _, err := d.Client(t, d.Application(t, nil, "admin")).CreateTenant(t.Context(), newTenant("acme")); err != nil {
		t.Fatal(err)
	}
	d.client = d.Client(t, d.Application(t, []string{"acme"}, "data", "subjects", "duties", "audit"))
	var err error
	if d.person, err = d.client.CreateSubject(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	at := client.Target{Tenant: "acme", Subject: d.person, DataSet: "identity", Record: "main", Purpose: "account"}
	if _, err := d.client.Put(t.Context(), at, map[string]any{"first_name": "Amal", "email": "amal@example.com"}); err != nil {
		t.Fatal(err)
	}
	return d
}

// tell enqueues messages to the person, and sends what is due.
func (d *desk) tell(event string, by ...notify.Channel) {
	d.Helper()
	err := d.App.DB.Write(d.Context(), "acme", func(tx *db.Tx) error {
		for _, channel := range by {
			m := notify.Message{Event: event, Channel: channel, Subject: d.person, Template: "request-received", Details: map[string]string{"request": "req_1", "right": "access"}}
			if err := notify.Enqueue(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		d.Fatal(err)
	}
	d.send()
}

// send sends what is due; the server's own duty may have taken it first, so it waits for what is leased.
func (d *desk) send() {
	d.Helper()
	if _, err := d.App.Outbox.Run(d.Context(), d.Clock.Now()); err != nil {
		d.Fatal(err)
	}
	for range 3000 {
		if d.count(`state = 'waiting' AND tries > 0`) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	d.Fatal("a message stays on its way")
}

func (d *desk) count(where string) (n int64) {
	d.Helper()
	if err := d.App.DB.Get(d.Context(), "acme", `SELECT COUNT(*) FROM outbox WHERE tenant_id = $1 AND `+where, []any{"acme"}, &n); err != nil {
		d.Fatal(err)
	}
	return n
}

func TestPeopleAndStaffAreTold(t *testing.T) { engines(t, peopleAndStaffAreTold) }

func peopleAndStaffAreTold(t *testing.T, o apptest.Options) {
	d := newDesk(t, o)
	d.tell("req_1:received", notify.Email, notify.InApp)
	got := d.mail.Took()
	if len(got) != 1 || got[0].To[0] != "amal@example.com" || !strings.Contains(got[0].Body, "Dear Amal,") {
		t.Fatalf("sent %+v", got)
	}
	standing, err := d.client.Standing(t.Context(), "acme", d.person)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for e, err := range d.client.Entries(t.Context(), "acme") {
		if err != nil {
			t.Fatal(err)
		}
		if e.Actor == "clause" && e.Subject == standing.Alias {
			kinds[e.Kind]++
		}
		if strings.Contains(e.Kind, "message") && (e.Detail["event"] != "req_1:received" || e.Detail["template"] != "request-received") {
			t.Errorf("the ledger has %+v", e)
		}
	}
	if kinds["record.list"] != 1 || kinds["message.sent"] != 2 {
		t.Errorf("the person's ledger has %v: want the read of the address, and two messages", kinds)
	}
	var inbox []api.Message
	for m, err := range d.client.Messages(t.Context(), "acme", d.person, "ar") {
		if err != nil {
			t.Fatal(err)
		}
		inbox = append(inbox, m)
	}
	if len(inbox) != 1 || inbox[0].Language != "ar" || inbox[0].Seen != nil {
		t.Fatalf("the inbox has %+v", inbox)
	}
	if seen, err := d.client.MarkSeen(t.Context(), "acme", d.person, inbox[0].ID); err != nil || seen.Seen == nil {
		t.Errorf("%+v, %v", seen, err)
	}
	stranger := d.Client(t, d.Application(t, []string{"acme"}, "data"))
	if _, err := stranger.ListMessages(t.Context(), "acme", d.person, "", "", 10); err == nil {
		t.Error("an application without the scope reads messages")
	}

	clocks, err := d.client.OpenClocks(t.Context(), "acme", contact, "mail-1")
	if err != nil {
		t.Fatal(err)
	}
	d.Clock.Move(clocks[0].Due.Sub(d.Clock.Now()) + time.Minute)
	for range 2 { // told once, however often it is looked at
		if _, err := d.App.Clocks.RunDue(t.Context(), d.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		d.send()
	}
	got = d.mail.Took()
	if len(got) != 2 || got[1].To[0] != "staff@clesaro.example" || !strings.Contains(got[1].Body, clocks[0].ID) || strings.Contains(got[1].Body, d.person) {
		t.Errorf("sent %+v", got)
	}
}

// The vault decides, whoever asks: to a person whose data is restricted nothing is sent. Who is erased
// takes along what was to be told to them.
func TestMessagesFollowThePerson(t *testing.T) { engines(t, messagesFollowThePerson) }

func messagesFollowThePerson(t *testing.T, o apptest.Options) {
	d := newDesk(t, o)
	if err := d.client.SetRestriction(t.Context(), "acme", d.person, true); err != nil {
		t.Fatal(err)
	}
	d.tell("req_1:received", notify.Email)
	if d.count(`state = 'failed' AND outcome = 'refused-by-policy'`) != 1 || len(d.mail.Took()) != 0 {
		t.Errorf("sent %+v", d.mail.Took())
	}
	if err := d.client.SetRestriction(t.Context(), "acme", d.person, false); err != nil {
		t.Fatal(err)
	}
	d.tell("req_2:received", notify.Email, notify.InApp)
	if len(d.mail.Took()) != 1 || d.count(`1 = 1`) != 3 {
		t.Errorf("sent %+v", d.mail.Took())
	}
	if err := d.client.EraseSubject(t.Context(), "acme", d.person); err != nil {
		t.Fatal(err)
	}
	if err := d.App.Vault.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := d.count(`1 = 1`); n != 0 {
		t.Errorf("%d messages outlive the person", n)
	}
	d.tell("req_3:received", notify.Email, notify.InApp) // by somebody who does not know yet
	if n := d.count(`1 = 1`); n != 0 || len(d.mail.Took()) != 1 {
		t.Errorf("%d messages name the person, %d were sent", n, len(d.mail.Took()))
	}
}
