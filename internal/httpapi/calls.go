package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/vault"
)

// What the calls of most desks are: something is made, moved on by a step, shown, listed or removed. Each is one call
// into the domain.

// patience is how long a step may take that goes through a tenant's whole ledger, or through its people.
const patience = 10 * time.Minute

// tenant is that of the address, the organisation where it names none.
func (x *exchange) tenant() string { return cmp.Or(x.PathValue("tenant"), db.Organisation) }

// answered tells what a call came to.
func answered[T any](x *exchange, status int, out T, err error) error {
	if err != nil {
		return err
	}
	return x.answer(status, out)
}

// item returns the id of what the address is of: its last wildcard.
func (op *operation) item() func(*exchange) string {
	names := wildcards(op.path)
	last := names[len(names)-1]
	return func(x *exchange) string { return x.PathValue(last) }
}

// taking registers what is told more in a body.
func taking[In, Out any](r *routes, op operation, do func(c vault.Caller, x *exchange, in In) (Out, error)) {
	r.private(op, func(c vault.Caller, x *exchange) error {
		in, err := decode[In](x)
		if err != nil {
			return err
		}
		if op.patient {
			x.patient(patience)
		}
		out, err := do(c, x, in)
		return answered(x, cmp.Or(op.status, http.StatusOK), out, err)
	})
}

// making registers what makes something.
func making[In, Out any](r *routes, op operation, do func(ctx context.Context, c vault.Caller, tenant string, in In) (Out, error)) {
	op.status = http.StatusCreated
	taking(r, op, func(c vault.Caller, x *exchange, in In) (Out, error) { return do(x.Context(), c, x.tenant(), in) })
}

// moving registers a step of one thing.
func moving[In, Out any](r *routes, op operation, do func(ctx context.Context, c vault.Caller, tenant, id string, in In) (Out, error)) {
	item := op.item()
	taking(r, op, func(c vault.Caller, x *exchange, in In) (Out, error) {
		return do(x.Context(), c, x.tenant(), item(x), in)
	})
}

// showing registers what shows one thing; a step of it, of which there is no more to tell, if it is a POST.
func showing[Out any](r *routes, op operation, do func(ctx context.Context, c vault.Caller, tenant, id string) (Out, error)) {
	item := op.item()
	r.private(op, func(c vault.Caller, x *exchange) error {
		if op.method == http.MethodPost {
			if err := x.nothing(); err != nil {
				return err
			}
		}
		out, err := do(x.Context(), c, x.tenant(), item(x))
		return answered(x, http.StatusOK, out, err)
	})
}

// listing registers what shows a page of things.
func listing[One any](r *routes, op operation, do func(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]One, string, error), wrap func([]One, string) any) {
	op.query = []parameter{cursorQuery, limitQuery}
	r.private(op, func(c vault.Caller, x *exchange) error {
		cursor, limit, err := x.page()
		if err != nil {
			return err
		}
		all, next, err := do(x.Context(), c, x.tenant(), cursor, limit)
		if err != nil {
			return err
		}
		return x.answer(http.StatusOK, wrap(all, next))
	})
}

// removing registers what removes a drill.
func removing(r *routes, op operation, do func(ctx context.Context, c vault.Caller, tenant, id string) error) {
	item := op.item()
	op.status = http.StatusNoContent
	r.private(op, func(c vault.Caller, x *exchange) error {
		if err := do(x.Context(), c, x.tenant(), item(x)); err != nil {
			return err
		}
		return x.done()
	})
}
