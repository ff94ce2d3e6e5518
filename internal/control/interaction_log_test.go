package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
)

func TestInteractionLogCheck(t *testing.T) {
	checks(t, []check{{name: "always", control: &control.InteractionLog{}}})
}
