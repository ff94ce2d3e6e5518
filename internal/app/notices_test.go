package app

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

const changeClause = "clesaro-change-notice"

// A change is told to everybody, by mail and in the application, and takes effect when the promised time
// has passed since the last notice went out; until then a server starts with the old policy alone.
func TestAChangeTakesEffectOnceItsNoticeHasRun(t *testing.T) { companies(t, aChangeTakesEffect) }

func aChangeTakesEffect(c *company) {
	old, next := clesaro(c.T), moved(c.T, "2027-04-12")
	c.must(c.start(old))
	c.tenant()
	people := []string{c.person(), c.person(), c.person()}
	c.refused(c.start(next), "they have not been told: Privacy requests go to dpo@clesaro.example")
	c.must(c.start(old))
	if _, err := c.announced(moved(c.T, "2027-04-08")); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "cannot take effect before 2027-04-09") {
		c.Fatalf("announced a day too early: %v", err)
	}
	if v, err := c.announced(clesaro(c.T, "version: 2026-02-01", "version: again")); err != nil || v.State != notice.Free {
		c.Errorf("a change that is not material is %s, %v", v.State, err)
	}
	v, err := c.announced(next)
	c.must(err)
	if _, err := c.announced(next); !fault.Is(err, fault.Conflict) {
		c.Errorf("announced twice: %v", err)
	}
	clocks := c.clocks(v.ID)
	if len(clocks) != 1 || clocks[0].Duty.Clause != changeClause || !clocks[0].Due.After(c.now) {
		c.Fatalf("the clocks are %+v", clocks)
	}
	c.down = true
	c.work()
	v, p := c.version(v.ID)
	if !v.Told.IsZero() || p.People != 3 || p.Unreached != 3 {
		c.Errorf("while the mail server is down: told %v, %+v", v.Told, p)
	}
	c.refused(c.start(next), "has not gone out to all")
	c.must(c.start(old))
	c.on("2027-03-12 09:00:00")
	c.down = false
	c.work()
	if v, p = c.version(v.ID); v.Told.IsZero() || p.Unreached != 0 || v.First.Format(time.DateOnly) != "2027-04-12" {
		c.Errorf("once it is up: told %v, first %v, %+v", v.Told, v.First, p)
	}
	for _, person := range people {
		if c.mailed[person] != 1 {
			c.Errorf("%s was mailed %d times", person, c.mailed[person])
		}
	}
	if clocks = c.clocks(v.ID); clocks[0].State != obligation.Done || clocks[0].Late(c.now) {
		c.Errorf("the clock is %+v", clocks[0])
	}
	joined := c.person()
	c.now = c.now.Add(2 * time.Hour)
	c.work()
	if again, _ := c.version(v.ID); c.mailed[joined] != 1 || !again.Told.Equal(v.Told) {
		c.Errorf("who joined was mailed %d times; told moved from %v to %v", c.mailed[joined], v.Told, again.Told)
	}
	c.on("2027-04-11 19:59:00") // a minute before the day begins in Dubai
	c.refused(c.start(next), "cannot take effect before 2027-04-12")
	c.on("2027-04-11 20:01:00")
	c.must(c.start(next))
	all, err := c.app.notices(c.app.Vault).Versions(c.Context())
	c.must(err)
	if len(all) != 1 || all[0].ID != v.ID || all[0].State != notice.InForce || all[0].Since.IsZero() {
		c.Errorf("in force are %+v", all)
	}
	c.refused(c.start(old), "they have not been told") // the way back is a change, too
	c.must(c.start(next))
}

// The promised time begins when the last notice has gone out, whatever day the policy is dated.
func TestALateNoticeMovesTheDay(t *testing.T) { companies(t, aLateNotice) }

func aLateNotice(c *company) {
	next := moved(c.T, "2027-04-09")
	c.must(c.start(clesaro(c.T)))
	c.tenant()
	c.person()
	v, err := c.announced(next)
	c.must(err)
	c.down = true
	c.work()
	c.on("2027-03-14 09:00:00")
	c.down = false
	c.work()
	if late := c.clocks(v.ID)[0]; late.State != obligation.Done || !late.Late(c.now) {
		c.Errorf("the clock of a late notice is %+v", late)
	}
	c.on("2027-04-10 09:00:00")
	c.refused(c.start(next), "cannot take effect before 2027-04-13")
	c.on("2027-04-13 09:00:00")
	c.must(c.start(moved(c.T, "2027-04-13"))) // a later date is no other change
}

