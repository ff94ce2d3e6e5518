package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"clause.dev/clause/internal/policy"
)

// FurtherDocuments keeps clauses that name further documents.
type FurtherDocuments struct {
	Documents Documents `param:"documents" doc:"the documents, served as they were published"`
}

// Check finds a clause that names none.
func (c *FurtherDocuments) Check(*policy.Policy) error {
	if len(c.Documents) == 0 {
		return problem("documents", "documents", "it names no document")
	}
	return nil
}

// Plan asks for nothing: which documents the server holds itself, its operator says.
func (c *FurtherDocuments) Plan(*Plan) {}

// Probe reads each document where the policy says that it is, and compares it with the digest it was published with.
func (c *FurtherDocuments) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	for _, id := range c.Documents {
		d, ok := documentOf(s.Policy, id)
		switch {
		case !ok:
			t.hurdle("the policy declares no document %s.", id)
		case d.SHA256 == "":
			t.hurdle("the policy does not say the SHA-256 of %s, so that nobody can tell whether it is as it was published.", d.Title)
		default:
			c.compare(ctx, t, s, d)
		}
	}
	return t.finding("Each document is where the policy says, byte for byte as it was published.")
}

func (c *FurtherDocuments) compare(ctx context.Context, t *trial, s *System, d *policy.Document) {
	v, err := s.visit(ctx, d.URL)
	switch {
	case err != nil:
		t.hurdle("%s could not be read at %s: %v", d.Title, d.URL, err)
	case v.status != http.StatusOK:
		t.breach("%s is not served at %s: status %d.", d.Title, d.URL, v.status)
	case v.sum != d.SHA256:
		t.breach("%s is served at %s, and is not what was published: its SHA-256 is %s.", d.Title, d.URL, v.sum)
	default:
		t.good("%s is served at %s, with the SHA-256 that the policy says.", d.Title, d.URL)
	}
	a, err := s.door("").do(ctx, call{method: "GET", path: "/documents/" + d.ID})
	sum := sha256.Sum256(a.body)
	switch {
	case err == nil && a.status == http.StatusNotFound:
		t.note("%s is served at its own address only.", d.Title)
	case !t.mustShow("reading "+d.Title+" at the public door", a, err):
	case hex.EncodeToString(sum[:]) != d.SHA256:
		t.breach("%s is not what was published, as the public door serves it.", d.Title)
	default:
		t.good("The public door serves the same.")
	}
}

func documentOf(p *policy.Policy, id string) (*policy.Document, bool) {
	for i := range p.Documents {
		if p.Documents[i].ID == id {
			return &p.Documents[i], true
		}
	}
	return nil, false
}
