package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestDocumentsCheck(t *testing.T) {
	checks(t, []check{
		{name: "one", control: &control.FurtherDocuments{Documents: control.Documents{"terms"}}},
		{name: "none", control: &control.FurtherDocuments{}, param: "documents", finds: []string{"names no document"}},
	})
}

// A document without a digest, or one that cannot be reached, proves nothing.
func TestDocumentsThatCannotBeCompared(t *testing.T) {
	p := small()
	p.Documents = []policy.Document{{ID: "terms", Title: "Terms", URL: "https://small.example/terms"}, {ID: "guide", Title: "Guide", URL: "https://small.example/guide", SHA256: "00"}}
	for _, id := range []string{"terms", "guide", "nothing"} {
		c := &control.FurtherDocuments{Documents: control.Documents{id}}
		if got := c.Probe(t.Context(), &control.System{Policy: p}); got.Outcome != control.Unable {
			t.Errorf("%s: %s, %s", id, got.Outcome, got.Summary)
		}
	}
}

func documentsSabotages() []sabotage {
	const terms = "https://clarus.example/terms-of-use"
	return []sabotage{
		{name: "other terms", says: "Terms of use is served at " + terms + ", and is not what was published", system: elsewhereIs(terms, 200, "# Terms of use\n\nYou agree to everything.\n")},
		{name: "no terms", says: "Terms of use is not served at " + terms + ": status 404", system: elsewhereIs(terms, 404, "gone")},
		{name: "a login before them", says: "Terms of use is served at " + terms + ", and is not what was published", system: elsewhereIs(terms, 200, "<html>Please sign in")},
		{name: "the public door's copy is another", says: "is not what was published, as the public door serves it", front: editing("/documents/security-overview", "AES-256-GCM", "encryption")},
	}
}
