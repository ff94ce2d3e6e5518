package control

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// ProductScope keeps clauses that say which products the policy covers.
type ProductScope struct {
	Products Products `param:"products" doc:"the products, each of which serves this version of the policy"`
}

// Check finds a clause that names none.
func (c *ProductScope) Check(*policy.Policy) error {
	if len(c.Products) == 0 {
		return problem("product-scope", "products", "it names no product")
	}
	return nil
}

// Plan asks for nothing: the products are other servers, which hand on what this one says.
func (c *ProductScope) Plan(*Plan) {}

// identityPath is where a server, and each product that its policy covers, says which policy it keeps.
const identityPath = "/.well-known/clause.json"

// Probe asks each product which policy it serves.
func (c *ProductScope) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	for _, p := range s.Policy.Products {
		switch {
		case !slices.Contains(c.Products, p.ID):
			t.note("%s is a product that this clause does not name.", p.Title)
		case p.URL == "":
			t.hurdle("the policy does not say where %s is served: it needs url.", p.Title)
		default:
			c.ask(ctx, t, s, p)
		}
	}
	return t.finding("Each product serves version " + s.Policy.Version + " of the policy.")
}

func (c *ProductScope) ask(ctx context.Context, t *trial, s *System, p policy.Product) {
	v, err := s.visit(ctx, strings.TrimSuffix(p.URL, "/")+identityPath)
	var whose struct {
		Version string `json:"policy_version"`
		Digest  string `json:"policy_sha256"`
	}
	switch {
	case err != nil:
		t.hurdle("%s could not be asked which policy it serves: %v", p.Title, err)
	case v.status != http.StatusOK:
		t.breach("%s serves no policy: %s answers with status %d.", p.Title, identityPath, v.status)
	case json.Unmarshal(v.body, &whose) != nil || whose.Digest == "":
		t.breach("%s serves no policy: %s does not say which.", p.Title, identityPath)
	case whose.Digest != s.Policy.Digest || whose.Version != s.Policy.Version:
		t.breach("%s serves another policy: version %s.", p.Title, cut(whose.Version, 100))
	default:
		t.good("%s serves version %s, with the SHA-256 of this policy.", p.Title, whose.Version)
	}
}

// cut bounds what somebody else's server says of itself.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
