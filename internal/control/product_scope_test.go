package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestProductScopeCheck(t *testing.T) {
	checks(t, []check{
		{name: "one", control: &control.ProductScope{Products: control.Products{"app"}}},
		{name: "none", control: &control.ProductScope{}, param: "products", finds: []string{"names no product"}},
	})
}

// A product that cannot be asked proves nothing, and a way that is not encrypted is not gone.
func TestProductsThatCannotBeAsked(t *testing.T) {
	p := small()
	p.Products = []policy.Product{{ID: "app", Title: "App", URL: "https://app.example"}, {ID: "desk", Title: "Desk"}}
	for _, id := range []string{"app", "desk"} {
		c := &control.ProductScope{Products: control.Products{id}}
		if got := c.Probe(t.Context(), &control.System{Policy: p}); got.Outcome != control.Unable {
			t.Errorf("%s: %s, %s", id, got.Outcome, got.Summary)
		}
	}
}

func productScopeSabotages() []sabotage {
	const charm = "https://charm.clarus.example/.well-known/clause.json"
	return []sabotage{
		{name: "a product with the policy of last year", says: "CHARM serves another policy: version 2025-01-15", system: elsewhereIs(charm, 200, `{"policy_version": "2025-01-15", "policy_sha256": "00"}`)},
		{name: "a product that names the version of another text", says: "CHARM serves another policy: version 2026-01-15", system: elsewhereIs(charm, 200, `{"policy_version": "2026-01-15", "policy_sha256": "00"}`)},
		{name: "a product that serves no policy", says: "CHARM serves no policy: /.well-known/clause.json answers with status 404", system: elsewhereIs(charm, 404, "not found")},
		{name: "a product whose every page is its start page", says: "CHARM serves no policy: /.well-known/clause.json does not say which", system: elsewhereIs(charm, 200, "<html>Welcome")},
	}
}
