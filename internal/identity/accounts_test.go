package identity_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/identity/session"
)

// TestJoin: registered, mailed, verified, in, out, in again.
func TestJoin(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.register(ana, strong)
		if m := w.last("account-verify"); m.Language != "ar" || m.Subject == "" {
			t.Errorf("mailed: %+v", m)
		}
		_, err := w.signIn(ana, strong)
		w.refused(fault.Refused, err)
		if fault.ClauseOf(err) != "email-verification" {
			t.Errorf("refused by %q", fault.ClauseOf(err))
		}
		in, err := w.Verify(t.Context(), tenant, strings.ToLower(w.code("account-verify")), strong, place, session.Device{})
		w.must(err)
		if w.who(in.Token) == "" {
			t.Error("verified, and not signed in")
		}
		w.must(w.SignOut(t.Context(), tenant, in.Session))
		if w.who(in.Token) != "" {
			t.Error("signed out, and still in")
		}
		in, err = w.signIn(strings.ToUpper(ana), strong)
		w.must(err)
		if w.who(in.Token) != in.Session.Subject || in.Half {
			t.Errorf("%+v", in)
		}
		for _, secret := range []string{strong, in.Token} {
			if bytes.Contains(w.stored(), []byte(secret)) {
				t.Error("a secret is in the store")
			}
		}
		if g := w.people.given[in.Session.Subject]; g == nil || len(g.Consents) != 1 {
			t.Error("what was given did not reach the vault")
		}
	})
}

// TestNoOracle: what is answered to a stranger is the same whether an address has an account or not.
func TestNoOracle(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		_, known := w.signIn(ana, other)
		_, unknown := w.signIn("nobody@example.ae", other)
		if known == nil || unknown == nil || known.Error() != unknown.Error() || fault.KindOf(known) != fault.KindOf(unknown) {
			t.Errorf("%v\n%v", known, unknown)
		}
		began := len(w.mails)
		w.must(w.Recover(t.Context(), tenant, "nobody@example.ae", place))
		if len(w.mails) != began {
			t.Error("a mail to nobody")
		}
		w.must(w.Recover(t.Context(), tenant, ana, place))
		w.must(w.Register(t.Context(), tenant, registration(ana, other), place))
		w.last("account-exists")
		if _, err := w.signIn(ana, strong); err != nil {
			t.Errorf("registering again changed the password: %v", err)
		}
	})
}

// TestLevel: every refusal ends at a whole step of time, whatever was found on the way.
func TestLevel(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		for _, login := range []string{ana, "nobody@example.ae", "no address"} {
			began, waited := w.at, w.waited
			_, err := w.signIn(login, other)
			w.refused(fault.Unauthenticated, err)
			if spent := w.at.Sub(began) + w.waited - waited; spent < 250*time.Millisecond || spent > 251*time.Millisecond {
				t.Errorf("%s: %v", login, spent)
			}
		}
	})
}

// TestAge: nobody too young, and nothing is left of who was refused.
func TestAge(t *testing.T) {
	eachAccounts(t, func(w *world) {
		for born, want := range map[string]fault.Kind{
			"2008-03-03": fault.Refused, "2020-01-01": fault.Refused, "2008-03-02": 255, "1999-12-31": 255,
			"2027-01-01": fault.Invalid, "1800-01-01": fault.Invalid,
		} {
			r := registration("born-"+born+"@example.ae", strong)
			r.Born, _ = time.Parse(time.DateOnly, born)
			err := w.Register(t.Context(), tenant, r, "198.51.100."+born[8:])
			if want == 255 {
				w.must(err)
				continue
			}
			w.refused(want, err)
			if want == fault.Refused && fault.ClauseOf(err) != "children" {
				t.Errorf("refused by %q", fault.ClauseOf(err))
			}
			if s, err := w.people.Named(t.Context(), tenant, r.Login); err == nil {
				t.Errorf("%s is left", s)
			}
		}
		if n := bytes.Count(w.stored(), []byte("unverified")); n != 2 {
			t.Errorf("%d accounts", n)
		}
	})
}

// TestHijack: who registers an address ahead of its owner gets nothing from the owner's verifying it.
func TestHijack(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.register(ana, other) // the attacker
		attackers := w.code("account-verify")
		w.register(ana, strong) // the owner
		owners := w.code("account-verify")
		_, err := w.Verify(t.Context(), tenant, attackers, strong, place, session.Device{})
		w.refused(fault.Unauthenticated, err)
		_, err = w.Verify(t.Context(), tenant, owners, other, place, session.Device{})
		w.refused(fault.Unauthenticated, err)
		w.register(ana, other) // the attacker again; the owner then uses the newest code
		_, err = w.Verify(t.Context(), tenant, w.code("account-verify"), strong, place, session.Device{})
		w.refused(fault.Unauthenticated, err)
		if _, err := w.signIn(ana, other); err == nil {
			t.Error("the attacker is in")
		}
	})
}

