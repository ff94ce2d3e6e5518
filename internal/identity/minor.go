package identity

import (
	"context"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

// ofReport is how often somebody from a place reports people.
var ofReport = pace{5, 10 * time.Minute}

// Report has report note something of whoever has a log-in name, said by somebody who is not signed in. The
// answer, and how long it takes, is the same if nobody has that name.
func (a *Accounts) Report(ctx context.Context, tenant, login, source string, report func(ctx context.Context, subject string) error) error {
	const op = "identity.Report"
	began := a.Now()
	if !a.guard.allow(began, ofReport, "report", session.Near(source)) {
		return fault.Wrap(op, fault.New(op, fault.TooMany, "there were too many attempts").WithHint("wait a while, or write to us"))
	}
	defer a.level(ctx, began)
	subject, err := a.People.Named(ctx, tenant, login)
	if err == nil {
		err = report(ctx, subject)
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) || fault.Is(err, fault.Invalid) {
		err = nil // it is nobody's, or they went in this moment
	}
	return fault.Wrap(op, err)
}
