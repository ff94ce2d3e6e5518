package retention

import (
	"bytes"
	_ "embed"
	"html/template"
	"maps"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

//go:embed page.html
var pageSource string

// count is a line of what was removed.
type count struct {
	Label string
	N     int64
}

// Page is a signed document as a page for people.
func Page(document []byte) ([]byte, error) {
	const op = "retention.Page"
	c, err := proof.ParseCertificate(document)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	t, err := template.New("page").Parse(pageSource)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		proof.Certificate
		What   string
		Counts []count
	}{c, what(&c), counts(&c)})
	return out.Bytes(), fault.As(op, fault.Other, err)
}

func what(c *proof.Certificate) string {
	if c.Kind == proof.OfTenant {
		return "all data of the customer " + proof.TenantOf(c.Log)
	}
	return "all data of one person"
}

// counts are the lines of what was removed, in words.
func counts(c *proof.Certificate) (all []count) {
	for _, label := range slices.Sorted(maps.Keys(c.Removed)) {
		words := label
		if set, ok := strings.CutPrefix(label, "records."); ok {
			words = "records of " + set
		}
		if system, ok := strings.CutPrefix(label, outsideLabel); ok {
			words = outsideWords(system)
		}
		all = append(all, count{words, c.Removed[label]})
	}
	return all
}

// outsideWords says what a number of another system counts.
func outsideWords(system string) string {
	if id, ok := strings.CutSuffix(system, notKnown); ok {
		return "people whose id in the system " + id + " was not known, and whom it may hold"
	}
	if id, ok := strings.CutSuffix(system, settledLabel); ok {
		return "parts of the system " + id + " that staff saw to"
	}
	return "rows in the system " + system
}
