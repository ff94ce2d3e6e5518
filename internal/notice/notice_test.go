package notice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
)

// Whoever newly receives data is announced, gets nothing until the time is over, and nothing of who opted out.
func TestANewRecipient(t *testing.T) { firms(t, aNewRecipient) }

func aNewRecipient(f *firm) {
	f.must(f.start(source))
	f.tenant()
	wary, easy := f.person(true), f.person(true)
	f.must(f.disclose(wary, "carrier"))
	f.wants(f.start(next("2027-04-12")), fault.Refused, "they have not been told")
	f.must(f.start(source))
	_, err := f.desk(f.app).Announce(f.Context(), f.app.Operator(), []byte(next("2027-04-08")), false)
	f.wants(err, fault.Invalid, "cannot take effect before 2027-04-09")
	v, err := f.desk(f.app).Announce(f.Context(), f.app.Operator(), []byte(next("2027-04-12")), false)
	f.must(err)
	if !slices.Equal(v.Recipients, []string{"lender"}) || len(v.Promises) != 1 || v.Promises[0].Control != notice.Disclosing {
		f.Fatalf("announced %+v", v)
	}
	f.work()
	f.work()
	for _, person := range []string{wary, easy} {
		if said := f.mailed[person]; len(said) != 1 || !strings.Contains(said[0], "Lender") || !strings.Contains(said[0], "12 April 2027") || !strings.Contains(said[0], "privacy@acme.example") {
			f.Errorf("mailed %q", said)
		}
	}
	f.wants(f.disclose(easy, "lender"), fault.Refused, "")
	f.wants(f.desk(f.app).OptOut(f.Context(), f.caller(), "acme", wary, "broker", true), fault.NotFound, "no such recipient")
	f.must(f.desk(f.app).OptOut(f.Context(), f.caller(), "acme", wary, "lender", true))
	f.on("2027-04-11")
	f.wants(f.start(next("2027-04-12")), fault.Refused, "cannot take effect before 2027-04-12")
	f.on("2027-04-12")
	f.must(f.start(next("2027-04-12")))
	f.must(f.disclose(easy, "lender"))
	f.wants(f.disclose(wary, "lender"), fault.Refused, "opted out")
	f.must(f.disclose(wary, "carrier"))
	f.on("2029-04-12")
	f.wants(f.disclose(wary, "lender"), fault.Refused, "opted out")
}

// In an emergency a policy takes effect at once: what it newly discloses is refused all the same, until
// everybody was told and the time since is over. What was disclosed before goes on.
func TestWithoutNoticeNothingNewIsDisclosed(t *testing.T) { firms(t, withoutNotice) }

func withoutNotice(f *firm) {
	f.must(f.start(source))
	f.tenant()
	person := f.person(true)
	f.must(f.startWith(next("2027-03-10"), true))
	f.must(f.disclose(person, "carrier"))
	f.wants(f.disclose(person, "lender"), fault.Refused, "long enough ahead")
	f.down = true
	f.work()
	f.on("2027-03-12")
	f.wants(f.disclose(person, "lender"), fault.Refused, "long enough ahead")
	f.must(f.start(strings.Replace(next("2027-03-10"), "version: next", "version: typo", 1))) // nothing material
	f.down = false
	f.work()
	f.now = f.now.Add(2 * time.Hour) // what waited for the mail server is tried again
	f.work()
	if len(f.mailed[person]) != 1 {
		f.Fatalf("mailed %q", f.mailed[person])
	}
	f.on("2027-04-10")
	f.wants(f.disclose(person, "lender"), fault.Refused, "long enough ahead")
	f.on("2027-04-11")
	f.must(f.disclose(person, "lender"))
}

// A recipient that goes and comes back is new: people were told of it long ago, and told then that it went.
func TestARecipientComesBack(t *testing.T) { firms(t, comesBack) }

func comesBack(f *firm) {
	f.must(f.start(next("2027-01-01")))
	f.tenant()
	person := f.person(true)
	f.must(f.disclose(person, "lender"))
	f.must(f.start(source))
	f.wants(f.start(next("2027-03-10")), fault.Refused, "they have not been told")
	f.must(f.startWith(next("2027-03-10"), true))
	f.wants(f.disclose(person, "lender"), fault.Refused, "long enough ahead")
}

