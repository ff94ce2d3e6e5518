package identity

import (
	"fmt"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

const (
	owner = "ana@example.ae"
	home  = "192.0.2.7"
)

// TestAFloodForgetsWhatMattersLeast: names made up by the hundred thousand throw out neither where people signed in
// before nor what a guesser has used up, and do not fill the memory.
func TestAFloodForgetsWhatMattersLeast(t *testing.T) {
	var g guard
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if _, err := g.signIn(now, "acme", owner, home); err != nil {
		t.Fatal(err)
	}
	g.signedIn(now, "acme", owner, home)
	places := 0
	guess := func() error { // each from another place
		places++
		_, err := g.signIn(now, "acme", "ben@example.ae", fmt.Sprintf("10.%d.%d.9", places>>8, places&255))
		return err
	}
	for range ofName.burst {
		if err := guess(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 * (maxGood + maxOthers) {
		g.allow(now, ofName, "name", "acme", fmt.Sprint("made up ", i))
		if i%1000 == 0 {
			if err := guess(); !fault.Is(err, fault.TooMany) {
				t.Fatalf("after %d names guessing at one begins anew: %v", i, err)
			}
		}
	}
	if known, err := g.signIn(now, "acme", owner, home); !known || err != nil {
		t.Errorf("after the flood the owner is not known at home: %v", err)
	}
	if n := len(g.known); n != g.good.Len()+g.others.Len() || g.good.Len() > maxGood || g.others.Len() > maxOthers {
		t.Errorf("%d are kept: %d good, %d others", n, g.good.Len(), g.others.Len())
	}
}

// TestGuardForgets: what was not used for a day is gone, what was used is not.
func TestGuardForgets(t *testing.T) {
	var g guard
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, place := range []string{home, "198.51.100.9"} {
		if _, err := g.signIn(now, "acme", owner, place); err != nil {
			t.Fatal(err)
		}
		g.signedIn(now, "acme", owner, place)
	}
	at := func(place string) bool {
		known, err := g.signIn(now, "acme", owner, place)
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	now = now.Add(20 * time.Hour)
	if !at(home) {
		t.Error("forgotten within the day")
	}
	now = now.Add(5 * time.Hour)
	if !at(home) || at("198.51.100.9") {
		t.Error("a place counts for a day after it was used last")
	}
}

// TestGoodPlacesAreBounded: whoever signs in from ever new places makes room for nobody but themselves.
func TestGoodPlacesAreBounded(t *testing.T) {
	var g guard
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i := range maxGood + 10 {
		g.signedIn(now, "acme", owner, fmt.Sprintf("%d.%d.%d.7", 10+i>>16, i>>8&255, i&255))
	}
	if g.good.Len() != maxGood || len(g.known) != maxGood {
		t.Errorf("%d good places, %d known", g.good.Len(), len(g.known))
	}
}