// Who cannot be reached holds nobody up for ever, is counted, and is tried again.
func TestSomebodyCannotBeReached(t *testing.T) { companies(t, somebodyCannotBeReached) }

func somebodyCannotBeReached(c *company) {
	c.must(c.start(clesaro(c.T)))
	c.tenant()
	lost := c.person()
	honest := c.app.Outbox.Reach
	c.app.Outbox.Reach = func(context.Context, string, string, notify.Channel) (notify.Address, error) {
		return notify.Address{}, nil
	}
	v, err := c.announced(moved(c.T, "2027-05-09"))
	c.must(err)
	c.work()
	v, p := c.version(v.ID)
	if v.Told.IsZero() || p.People != 1 || p.Unreached != 1 {
		c.Errorf("told %v, %+v", v.Told, p)
	}
	c.app.Outbox.Reach = honest
	c.now = c.now.Add(26 * time.Hour)
	c.work()
	if again, p := c.version(v.ID); c.mailed[lost] != 1 || p.Unreached != 0 || !again.Told.Equal(v.Told) {
		c.Errorf("with an address: mailed %d times, told %v, %+v", c.mailed[lost], again.Told, p)
	}
}

// In an emergency a policy takes effect at once: that is recorded, and breaks the promise of notice until
// everybody was told after all.
func TestWithoutNotice(t *testing.T) { companies(t, withoutNotice) }

func withoutNotice(c *company) {
	next := moved(c.T, "2027-03-10")
	c.must(c.start(clesaro(c.T)))
	c.tenant()
	person := c.person()
	c.WithoutNotice = true
	c.must(c.start(next))
	if s := c.clause(changeClause); s.State != evidence.Broken {
		c.Errorf("the clause is %s", s.State)
	}
	page, err := c.app.Ledger.Page(c.Context(), db.Organisation, "", 0, 20)
	c.must(err)
	if entries := fmt.Sprintf("%+v", page); !strings.Contains(entries, "policy.in-force") || !strings.Contains(entries, "without notice") {
		c.Errorf("the ledger does not say so: %s", entries)
	}
	c.down = true
	c.work()
	if s := c.clause(changeClause); s.State != evidence.Broken {
		c.Errorf("before anybody was told the clause is %s", s.State)
	}
	c.down = false
	c.now = c.now.Add(time.Hour)
	c.work()
	if s := c.clause(changeClause); s.State == evidence.Broken || c.mailed[person] != 1 {
		c.Errorf("once everybody was told, %d times, the clause is %s: %q", c.mailed[person], s.State, s.Reasons)
	}
	c.must(c.start(next)) // and stays so
	c.work()
	if c.mailed[person] != 1 {
		c.Errorf("told %d times", c.mailed[person])
	}
}

// Where nobody is concerned, or nobody was promised notice, a policy changes freely.
func TestFreeChanges(t *testing.T) { companies(t, freeChanges) }

func freeChanges(c *company) {
	const promise = "- change-notice: {ahead: 30 days, channels: [email, in-app]}"
	c.must(c.start(clesaro(c.T)))
	c.must(c.start(moved(c.T, "2027-03-10"))) // there is nobody yet
	silent := moved(c.T, "2027-03-10", promise, "- published: {what: changes}")
	c.must(c.start(silent))
	c.tenant()
	c.person()
	c.must(c.start(clesaro(c.T)))
	c.must(c.start(clesaro(c.T, "version: 2026-02-01", "version: again"))) // nothing material
}

// A purpose that grows voids the consents given to less, when the version takes effect and not before.
func TestConsentIsAskedAgain(t *testing.T) { companies(t, consentIsAskedAgain) }

func consentIsAskedAgain(c *company) {
	old := clesaro(c.T)
	next := moved(c.T, "2027-04-12", "identity: [first_name]\n      income: all\n      debts: [kind", "identity: [first_name, email]\n      income: all\n      debts: [kind")
	c.must(c.start(old))
	c.tenant()
	person := c.person()
	consent := func() {
		c.must(c.app.Vault.SetConsent(c.Context(), c.caller(vault.ScopeSubjects), "acme", person, "insights", true))
	}
	given := func() bool {
		st, err := c.app.Vault.Standing(c.Context(), c.caller(vault.ScopeSubjects), "acme", person)
		c.must(err)
		return len(st.Consents) == 1
	}
	consent()
	_, err := c.announced(next)
	c.must(err)
	c.work()
	if !given() {
		c.Error("the consent is void before the version takes effect")
	}
	c.on("2027-04-12 09:00:00")
	c.must(c.start(next))
	if given() {
		c.Error("a consent given to less counts for more")
	}
	consent()
	c.must(c.start(next))
	if !given() {
		c.Error("the consent given anew does not count")
	}
}