// TestExpire: who does not verify is erased after a day, who does is not, who was there before keeps all.
func TestExpire(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		w.register("late@example.ae", strong)
		late := w.code("account-verify")
		there, err := w.people.Enrol(t.Context(), tenant)
		w.must(err)
		w.people.login["there@example.ae"] = there
		w.register("there@example.ae", strong)
		w.forward(23 * time.Hour)
		w.must(w.Tidy(t.Context(), w.now()))
		if len(w.people.erased) != 0 {
			t.Fatal("erased before their time")
		}
		w.forward(2 * time.Hour)
		w.must(w.Tidy(t.Context(), w.now()))
		if len(w.people.erased) != 1 || w.people.keys[there] == nil {
			t.Errorf("erased: %v", w.people.erased)
		}
		_, err = w.Verify(t.Context(), tenant, late, strong, place, session.Device{})
		w.refused(fault.Unauthenticated, err)
		if _, err := w.signIn(ana, strong); err != nil {
			t.Error(err)
		}
		w.must(w.Tidy(t.Context(), w.now())) // again: nothing fails
	})
}

// TestClaim: somebody whom the application made gets an account only by the code, and is not changed before.
func TestClaim(t *testing.T) {
	eachAccounts(t, func(w *world) {
		there, err := w.people.Enrol(t.Context(), tenant)
		w.must(err)
		w.people.login[ana] = there
		w.register(ana, strong)
		if w.people.given[there] != nil {
			t.Error("a stranger changed their data")
		}
		in, err := w.Verify(t.Context(), tenant, w.code("account-verify"), strong, place, session.Device{})
		w.must(err)
		if in.Session.Subject != there {
			t.Error("another person")
		}
	})
}

// TestFailedRegistration: what fails on the way leaves nobody behind.
func TestFailedRegistration(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.people.fail = fault.New("people.Fill", fault.Invalid, "the name is too long").WithField("fields.first_name")
		w.refused(fault.Invalid, w.Register(t.Context(), tenant, registration(ana, strong), place))
		w.people.fail = fault.New("people.Fill", fault.Conflict, "taken")
		w.must(w.Register(t.Context(), tenant, registration(ana, strong), place))
		if len(w.people.keys) != 0 {
			t.Errorf("left: %v", w.people.keys)
		}
		for i, secret := range []string{"", "short", "password1", "3ana@example.ae", strings.Repeat("x", 100)} {
			w.refused(fault.Invalid, w.Register(t.Context(), tenant, registration(fmt.Sprint(i, ana), secret), "203.0.113.9"))
		}
		if len(w.mails) != 0 || len(w.people.keys) != 0 {
			t.Error("a weak password left something")
		}
	})
}

// TestRecover: a mailed code replaces the password once, ends all sessions, and signs nobody in.
func TestRecover(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in := w.join(ana, strong)
		w.must(w.Recover(t.Context(), tenant, ana, place))
		code := w.code("account-recover")
		if bytes.Contains(w.stored(), []byte(code[9:])) {
			t.Error("the code is in the store")
		}
		w.refused(fault.Invalid, w.Reset(t.Context(), tenant, code, "password", place))
		w.must(w.Reset(t.Context(), tenant, code, other, place))
		w.last("account-password")
		if w.who(in.Token) != "" {
			t.Error("a session outlived the password")
		}
		w.refused(fault.Unauthenticated, w.Reset(t.Context(), tenant, code, strong, place))
		_, err := w.signIn(ana, strong)
		w.refused(fault.Unauthenticated, err)
		_, err = w.signIn(ana, other)
		w.must(err)
		w.must(w.Recover(t.Context(), tenant, ana, place))
		w.forward(31 * time.Minute)
		w.refused(fault.Unauthenticated, w.Reset(t.Context(), tenant, w.code("account-recover"), strong, place))
	})
}

// TestCodesAreNotGuessed: an id takes ten wrong secrets and no more; a verify code resets nothing.
func TestCodesAreNotGuessed(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		w.must(w.Recover(t.Context(), tenant, ana, place))
		code := w.code("account-recover")
		last := len(code) - 1
		for i, letter := range strings.ReplaceAll("0123456789A", code[last:], "")[:10] { // ten that it does not end with
			w.refused(fault.Unauthenticated, w.Reset(t.Context(), tenant, code[:last]+string(letter), other, fmt.Sprintf("203.0.%d.1", i)))
		}
		w.refused(fault.Unauthenticated, w.Reset(t.Context(), tenant, code, other, "198.51.100.1"))
		w.register("ben@example.ae", strong)
		w.refused(fault.Unauthenticated, w.Reset(t.Context(), tenant, w.code("account-verify"), other, "198.51.100.2"))
		_, err := w.Verify(t.Context(), "another", w.code("account-verify"), strong, "198.51.100.3", session.Device{})
		w.refused(fault.Unauthenticated, err)
	})
}

