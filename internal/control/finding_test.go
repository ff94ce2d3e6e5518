package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// Kept needs something that was seen, and nothing that was broken or in the way.
func TestFindingIsKeptLast(t *testing.T) {
	good, bad, odd := "it works.", "it leaks.", "it is locked."
	for _, row := range []struct {
		name  string
		trial trial
		want  Outcome
		says  string
	}{
		{"nothing", trial{}, Unable, "Could not be checked: the policy leaves nothing to try."},
		{"good", trial{saw: []string{good}}, Kept, "All is well."},
		{"good and odd", trial{saw: []string{good}, hurdles: []string{odd}}, Unable, "Could not be checked: it is locked."},
		{"all", trial{saw: []string{good}, hurdles: []string{odd}, breaches: []string{bad}}, Broken, bad},
	} {
		if got := row.trial.finding("All is well."); got.Outcome != row.want || got.Summary != row.says {
			t.Errorf("%s is %+v", row.name, got)
		}
	}
}

// What could not be tried is published with its reason, which names no address, no path and no query.
func TestHurdlesArePlain(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 5432}, Err: syscall.ECONNREFUSED}
	full := &fs.PathError{Op: "write", Path: "/var/lib/clause/x", Err: syscall.ENOSPC}
	for _, row := range []struct {
		err  error
		says string
	}{
		{errors.New("the answer is no list"), "the answer is no list"},
		{refused, "it does not answer"},
		{fault.As("db.Reach", fault.Unavailable, refused), "it does not answer"},
		{&url.Error{Op: "Get", URL: "https://10.1.2.3/", Err: context.DeadlineExceeded}, "it did not answer in time"},
		{fmt.Errorf("a record could not be read: %w", plain(refused)), "a record could not be read: it does not answer"},
		{full, "no space left on device"},
		{fault.As("app.backup", fault.Other, full), "no space left on device"},
		{fault.As("db.Read", fault.Other, errors.New("SELECT * FROM subjects: no such table")), "internal failure"},
		{fault.New("db.Knock", fault.Unavailable, "PostgreSQL cannot be reached"), "PostgreSQL cannot be reached"},
	} {
		var tr trial
		tr.hurdle("the store: %v", row.err)
		if tr.hurdles[0] != "the store: "+row.says || !errors.Is(plain(row.err), row.err) {
			t.Errorf("%v is said as %q, want %q", row.err, tr.hurdles[0], row.says)
		}
	}
}

func TestFactsAreBounded(t *testing.T) {
	var tr trial
	for i := range maxFacts + 10 {
		tr.good("fact %d", i)
		tr.good("the same")
	}
	facts := tr.finding("").Facts
	if len(facts) != maxFacts+1 || facts[maxFacts] != "and 11 more facts" || len(slices.Compact(facts)) != len(facts) {
		t.Errorf("%d facts, the last %q", len(facts), facts[len(facts)-1])
	}
}

// What is no answer to the question is neither for the promise nor against it.
func TestRefusalsAreTold(t *testing.T) {
	for _, row := range []struct {
		status         int
		err            error
		refuse, forbid Outcome
	}{
		{http.StatusOK, nil, Broken, Broken},
		{http.StatusNoContent, nil, Broken, Broken},
		{http.StatusForbidden, nil, Kept, Kept},
		{http.StatusNotFound, nil, Kept, Kept},
		{http.StatusGone, nil, Kept, Kept},
		{http.StatusBadRequest, nil, Kept, Unable},
		{http.StatusUnprocessableEntity, nil, Kept, Unable},
		{http.StatusUnauthorized, nil, Unable, Unable},
		{http.StatusTooManyRequests, nil, Unable, Unable},
		{http.StatusInternalServerError, nil, Unable, Unable},
		{http.StatusServiceUnavailable, nil, Unable, Unable},
		{http.StatusFound, nil, Unable, Unable},
		{0, errors.New("no route"), Unable, Unable},
	} {
		var refuse, forbid trial
		refuse.mustRefuse("Asking", answer{status: row.status}, row.err)
		forbid.mustForbid("Asking", answer{status: row.status}, row.err)
		if got := refuse.finding("").Outcome; got != row.refuse {
			t.Errorf("status %d, %v: must refuse is %s", row.status, row.err, got)
		}
		if got := forbid.finding("").Outcome; got != row.forbid {
			t.Errorf("status %d, %v: must forbid is %s", row.status, row.err, got)
		}
	}
}

// A fact names the clause that refused.
func TestAnswersNameTheClause(t *testing.T) {
	a := answer{status: 403, problem: api.Problem{Clause: "acme-consent"}}
	if got := fmt.Sprint(a); got != "status 403, by clause acme-consent" {
		t.Errorf("it says %q", got)
	}
}