// An announcement that is cut off anywhere tells everybody once: ten thousand people, a batch at a time.
func TestTenThousandAreToldOnce(t *testing.T) { companies(t, tenThousand) }

func tenThousand(c *company) {
	const people = 10_000
	c.must(c.start(clesaro(c.T)))
	c.tenant()
	c.must(c.app.DB.Write(c.Context(), "acme", func(tx *db.Tx) error {
		for i := range people {
			if _, err := tx.Exec(`INSERT INTO subjects (tenant_id, subject_id, tenant_key_id, key_id, wrapped, sealed, created_at) VALUES ('acme', $1, '', '', $2, $2, 1)`,
				fmt.Sprintf("sub_%06d", i), []byte{1}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO holds (tenant_id, subject_id, hold_id, reason, fields, copy_id, placed_at, until_at) VALUES ('acme', 'gone', 'h', 'r', '[]', 'sub_000007', 1, 1)`)
		return err
	}))
	v, err := c.announced(moved(c.T, "2027-04-12"))
	c.must(err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	cuts := 0
	for limit := 100 * time.Millisecond; ; limit *= 2 {
		ctx, cancel := context.WithTimeout(c.Context(), limit)
		err := c.app.announce(ctx)
		cancel()
		if err == nil {
			break
		}
		if cuts++; cuts > 20 {
			c.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	c.Logf("%d people in %s, cut off %d times; the heap grew by %d KiB", people, time.Since(began), cuts, (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>10)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		c.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if cuts == 0 {
		c.Error("it was never cut off")
	}
	var messages, told, kept int
	c.must(c.app.DB.Read(c.Context(), "acme", func(tx *db.Tx) error {
		if err := tx.One(`SELECT COUNT(*), COUNT(DISTINCT subject_id) FROM outbox WHERE tenant_id = 'acme' AND event = $1`, []any{v.ID}, &messages, &told); err != nil {
			return err
		}
		return tx.One(`SELECT COUNT(*) FROM outbox WHERE tenant_id = 'acme' AND subject_id = 'sub_000007'`, nil, &kept)
	}))
	if messages != 2*(people-1) || told != people-1 || kept != 0 {
		c.Errorf("%d messages to %d people; %d to what was kept of somebody erased", messages, told, kept)
	}
}

// A version that is withdrawn is told to nobody more, and what another version overtakes is withdrawn.
func TestAVersionIsWithdrawn(t *testing.T) { companies(t, aVersionIsWithdrawn) }

func aVersionIsWithdrawn(c *company) {
	next := moved(c.T, "2027-04-12")
	c.must(c.start(clesaro(c.T)))
	c.tenant()
	person := c.person()
	v, err := c.announced(next)
	c.must(err)
	c.must(c.app.announce(c.Context()))
	c.must(c.app.notices(c.app.Vault).Withdraw(c.Context(), c.app.Operator(), v.ID))
	c.work()
	if c.mailed[person] != 0 {
		c.Error("a version that was withdrawn is told")
	}
	if clock := c.clocks(v.ID)[0]; clock.State != obligation.Void {
		c.Errorf("its clock is %s", clock.State)
	}
	c.on("2027-04-12 09:00:00")
	c.refused(c.start(next), "they have not been told")
}

// A promise of mail that no policy says how to send is found when a change is announced, not when it is broken.
func TestNobodyCanBeMailed(t *testing.T) { companies(t, nobodyCanBeMailed) }

func nobodyCanBeMailed(c *company) {
	const contacts = "contacts: {purpose: account, name: identity.first_name, email: identity.email}\n"
	c.must(c.start(clesaro(c.T, contacts, "")))
	c.tenant()
	c.person()
	if _, err := c.announced(moved(c.T, "2027-04-12")); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "does not say how they are reached") {
		c.Fatalf("announced to nobody: %v", err)
	}
	c.must(c.start(clesaro(c.T))) // contacts are no material change
	_, err := c.announced(moved(c.T, "2027-04-12"))
	c.must(err)
}