// TestMailBombs: however often somebody asks, few mails leave, and a code that arrived stays good.
func TestMailBombs(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		began := len(w.mails)
		for i := range 50 {
			_ = w.Recover(t.Context(), tenant, ana, fmt.Sprintf("203.0.%d.1", i))
		}
		if n := len(w.mails) - began; n < 1 || n > 3 {
			t.Errorf("%d mails", n)
		}
		w.must(w.Reset(t.Context(), tenant, w.code("account-recover"), other, place))
	})
}

// TestGuessing: a place, a name, and a name from a place are slowed down, and the owner is not locked out.
func TestGuessing(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		if _, err := w.signIn(ana, strong); err != nil {
			t.Fatal(err)
		}
		slowed := 0
		for i := range 60 { // from as many places, the owner's own network among them
			_, err := w.SignIn(t.Context(), tenant, ana, other, fmt.Sprintf("203.0.%d.1", i), session.Device{})
			if fault.Is(err, fault.TooMany) {
				slowed++
			} else {
				w.refused(fault.Unauthenticated, err)
			}
		}
		if slowed < 25 {
			t.Errorf("only %d of 60 guesses were slowed down", slowed)
		}
		if _, err := w.signIn(ana, strong); err != nil {
			t.Errorf("the owner is locked out: %v", err)
		}
		for range 10 {
			_, _ = w.signIn(ana, other)
		}
		_, err := w.signIn(ana, strong)
		w.refused(fault.TooMany, err)
		w.forward(time.Minute)
		if _, err := w.signIn(ana, strong); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}

// TestNamesAreCountedAlike: a name without an account is slowed down as one with.
func TestNamesAreCountedAlike(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		w.forward(time.Hour)
		count := func(login, from string) (slowed int) {
			for range 10 {
				if _, err := w.SignIn(t.Context(), tenant, login, other, from, session.Device{}); fault.Is(err, fault.TooMany) {
					slowed++
				}
			}
			return slowed
		}
		if a, b := count(ana, "198.51.100.1"), count("nobody@example.ae", "203.0.113.1"); a != b || a == 0 {
			t.Errorf("slowed down %d and %d times", a, b)
		}
	})
}

// TestUpgrade: a hash below the policy's cost is made anew when its owner signs in.
func TestUpgrade(t *testing.T) {
	eachAccounts(t, func(w *world) {
		w.join(ana, strong)
		w.Hasher = password.NewHasher(password.Rule{Algorithm: password.Argon2id, Cost: 2}, 1)
		if _, err := w.signIn(ana, strong); err != nil {
			t.Fatal(err)
		}
		for hash := range w.hashes() {
			if made, ok := password.Of(hash); !ok || made.Algorithm != password.Argon2id {
				t.Errorf("stored: %v", made)
			}
		}
		if _, err := w.signIn(ana, strong); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) hashes() map[string]bool {
	all := map[string]bool{}
	w.must(w.PasswordHashes(w.Context(), tenant, func(hash string) error {
		all[hash] = true
		return nil
	}))
	if len(all) == 0 {
		w.Fatal("no hashes")
	}
	return all
}

// TestChangePassword: needs the old one, keeps this session, ends the others.
func TestChangePassword(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in := w.join(ana, strong)
		elsewhere, err := w.signIn(ana, strong)
		w.must(err)
		w.refused(fault.Refused, w.ChangePassword(t.Context(), tenant, in.Session, other, other))
		w.refused(fault.Invalid, w.ChangePassword(t.Context(), tenant, in.Session, strong, "12345678"))
		w.must(w.ChangePassword(t.Context(), tenant, in.Session, strong, other))
		if w.who(in.Token) == "" || w.who(elsewhere.Token) != "" {
			t.Error("the wrong sessions ended")
		}
		_, err = w.signIn(ana, other)
		w.must(err)
	})
}

// TestSessions: listed, ended one by one, and nobody ends another's.
func TestSessionsOfAPerson(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in := w.join(ana, strong)
		elsewhere, err := w.signIn(ana, strong)
		w.must(err)
		ben := w.join("ben@example.ae", other)
		all, err := w.List(t.Context(), tenant, in.Session)
		w.must(err)
		if len(all) != 2 {
			t.Fatalf("listed: %v", all)
		}
		w.refused(fault.NotFound, w.EndSession(t.Context(), tenant, ben.Session, elsewhere.Session.ID))
		w.must(w.EndSession(t.Context(), tenant, in.Session, elsewhere.Session.ID))
		if w.who(elsewhere.Token) != "" {
			t.Error("ended, and still in")
		}
	})
}

// TestErased: an erased person's account opens nothing.
func TestErased(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in := w.join(ana, strong)
		w.must(w.people.Erase(t.Context(), tenant, in.Session.Subject))
		_, err := w.signIn(ana, strong)
		w.refused(fault.Unauthenticated, err)
		w.must(w.Recover(t.Context(), tenant, ana, place))
		w.must(w.DB.Write(t.Context(), tenant, func(tx *db.Tx) error { return w.Sessions.EndAll(tx, in.Session.Subject) }))
	})
}
