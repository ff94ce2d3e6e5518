package console_test

import (
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/internal/ledger/proof"
)

// What is downloaded of an entry proves itself, without the server.
func TestProof(t *testing.T) {
	s := open(t)
	p := s.staff("auditor")
	const at = "/console/en/at/_org/ledger/1"
	page := p.expect(p.get(at), http.StatusOK, "Checked: it is in the ledger.").Body
	entry, inclusion := p.expect(p.get(at+"/entry"), http.StatusOK), p.expect(p.get(at+"/proof"), http.StatusOK)
	if d := entry.Header.Get("Content-Disposition"); d != `attachment; filename="entry-_org-1.json"` {
		t.Errorf("sent as %s", d)
	}
	key := s.server.App.Ledger.VerifierKey("_org")
	if !strings.Contains(page, strings.ReplaceAll(key, "+", "&#43;")) {
		t.Error("the page does not show the log's key")
	}
	i, err := proof.ParseInclusion([]byte(inclusion.Body))
	if err != nil {
		t.Fatal(err)
	}
	c, err := i.Verify([]byte(entry.Body), key)
	if err != nil || i.Index != 1 || c.Size < 2 {
		t.Errorf("entry %d of %d: %v", i.Index, c.Size, err)
	}
	if _, err := i.Verify([]byte(entry.Body+" "), key); err == nil {
		t.Error("another entry verifies too")
	}
	signed := p.expect(p.get("/console/en/at/_org/ledger/checkpoint"), http.StatusOK).Body
	if _, err := proof.OpenCheckpoint([]byte(signed), key); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/-1", "/x", "/99999999", "/99999999999999999999"} {
		p.expect(p.get("/console/en/at/_org/ledger"+path), http.StatusNotFound)
	}
}

// A filter shows the entries that pass, and pages go on.
func TestLedgerFilter(t *testing.T) {
	s := open(t)
	p := s.staff("auditor")
	for range 30 {
		p.get("/console/en/owed")
	}
	a := p.expect(p.get("/console/en/at/_org/ledger?kind=board.owed"), http.StatusOK, "board.owed").Body
	if n := strings.Count(a, `<th scope="row">`); n != 25 {
		t.Errorf("%d entries on a page", n)
	}
	_, rest, _ := strings.Cut(a, `href="/console/en/at/_org/ledger?before=`)
	before, _, found := strings.Cut(rest, `&amp;kind=board.owed"`)
	if !found {
		t.Fatal("the next page is not linked")
	}
	b := p.expect(p.get("/console/en/at/_org/ledger?kind=board.owed&before="+before), http.StatusOK).Body
	if n := strings.Count(b, `<th scope="row">`); n != 5 {
		t.Errorf("%d entries on the second page", n)
	}
	for query, want := range map[string]int{
		"kind=board&actor=" + p.member.Member.ID: 25, "kind=boar": 0, "actor=nobody": 0, "kind=board.owed&answer=refuse": 0, "clause=none": 0,
	} {
		body := p.expect(p.get("/console/en/at/_org/ledger?"+query), http.StatusOK).Body
		if n := strings.Count(body, `<th scope="row">`); n != want {
			t.Errorf("%s: %d entries, want %d", query, n, want)
		}
	}
	p.expect(p.get("/console/en/at/_org/ledger?before=x"), http.StatusUnprocessableEntity)
	// What the address asks for is shown as text, and asks for nothing else.
	evil := p.expect(p.get(`/console/en/at/acme/ledger?kind=%22%3E%3Cscript%3Ealert(1)%3C/script%3E`), http.StatusOK).Body
	if strings.Contains(evil, "<script") {
		t.Error("a script stands in the page")
	}
}
