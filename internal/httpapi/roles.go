package httpapi

import (
	"context"
	"crypto/x509"
	"io"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
)

// Vault is what the interface needs of the vault, by role. Each call decides, and records, itself.
type Vault interface {
	Admission
	Tenants
	Subjects
	Records
	Queries
	Blobs
	Holds
}

// Admission decides, and records, what concerns no one person's data.
type Admission interface {
	Admit(ctx context.Context, c vault.Caller, act, tenant string, scopes ...string) error
	Administer(ctx context.Context, c vault.Caller, act string) error
}

// Tenants are the customers.
type Tenants interface {
	CreateTenant(ctx context.Context, c vault.Caller, t vault.Tenant) (vault.Tenant, error)
	Tenants(ctx context.Context, c vault.Caller) ([]vault.Tenant, error)
	EraseTenant(ctx context.Context, c vault.Caller, tenant string) error
}

// Subjects are the people.
type Subjects interface {
	CreateSubject(ctx context.Context, c vault.Caller, tenant string, idem vault.Idempotency) (string, error)
	EraseSubject(ctx context.Context, c vault.Caller, tenant, subject string) error
	SetConsent(ctx context.Context, c vault.Caller, tenant, subject, purpose string, given bool) error
	SetObjection(ctx context.Context, c vault.Caller, tenant, subject, purpose string, objected bool) error
	SetRestriction(ctx context.Context, c vault.Caller, tenant, subject string, restricted bool) error
	Standing(ctx context.Context, c vault.Caller, tenant, subject string) (vault.Standing, error)
	SetElectronicNotice(ctx context.Context, c vault.Caller, tenant, subject string, consented bool) error
	AllowRecipient(ctx context.Context, c vault.Caller, tenant, recipient string, allowed bool) error
	Recipients(ctx context.Context, c vault.Caller, tenant string) ([]vault.Recipient, error)
}

// Records are the people's data.
type Records interface {
	Put(ctx context.Context, c vault.Caller, t vault.Target, f vault.Fields, cond vault.Condition, idem vault.Idempotency) (vault.Stored, error)
	Patch(ctx context.Context, c vault.Caller, t vault.Target, f vault.Fields, cond vault.Condition, idem vault.Idempotency) (vault.Stored, error)
	Get(ctx context.Context, c vault.Caller, t vault.Target) (vault.Record, error)
	List(ctx context.Context, c vault.Caller, t vault.Target, after string, limit int) ([]vault.Record, string, error)
	Delete(ctx context.Context, c vault.Caller, t vault.Target, cond vault.Condition) error
}

// Queries concern more than one record.
type Queries interface {
	Find(ctx context.Context, c vault.Caller, t vault.Target, field, value string) ([]vault.Record, error)
	Batch(ctx context.Context, c vault.Caller, tenant, purpose string, ops []vault.BatchOp, idem vault.Idempotency) ([]vault.Stored, error)
	Aggregate(ctx context.Context, c vault.Caller, tenant, purpose, dataSet, statistic, field, groupBy string) (vault.Aggregate, error)
}

// Blobs are the large objects.
type Blobs interface {
	PutBlob(ctx context.Context, c vault.Caller, t vault.Target, field, contentType string, body io.Reader, cond vault.Condition) (vault.Stored, error)
	GetBlob(ctx context.Context, c vault.Caller, t vault.Target, field string) (vault.BlobInfo, io.ReadCloser, error)
}

// Holds are legal holds on people.
type Holds interface {
	PlaceHold(ctx context.Context, c vault.Caller, tenant, subject, reason string, fields []string, until time.Time) (vault.Hold, error)
	Hold(ctx context.Context, c vault.Caller, tenant, subject string) (vault.Hold, error)
	ReleaseHold(ctx context.Context, c vault.Caller, tenant, subject string) error
}

// Retention is where data ends. Each call decides, and records, itself.
type Retention interface {
	OffBoard(ctx context.Context, c vault.Caller, tenant string) (retention.OffBoarding, error)
	OffBoarding(ctx context.Context, c vault.Caller, tenant string) (retention.OffBoarding, error)
	EraseSubject(ctx context.Context, c vault.Caller, tenant, subject, about string) (retention.Certificate, error)
	Certificate(ctx context.Context, c vault.Caller, tenant, id string) (retention.Certificate, error)
	Certificates(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]retention.Certificate, string, error)
}

// Applications are the programs that may call.
type Applications interface {
	Authenticate(ctx context.Context, key string, shown *x509.Certificate, now time.Time) (identity.Application, error)
	Create(ctx context.Context, actor string, app identity.Application) (identity.Application, string, error)
	Revoke(ctx context.Context, actor, id string) error
	List(ctx context.Context) ([]identity.Application, error)
	Grant(ctx context.Context, id, key string, scopes []string, shown *x509.Certificate, now time.Time) (identity.Token, error)
	Rotate(ctx context.Context, actor, id string, r identity.Rotation) (identity.Key, string, error)
	Keys(ctx context.Context, id string) ([]identity.Key, error)
	EndKey(ctx context.Context, actor, id, key string) error
}

// Ledger serves the logs.
type Ledger interface {
	Serve(ctx context.Context, tenant, path string) (ledger.Resource, error)
	Page(ctx context.Context, tenant, alias string, before int64, limit int) (ledger.Page, error)
}

