// Package inspect looks into forms for attacks before an application sees them: by Coraza, with the rules of the
// OWASP Core Rule Set.
//
// It looks at what forms send: the fields of a body that is a form, and those of a query. It never looks into JSON,
// where the rules cost so much that looking would be the attack; an API has its schema. What cannot hold an attack, a
// word or a number, is not put before the rules; nor are passwords, whose signs mean nothing. Coraza is given fields,
// and no bodies: it would write the parts of a form to files.
package inspect

import (
	"context"
	_ "embed"
	"net/http"
	"strings"
	"time"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"

	"clause.dev/clause/internal/fault"
)

//go:embed rules.conf
var rules string

// Inspector looks into forms. Safe for use by many at once.
type Inspector struct {
	waf   coraza.WAF
	turns chan struct{} // as many as may look at once: a flood of forms takes no more of the machine
}

// New returns an inspector that looks into so many forms at once.
func New(atOnce int) (*Inspector, error) {
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(coreruleset.FS).WithDirectives(rules))
	if err != nil {
		return nil, fault.New("inspect.New", fault.Other, "the rules cannot be read: %v", err)
	}
	return &Inspector{waf: waf, turns: make(chan struct{}, max(atOnce, 1))}, nil
}

// waits is how long a form may wait for its turn.
const waits = 5 * time.Second

// Attack says of what kind the attack is that fields of a request hold, "" if they hold none. It is TooLarge for more
// than the rules are shown, and Unavailable where there are too many forms.
func (i *Inspector) Attack(ctx context.Context, r *http.Request, fields []Field) (kind string, err error) {
	fields = suspects(fields)
	if len(fields) == 0 {
		return "", nil
	}
	if sizeOf(fields) > maxLooked {
		return "", fault.New("inspect.Attack", fault.TooLarge, "the form is too large")
	}
	ctx, cancel := context.WithTimeout(ctx, waits)
	defer cancel()
	select {
	case i.turns <- struct{}{}:
		defer func() { <-i.turns }()
	case <-ctx.Done():
		return "", fault.New("inspect.Attack", fault.Unavailable, "there are too many forms")
	}
	return i.look(r, fields)
}

func (i *Inspector) look(r *http.Request, fields []Field) (string, error) {
	tx := i.waf.NewTransaction()
	defer func() { _ = tx.Close() }()
	tx.ProcessConnection("192.0.2.1", 0, "192.0.2.2", 443) // where somebody comes from is no reason
	tx.ProcessURI(r.URL.EscapedPath(), r.Method, r.Proto)
	for _, name := range looked {
		if value := r.Header.Get(name); value != "" {
			tx.AddRequestHeader(name, value)
		}
	}
	for _, f := range fields {
		if f.Query {
			tx.AddGetRequestArgument(f.Name, f.Value)
		} else {
			tx.AddPostRequestArgument(f.Name, f.Value)
		}
	}
	tx.ProcessRequestHeaders()
	if _, err := tx.ProcessRequestBody(); err != nil {
		return "", fault.New("inspect.look", fault.Other, "the form cannot be looked into: %v", err)
	}
	if !tx.IsInterrupted() {
		return "", nil
	}
	return kindOf(tx.MatchedRules()), nil
}

// looked are the headers that the rules are shown: tools of attackers name themselves.
var looked = []string{"User-Agent", "Referer"}

// kindOf is what the first rule that matched is about, as the rule set tags it: sqli, xss.
func kindOf(matched []types.MatchedRule) string {
	for _, m := range matched {
		for _, tag := range m.Rule().Tags() {
			if kind, ok := strings.CutPrefix(tag, "attack-"); ok && kind != "generic" {
				return kind
			}
		}
	}
	return "other"
}
