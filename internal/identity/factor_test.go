package identity_test

import (
	"encoding/base32"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/session"
)

// TestSecondFactor: set up, asked for, never taken twice, recovered from, removed.
func TestSecondFactor(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in := w.join(ana, strong)
		older, err := w.signIn(ana, strong)
		w.must(err)
		_, err = w.OfferTOTP(t.Context(), tenant, in.Session, other)
		w.refused(fault.Refused, err)
		secret, err := w.OfferTOTP(t.Context(), tenant, in.Session, strong)
		w.must(err)
		app := func() string {
			code, err := totp.GenerateCode(base32.StdEncoding.EncodeToString(secret[:]), w.at)
			w.must(err)
			return code
		}
		if again, _ := w.signIn(ana, strong); again.Half {
			t.Error("asked for before it was confirmed")
		}
		recovery, err := w.ConfirmTOTP(t.Context(), tenant, in.Session, app())
		w.must(err)
		if w.who(older.Token) != "" || w.who(in.Token) == "" {
			t.Error("the sessions that end are the others")
		}
		w.last("account-second-factor")

		half, err := w.signIn(ana, strong)
		w.must(err)
		if !half.Half || w.who(half.Token) != "" {
			t.Fatal("the password alone signs in")
		}
		_, err = w.SignInSecond(t.Context(), tenant, half.Token, app(), session.Device{}) // the code that confirmed it
		w.refused(fault.Unauthenticated, err)
		w.forward(31 * time.Second)
		code := app()
		whole, err := w.SignInSecond(t.Context(), tenant, half.Token, code, session.Device{})
		w.must(err)
		if w.who(whole.Token) == "" || whole.Session.Strong.IsZero() {
			t.Error("not in")
		}
		_, err = w.SignInSecond(t.Context(), tenant, half.Token, recovery[0], session.Device{})
		w.refused(fault.Unauthenticated, err)
		half, err = w.signIn(ana, strong)
		w.must(err)
		_, err = w.SignInSecond(t.Context(), tenant, half.Token, code, session.Device{})
		w.refused(fault.Unauthenticated, err) // replayed
		_, err = w.SignInSecond(t.Context(), tenant, half.Token, recovery[0], session.Device{})
		w.must(err)
		if f, _ := w.Factors(t.Context(), tenant, whole.Session); !f.TOTP || f.Recovery != len(recovery)-1 {
			t.Errorf("%+v", f)
		}
		w.must(w.Recover(t.Context(), tenant, ana, place)) // the mail box alone is not enough
		w.must(w.Reset(t.Context(), tenant, w.code("account-recover"), other, place))
		half, err = w.signIn(ana, other)
		w.must(err)
		if !half.Half {
			t.Error("recovery by mail went around the second factor")
		}
		w.forward(10 * time.Minute)
		half, _ = w.signIn(ana, other)
		whole, err = w.SignInSecond(t.Context(), tenant, half.Token, app(), session.Device{})
		w.must(err)
		w.refused(fault.Invalid, w.DropTOTP(t.Context(), tenant, whole.Session, "000000"))
		w.must(w.DropTOTP(t.Context(), tenant, whole.Session, recovery[1]))
		if in, err := w.signIn(ana, other); err != nil || in.Half {
			t.Errorf("removed, and asked for: %v", err)
		}
	})
}

// TestSecondFactorIsNotGuessed: a few wrong codes, then a minute for each.
func TestSecondFactorIsNotGuessed(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in := w.join(ana, strong)
		secret, err := w.OfferTOTP(t.Context(), tenant, in.Session, strong)
		w.must(err)
		code, err := totp.GenerateCode(base32.StdEncoding.EncodeToString(secret[:]), w.at)
		w.must(err)
		_, err = w.ConfirmTOTP(t.Context(), tenant, in.Session, code)
		w.must(err)
		half, err := w.signIn(ana, strong)
		w.must(err)
		tried := 0
		for range 100 {
			if _, err := w.SignInSecond(t.Context(), tenant, half.Token, "000000", session.Device{}); fault.Is(err, fault.Unauthenticated) {
				tried++
			}
		}
		if tried > 5 {
			t.Errorf("%d codes were tried in a moment", tried)
		}
	})
}

// TestOneCodeOnceAtOnce: the same code at the same moment signs in once.
func TestOneCodeOnceAtOnce(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in := w.join(ana, strong)
		secret, err := w.OfferTOTP(t.Context(), tenant, in.Session, strong)
		w.must(err)
		code, err := totp.GenerateCode(base32.StdEncoding.EncodeToString(secret[:]), w.at)
		w.must(err)
		recovery, err := w.ConfirmTOTP(t.Context(), tenant, in.Session, code)
		w.must(err)
		var halves []identity.SignedIn
		for range 4 {
			half, err := w.signIn(ana, strong)
			w.must(err)
			halves = append(halves, half)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		let := 0
		for _, half := range halves {
			all.Go(func() {
				if _, err := w.SignInSecond(t.Context(), tenant, half.Token, recovery[3], session.Device{}); err == nil {
					mu.Lock()
					defer mu.Unlock()
					let++
				}
			})
		}
		all.Wait()
		if let != 1 {
			t.Errorf("one recovery code signed in %d times", let)
		}
	})
}
