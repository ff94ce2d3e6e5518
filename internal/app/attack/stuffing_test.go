package attack_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/identity/session"
)

// TestStuffing: stolen names and passwords are tried two hundred times a second, each name once and from a place of
// its own, which no count of names or places sees. Who signed in before from where they are still gets in at once,
// data is still read, and few of the passwords are even looked at.
func TestStuffing(t *testing.T) {
	t.Parallel()
	s := open(t, stage{})
	s.join(ana)
	a := s.server.App
	if code := s.signIn(); code != http.StatusSeeOther {
		t.Fatalf("signing in is answered %d", code)
	}
	a.Accounts.Hasher = password.NewHasher(password.Rule{Algorithm: password.Bcrypt, Cost: 10}, 1)
	client := s.server.Client(t, s.server.Application(t, []string{tenant}, api.ScopeData, api.ScopeSubjects))
	const attempts, lasting = 600, 3 * time.Second
	var all sync.WaitGroup
	var mu sync.Mutex
	answered := map[fault.Kind]int{}
	stop := make(chan struct{})
	all.Go(func() {
		tick := time.NewTicker(lasting / attempts)
		defer tick.Stop()
		for i := range attempts {
			<-tick.C
			all.Go(func() {
				name, place := fmt.Sprintf("stolen%d@example.ae", i), fmt.Sprintf("198.%d.%d.7", 18+i%2, i%250)
				_, err := a.Accounts.SignIn(t.Context(), tenant, name, "the password of another site", place, session.Device{})
				mu.Lock()
				defer mu.Unlock()
				answered[fault.KindOf(err)]++
			})
		}
		close(stop)
	})
	var waits []time.Duration
	for flood := true; flood; {
		began := time.Now()
		if code := s.signIn(); code != http.StatusSeeOther {
			t.Errorf("in the flood the owner is answered %d", code)
		}
		waits = append(waits, time.Since(began))
		if _, err := client.CreateSubject(t.Context(), tenant); err != nil {
			t.Errorf("in the flood the interface answers %v", err)
		}
		select {
		case <-stop:
			flood = false
		case <-time.After(250 * time.Millisecond):
		}
	}
	all.Wait()
	if answered[fault.TooMany] < attempts/2 || answered[fault.TooMany]+answered[fault.Unauthenticated] != attempts {
		t.Errorf("the attempts were answered %v", answered)
	}
	t.Logf("the attempts were answered %v; the owner waited %s at most", answered, slices.Max(waits))
}

// signIn signs ana in from where she always is, and returns the status.
func (s *scene) signIn() int {
	s.Helper()
	return s.post(s.browser(), "/account/en/sign-in", url.Values{"login": {ana}, "password": {secret}})
}
