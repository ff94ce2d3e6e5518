package app_test

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest"
)

// The canaries' door is found under its name alone, which differs at each start.
func TestCanaryPeople(t *testing.T) {
	s := apptest.Start(t, apptest.Options{})
	sys := s.System()
	host := sys.People.Host
	other := "x" + host[1:]
	if other == host {
		other = "y" + host[1:]
	}
	for name, want := range map[string]int{
		host: http.StatusOK, strings.TrimPrefix(s.Door.URL, "https://"): http.StatusNotFound, "canary.invalid": http.StatusNotFound,
		host + ".": http.StatusNotFound, other: http.StatusNotFound, host[1:]: http.StatusNotFound, host + ":443": http.StatusNotFound,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Door.URL+"/account/en/register", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = name
		a, err := sys.HTTP.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != want {
			t.Errorf("%q answers %d, not %d", name, a.StatusCode, want)
		}
	}
	if next := apptest.Start(t, apptest.Options{}).System().People.Host; next == host || len(host) < 26 {
		t.Errorf("the name %q can be guessed", host)
	}
}

// A policy by which nobody can sign in has no such door, and its probes say that they were unable.
func TestCanaryPeopleOfNobody(t *testing.T) {
	source, err := os.ReadFile(apptest.Root(t, "examples/clear/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	source = bytes.Replace(source, []byte("type: email, unique: true"), []byte("type: email, find: true"), 1)
	s := apptest.Start(t, apptest.Options{Policy: source})
	if s.App.Accounts != nil || s.System().People != nil {
		t.Error("people can sign in without an address that is one person's alone")
	}
}
