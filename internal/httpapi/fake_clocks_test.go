package httpapi

import (
	"context"
	"time"

	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// clerk stands for the desk of duties.
type clerk struct{ f *fake }

func (k clerk) clock(id string) obligation.Clock {
	return obligation.Clock{ID: id, About: "mail-1", State: obligation.Running, Opened: noon, Due: noon.AddDate(0, 0, 30), Duty: obligation.Duty{
		Kind: "privacy-mail", Clause: "clesaro-contact", Evidence: "answer", Limit: policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}}}
}

func (k clerk) Open(_ context.Context, c vault.Caller, tenant, clause, about string) ([]obligation.Clock, error) {
	return []obligation.Clock{k.clock("clk_1")}, k.f.call("Open %s %s %s %s", c.Credential.ID, tenant, clause, about)
}

func (k clerk) List(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]obligation.Clock, string, error) {
	return []obligation.Clock{k.clock("clk_1")}, "1.clk_1", k.f.call("ListClocks %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (k clerk) Get(_ context.Context, c vault.Caller, tenant, clock string) (obligation.Clock, error) {
	return k.clock(clock), k.f.call("GetClock %s %s %s", c.Credential.ID, tenant, clock)
}

func (k clerk) Discharge(_ context.Context, c vault.Caller, tenant, clock, kind, evidence string) (obligation.Clock, error) {
	done := k.clock(clock)
	done.State, done.Ended, done.Evidence = obligation.Done, noon.Add(time.Hour), evidence
	return done, k.f.call("Discharge %s %s %s by %s %s", c.Credential.ID, tenant, clock, kind, evidence)
}

func (k clerk) Pause(_ context.Context, c vault.Caller, tenant, clock, reason, limit string) (obligation.Clock, error) {
	paused := k.clock(clock)
	paused.State, paused.PausedUntil, paused.PauseReason = obligation.Paused, noon.AddDate(0, 0, 14), reason
	return paused, k.f.call("Pause %s %s %s %s %s", c.Credential.ID, tenant, clock, reason, limit)
}

func (k clerk) Resume(_ context.Context, c vault.Caller, tenant, clock string) (obligation.Clock, error) {
	return k.clock(clock), k.f.call("Resume %s %s %s", c.Credential.ID, tenant, clock)
}

func (k clerk) Void(_ context.Context, c vault.Caller, tenant, clock, reason string) (obligation.Clock, error) {
	void := k.clock(clock)
	void.State, void.EvidenceKind = obligation.Void, reason
	return void, k.f.call("Void %s %s %s %s", c.Credential.ID, tenant, clock, reason)
}
