package main

import (
	"slices"
	"testing"

	"clause.dev/clause/internal/app"
)

// The server is told of every listener that is asked for, so that its first probes wait for it.
func TestAskedForDoors(t *testing.T) {
	var c app.Config
	p, s, n := &people{People: "127.0.0.1:0", Tenant: "acme", Forward: "127.0.0.1:0"}, &staffDoor{Console: "127.0.0.1:0"}, &networks{Metrics: "127.0.0.1:0"}
	for _, config := range []func(*app.Config) error{p.config, s.config, n.config} {
		if err := config(&c); err != nil {
			t.Fatal(err)
		}
	}
	if err := shut(p.at, p.forward, s.at, n.at); err != nil {
		t.Error(err)
	}
	if want := []string{"--forward-auth", "--people", "--console", "--metrics"}; !slices.Equal(c.Networks.Doors, want) {
		t.Errorf("it is told of %q", c.Networks.Doors)
	}
}