// Probes tell whether the promises are kept.
type Probes interface {
	Run(ctx context.Context, actor string) ([]api.Finding, error)
	Statuses(ctx context.Context) ([]api.ClauseStatus, error)
}

// Duties are what is owed by a time. Each call decides, and records, itself.
type Duties interface {
	Open(ctx context.Context, c vault.Caller, tenant, clause, about string) ([]obligation.Clock, error)
	List(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]obligation.Clock, string, error)
	Get(ctx context.Context, c vault.Caller, tenant, clock string) (obligation.Clock, error)
	Discharge(ctx context.Context, c vault.Caller, tenant, clock, kind, evidence string) (obligation.Clock, error)
	Pause(ctx context.Context, c vault.Caller, tenant, clock, reason, limit string) (obligation.Clock, error)
	Resume(ctx context.Context, c vault.Caller, tenant, clock string) (obligation.Clock, error)
	Void(ctx context.Context, c vault.Caller, tenant, clock, reason string) (obligation.Clock, error)
}

// Notices are the versions of the policy that people are told of. Each call decides, and records, itself.
type Notices interface {
	Announce(ctx context.Context, c vault.Caller, policy []byte, drill bool) (notice.Version, error)
	Versions(ctx context.Context) ([]notice.Version, error)
	Version(ctx context.Context, c vault.Caller, id string) (notice.Version, notice.Progress, error)
	Withdraw(ctx context.Context, c vault.Caller, id string) error
	OptOut(ctx context.Context, c vault.Caller, tenant, subject, recipient string, out bool) error
	Write(ctx context.Context, c vault.Caller, tenant, subject, about string) (notice.Written, error)
	WrittenOf(ctx context.Context, c vault.Caller, tenant, subject string) ([]notice.Written, error)
}

// Messages are what people are told in the company's application, letters to be printed and posted, and
// mail that came back. Each call decides, and records, itself.
type Messages interface {
	Inbox(ctx context.Context, c vault.Caller, tenant, subject, language, cursor string, limit int) ([]notify.Note, string, error)
	See(ctx context.Context, c vault.Caller, tenant, subject, id string) (notify.Note, error)
	Letters(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]notify.Note, string, error)
	LetterPage(ctx context.Context, c vault.Caller, tenant, id string) (string, error)
	MarkPrinted(ctx context.Context, c vault.Caller, tenant, id string) (notify.Note, error)
	Posted(ctx context.Context, c vault.Caller, tenant, id string) (notify.Note, error)
	Bounced(ctx context.Context, c vault.Caller, b notify.Bounce) (bool, error)
}

// Rights are what people ask by their rights. Each call decides, and records, itself.
type Rights interface {
	Open(ctx context.Context, c vault.Caller, tenant string, ask rights.Ask) (rights.Request, error)
	List(ctx context.Context, c vault.Caller, tenant, state, cursor string, limit int) ([]rights.Request, string, error)
	Get(ctx context.Context, c vault.Caller, tenant, id string) (rights.Request, error)
	Acknowledge(ctx context.Context, c vault.Caller, tenant, id string) (rights.Request, error)
	AskIdentity(ctx context.Context, c vault.Caller, tenant, id, limit string) (rights.Request, error)
	ProveIdentity(ctx context.Context, c vault.Caller, tenant, id string) (rights.Request, error)
	Extend(ctx context.Context, c vault.Caller, tenant, id, reason string) (rights.Request, error)
	Answer(ctx context.Context, c vault.Caller, tenant, id string, corrections []rights.Correction) (rights.Request, string, error)
	Refuse(ctx context.Context, c vault.Caller, tenant, id, ground string) (rights.Request, error)
	Withdraw(ctx context.Context, c vault.Caller, tenant, id string) (rights.Request, error)
	Download(ctx context.Context, token string) (*rights.Package, error)
}

// Agents are those who exercise people's rights for them. Each call decides, and records, itself.
type Agents interface {
	Authenticate(ctx context.Context, token string) (drp.Agent, error)
	Pair(ctx context.Context, agent string, body []byte) (api.AgentToken, error)
	Exercise(ctx context.Context, a drp.Agent, body []byte) (api.ExerciseStatus, error)
	Status(ctx context.Context, a drp.Agent, id string) (api.ExerciseStatus, error)
	Revoke(ctx context.Context, a drp.Agent, id string, body []byte) (api.ExerciseStatus, error)
	Collect(ctx context.Context, a drp.Agent, id string) (*rights.Package, error)
	Asked(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.AgentRequest, string, error)
}

// Registry is where the operator says which agents may ask.
type Registry interface {
	Add(ctx context.Context, actor string, p *policy.Policy, a drp.Agent) (drp.Agent, error)
	List(ctx context.Context) ([]drp.Agent, error)
	Remove(ctx context.Context, actor, registration string) error
}

// Those whom these roles were written for.
var (
	_ Vault        = (*vault.Vault)(nil)
	_ Applications = (*identity.Applications)(nil)
	_ Ledger       = (*ledger.Log)(nil)
	_ Duties       = (*duty.Desk)(nil)
	_ Rights       = (*rights.Desk)(nil)
	_ Agents       = (*drp.Desk)(nil)
	_ Registry     = (*drp.Registry)(nil)
	_ Messages     = (*duty.Messages)(nil)
	_ Notices      = (*notice.Desk)(nil)
	_ Retention    = (*retention.Desk)(nil)
)
