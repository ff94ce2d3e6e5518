package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
)

func TestTenantIsolationCheck(t *testing.T) {
	checks(t, []check{{name: "always", control: &control.TenantIsolation{}}})
}

func TestTenantIsolationPlan(t *testing.T) {
	refuses(t, keep("tenant-isolation", nil), func(_ *decision.Rules, q *decision.Request) { q.Owner = "b" })
}
