package app

import (
	"testing"
	"time"
)

// The first probes wait for each listener that was asked for: one that is not served yet would not be looked at.
func TestProbesAwaitTheDoors(t *testing.T) {
	for _, late := range []string{frontDoor, peopleDoor, forwardDoor, consoleDoor, metricsDoor} {
		a := &App{}
		for _, flag := range []string{frontDoor, peopleDoor, forwardDoor, consoleDoor, metricsDoor} {
			if flag != frontDoor {
				a.Networks.Doors = append(a.Networks.Doors, flag)
			}
			if flag != late {
				a.listeners.add(&listener{flag: flag})
			}
		}
		done := make(chan struct{})
		go func() {
			a.awaitDoors(t.Context())
			close(done)
		}()
		select {
		case <-done:
			t.Errorf("%s is not waited for", late)
		case <-time.After(100 * time.Millisecond):
		}
		a.listeners.add(&listener{flag: late})
		began := time.Now()
		if <-done; time.Since(began) >= doorsWithin/2 {
			t.Errorf("once %s is served, it is waited for %s more", late, time.Since(began))
		}
	}
}