// Nobody can opt out where no clause offers it, and everybody can take back that they did.
func TestNoOptOut(t *testing.T) { firms(t, noOptOut) }

func noOptOut(f *firm) {
	f.must(f.start(source))
	f.tenant()
	person := f.person(true)
	f.must(f.desk(f.app).OptOut(f.Context(), f.caller(), "acme", person, "carrier", true))
	f.must(f.start(strings.Replace(source, ", opt-out: true", "", 1)))
	f.wants(f.desk(f.app).OptOut(f.Context(), f.caller(), "acme", person, "carrier", true), fault.Conflict, "no clause")
	f.wants(f.disclose(person, "carrier"), fault.Refused, "opted out")
	f.must(f.desk(f.app).OptOut(f.Context(), f.caller(), "acme", person, "carrier", false))
	f.must(f.disclose(person, "carrier"))
}

// Two servers of one store that announce at once, and then tell everybody at once, do each once.
func TestTwoServersAnnounceAtOnce(t *testing.T) { firms(t, twoServers) }

func twoServers(f *firm) {
	const people = 700
	f.must(f.start(source))
	f.tenant()
	f.must(f.app.DB.Write(f.Context(), "acme", func(tx *db.Tx) error {
		for i := range people {
			if _, err := tx.Exec(`INSERT INTO subjects (tenant_id, subject_id, tenant_key_id, key_id, wrapped, sealed, created_at) VALUES ('acme', $1, '', '', $2, $2, 1)`,
				fmt.Sprintf("sub_%06d", i), []byte{1}); err != nil {
				return err
			}
		}
		return nil
	}))
	servers := []*app.App{f.app, f.app}
	if f.config.Store != "" {
		other, err := f.open(source, false)
		f.must(err)
		f.Cleanup(func() { f.must(other.Close()) })
		servers[1] = other
	}
	at := func(do func(a *app.App) error) (errs [2]error) {
		var both sync.WaitGroup
		for i, a := range servers {
			both.Go(func() { errs[i] = do(a) })
		}
		both.Wait()
		return errs
	}
	ids := make(chan string, 2)
	errs := at(func(a *app.App) error {
		v, err := f.desk(a).Announce(f.Context(), a.Operator(), []byte(next("2027-05-01")), false)
		if err == nil {
			ids <- v.ID
		}
		return err
	})
	if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs[:]...), fault.Conflict) {
		f.Fatalf("announced at once: %v", errs)
	}
	id := <-ids
	if errs = at(func(a *app.App) error { return f.desk(a).RunDue(f.Context(), f.now) }); errors.Join(errs[:]...) != nil {
		f.Fatal(errs)
	}
	if n, who := f.count(`SELECT COUNT(*) FROM outbox WHERE tenant_id = 'acme' AND event = $1`, id), f.count(`SELECT COUNT(DISTINCT subject_id) FROM outbox WHERE tenant_id = 'acme' AND event = $1`, id); n != 2*people || who != people {
		f.Errorf("%d messages to %d people", n, who)
	}
	f.must(f.app.DB.Write(f.Context(), "acme", func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE outbox SET state = $1, next_at = 0, ended_at = $2 WHERE tenant_id = 'acme'`, notify.Sent, f.now.UnixMicro())
		return err
	}))
	if errs = at(func(a *app.App) error { return f.desk(a).RunDue(f.Context(), f.now) }); errors.Join(errs[:]...) != nil {
		f.Fatal(errs)
	}
	kinds := f.entries(db.Organisation)
	if kinds["policy.announced"] != 1 || kinds["policy.told"] != 1 || kinds["clock.opened"] != 1 || kinds["clock.discharged"] != 1 {
		f.Errorf("the ledger tells of %v", kinds)
	}
}

// An announcement that is cut off goes on where it stood, and tells nobody twice.
func TestCutOff(t *testing.T) { firms(t, cutOff) }

func cutOff(f *firm) {
	f.must(f.start(source))
	f.tenant()
	for range 5 {
		f.person(true)
	}
	v, err := f.desk(f.app).Announce(f.Context(), f.app.Operator(), []byte(next("2027-05-01")), false)
	f.must(err)
	for i := range 40 {
		ctx, cancel := context.WithTimeout(f.Context(), time.Duration(i)*200*time.Microsecond)
		_ = f.desk(f.app).RunDue(ctx, f.now) // cut off somewhere; what it left is counted below
		cancel()
	}
	f.work()
	if n := f.count(`SELECT COUNT(*) FROM outbox WHERE tenant_id = 'acme' AND event = $1`, v.ID); n != 10 || len(f.mailed) != 5 {
		f.Errorf("%d messages, %d people were mailed", n, len(f.mailed))
	}
	for person, said := range f.mailed {
		if len(said) != 1 {
			f.Errorf("%s was mailed %d times", person, len(said))
		}
	}
}

// Who does not consent to electronic notice gets one letter; who does can ask for one, which has a clock.
func TestOnPaper(t *testing.T) { firms(t, onPaper) }

func onPaper(f *firm) {
	f.must(f.start(source))
	f.tenant()
	willing, never, changed, leaving := f.person(true), f.person(false), f.person(true), f.person(true)
	v, err := f.desk(f.app).Announce(f.Context(), f.app.Operator(), []byte(next("2027-05-01")), false)
	f.must(err)
	f.down = true
	f.work()
	f.must(f.app.Vault.SetElectronicNotice(f.Context(), f.caller(), "acme", changed, false)) // while the mail waits
	f.down = false
	f.now = f.now.Add(2 * time.Hour)
	f.work()
	letters := func(person string) int {
		return f.count(`SELECT COUNT(*) FROM outbox WHERE tenant_id = 'acme' AND channel = 'letter' AND subject_id = $1`, person)
	}
	for person, want := range map[string][2]int{willing: {1, 0}, never: {0, 1}, changed: {0, 1}} {
		if got := [2]int{len(f.mailed[person]), letters(person)}; got != want {
			f.Errorf("mails and letters are %v, not %v", got, want)
		}
	}
	desk := f.desk(f.app)
	_, err = desk.Write(f.Context(), f.caller(), "acme", willing, "inc_none")
	f.wants(err, fault.NotFound, "no such notice")
	w, err := desk.Write(f.Context(), f.caller(), "acme", willing, "")
	f.must(err)
	again, err := desk.Write(f.Context(), f.caller(), "acme", willing, v.ID)
	f.must(err)
	if w.About != v.ID || again.ID != w.ID || len(w.Clocks) != 1 || w.Clocks[0].Due.Format(time.DateOnly) != "2027-03-18" || letters(willing) != 1 {
		f.Fatalf("asked for %+v, again %+v, %d letters", w, again, letters(willing))
	}
	f.must(f.app.DB.Write(f.Context(), "acme", func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE outbox SET state = $2 WHERE tenant_id = 'acme' AND event = $1`, w.ID, notify.Printed)
		return err
	}))
	letter := f.text(`SELECT message_id FROM outbox WHERE tenant_id = 'acme' AND event = $1`, w.ID)
	_, err = f.app.Outbox.Posted(f.Context(), "acme", letter, "app_1")
	f.must(err)
	all, err := desk.WrittenOf(f.Context(), f.caller(), "acme", willing)
	f.must(err)
	if len(all) != 1 || all[0].Posted.IsZero() || all[0].Clocks[0].State != obligation.Done || all[0].Clocks[0].Late(f.now) {
		f.Errorf("once posted %+v", all)
	}
	if w, err = desk.Write(f.Context(), f.caller(), "acme", willing, ""); err != nil || w.ID == again.ID {
		f.Errorf("a letter that was lost cannot be asked for again: %+v, %v", w, err)
	}
	w, err = desk.Write(f.Context(), f.caller(), "acme", leaving, "")
	f.must(err)
	f.must(f.app.Vault.EraseSubject(f.Context(), f.caller(), "acme", leaving))
	f.must(f.app.Vault.Sweep(f.Context()))
	clocks, err := f.app.Clocks.About(f.Context(), "acme", w.ID)
	f.must(err)
	if len(clocks) != 1 || clocks[0].State != obligation.Void || f.count(`SELECT COUNT(*) FROM written_notices WHERE tenant_id = 'acme' AND subject_id = $1`, leaving) != 0 {
		f.Errorf("what is owed to somebody erased: %+v", clocks)
	}
	_, err = desk.Write(f.Context(), f.caller(), "acme", leaving, "")
	f.wants(err, fault.NotFound, "")
	stranger := f.caller()
	stranger.Credential.Tenants = []string{"other"}
	_, err = desk.Write(f.Context(), stranger, "acme", willing, "")
	f.wants(err, fault.Refused, "")
}
