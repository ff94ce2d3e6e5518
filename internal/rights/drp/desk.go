package drp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"regexp"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// maintenance is the actor of what the server does by itself.
const maintenance = "clause"

// Desk is where agents ask. Each call of an agent is admitted, and that recorded, before it does anything.
type Desk struct {
	Rights *rights.Desk
	Book   Book
	HTTP   *http.Client // for callbacks; nil: one of its own
	// Drill reports tenants of nobody real. It may be nil.
	Drill func(tenant string) bool
}

func (d *Desk) admit(ctx context.Context, a *Agent, act string) error {
	v := d.Rights.Vault
	return v.Admit(ctx, a.caller(v.Environment, vault.ScopeRights), act, a.Tenant, vault.ScopeRights)
}

func (d *Desk) now() time.Time { return d.Rights.Vault.Now() }

// Pair gives an agent a token for a business, by a message that it signed (section 2.05). There is no token
// yet, so that its key is that of the agent it says it is.
func (d *Desk) Pair(ctx context.Context, agent string, body []byte) (api.AgentToken, error) {
	const op = "drp.Pair"
	s, err := unpack(body)
	if err != nil {
		return api.AgentToken{}, err
	}
	stranger := never(fault.New(op, fault.Refused, "the message is not signed by an agent that may ask this business here"))
	if !nameForm.MatchString(agent) {
		return api.AgentToken{}, stranger
	}
	known, err := d.Book.Of(ctx, agent)
	if err != nil {
		return api.AgentToken{}, fault.Wrap(op, err)
	}
	for i := range known {
		a := &known[i]
		if !s.by(a.Key) {
			continue
		}
		m, err := s.open()
		if err != nil {
			return api.AgentToken{}, err
		}
		if m.text("business-id") == a.Business {
			return d.pair(ctx, a, m)
		}
	}
	return api.AgentToken{}, stranger
}

func (d *Desk) pair(ctx context.Context, a *Agent, m *message) (api.AgentToken, error) {
	if err := m.check(a.Agent, a.Business, d.now()); err != nil {
		return api.AgentToken{}, err
	}
	if err := m.version(); err != nil {
		return api.AgentToken{}, err
	}
	if err := d.admit(ctx, a, "agent.pair"); err != nil {
		return api.AgentToken{}, err
	}
	token := tokenPrefix + strings.ToLower(rand.Text()+rand.Text())
	if err := d.Book.Pair(ctx, *a, m.issued, sha256.Sum256([]byte(token))); err != nil {
		return api.AgentToken{}, err
	}
	return api.AgentToken{Agent: a.Agent, Token: token}, nil
}

// A token is a prefix that scanners for leaked ones know it by, and 260 random bits.
const (
	tokenPrefix = "clause_drp_"
	tokenLength = len(tokenPrefix) + 52
)

// Authenticate returns the agent whose token it is.
func (d *Desk) Authenticate(ctx context.Context, token string) (Agent, error) {
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenPrefix) {
		return Agent{}, noToken()
	}
	return d.Book.ByToken(ctx, sha256.Sum256([]byte(token)))
}

var regimeForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

func (m *message) version() error {
	if m.text("drp.version") != Version {
		return never(fault.New("drp.version", fault.Invalid, "drp.version is not %s", Version))
	}
	return nil
}

// verified unpacks a message of an agent and runs the first checks.
func (a *Agent) verified(body []byte) (*message, error) {
	s, err := unpack(body)
	if err != nil {
		return nil, err
	}
	if !s.by(a.Key) {
		return nil, never(fault.New("drp.verify", fault.Refused, "the signature is not that of the agent whose token was sent"))
	}
	return s.open()
}

// Exercise opens what an agent asks for somebody (section 2.01). The same message again has no further
// effect: it answers with the status of the first.
func (d *Desk) Exercise(ctx context.Context, a Agent, body []byte) (api.ExerciseStatus, error) {
	const op = "drp.Exercise"
	if err := d.admit(ctx, &a, "agent.exercise"); err != nil {
		return api.ExerciseStatus{}, err
	}
	m, err := a.verified(body)
	if err == nil {
		err = m.check(a.Agent, a.Business, d.now())
	}
	if err != nil {
		return api.ExerciseStatus{}, err
	}
	row, err := a.read(m)
	if err != nil {
		return api.ExerciseStatus{}, err
	}
	if s, found, err := d.replay(ctx, &a, m); err != nil || found {
		return s, fault.Wrap(op, err)
	}
	s, err := d.take(ctx, &a, m, row)
	if fault.Is(err, fault.Conflict) { // the same, sent twice at a time
		if s, found, again := d.replay(ctx, &a, m); again == nil && found {
			return s, nil
		}
	}
	return s, fault.Wrap(op, err)
}

// read reads what is asked for, and refuses what cannot be.
func (a *Agent) read(m *message) (*asked, error) {
	const op = "drp.read"
	row := &asked{
		id: newID(), registration: a.ID, agent: a.Agent, agentRequest: m.text("agent-request-id"), exercise: m.text("exercise"),
		regime: m.text("regime"), digest: m.digest[:], callback: m.text("status_callback"),
	}
	if err := m.version(); err != nil {
		return nil, err
	}
	switch row.exercise {
	case access, categories, specific, deletion, optOut:
	default:
		return nil, never(fault.New(op, fault.Invalid, "Unsupported rights actions submitted.").WithHint("%s", strings.Join(Supported(), ", ")))
	}
	switch {
	case m.has("regime") && !regimeForm.MatchString(row.regime):
		return nil, never(fault.New(op, fault.Invalid, "regime is a name such as ccpa"))
	case m.has("agent-request-id") && !idForm.MatchString(row.agentRequest):
		return nil, never(fault.New(op, fault.Invalid, "agent-request-id is at most 128 letters, digits and _ . : -, and names nobody"))
	case m.has("status_callback") && row.callback == "" || row.callback != "" && !a.mayCall(row.callback):
		return nil, never(fault.New(op, fault.Invalid, "status_callback is not below the address that was registered for this agent's callbacks"))
	}
	return row, nil
}

// Supported are the rights that agents can exercise here, for a directory's supported_actions.
func Supported() []string { return []string{access, deletion, optOut, categories, specific} }

// replay returns the status of what the same message opened before.
func (d *Desk) replay(ctx context.Context, a *Agent, m *message) (s api.ExerciseStatus, found bool, err error) {
	err = d.Rights.Vault.DB.Read(ctx, a.Tenant, func(tx *db.Tx) error {
		all, err := askedWhere(tx, `digest = $2`, m.digest[:])
		if err != nil || len(all) == 0 {
			return err
		}
		found = true
		s, _, err = d.status(tx, a, &all[0])
		return err
	})
	return s, found, err
}

// take opens what is asked for, or denies it at once where there is nobody, or nothing, to open it for.
func (d *Desk) take(ctx context.Context, a *Agent, m *message, row *asked) (s api.ExerciseStatus, err error) {
	v := d.Rights.Vault
	asks := d.asks(row.exercise)
	subject, proven := "", false
	if len(asks) > 0 {
		if subject, proven, err = d.match(ctx, a, m); err != nil {
			return s, err
		}
	}
	insert := func(tx *db.Tx, opened []rights.Request) error {
		row.received, row.next, row.requests = tx.Now(), tx.Now(), nil
		for i := range opened {
			row.requests = append(row.requests, opened[i].ID)
		}
		if err := insertAsked(tx, row); err != nil {
			return err
		}
		s, _, err = d.status(tx, a, row)
		if err != nil {
			return err
		}
		answer, detail := proof.Allow, map[string]string{"exercise": row.id, "registration": a.ID, "right": row.exercise}
		if row.denied != "" {
			answer = proof.Refuse
		} else {
			detail["requests"] = strings.Join(row.requests, ":")
		}
		return ledger.Append(tx, proof.Entry{Kind: "agent.exercise", Actor: a.actor(), Answer: answer, Reason: row.denied, Detail: detail})
	}
	switch {
	case len(asks) == 0:
		row.denied = notCovered
	case subject == "":
		row.denied = noMatch
	}
	if row.denied != "" {
		err = v.DB.Write(ctx, a.Tenant, func(tx *db.Tx) error { return insert(tx, nil) })
		return s, err
	}
	for i := range asks {
		asks[i].Subject = subject
	}
	// An opt-out hands nothing out and takes nothing away, and whoever asks for it need not prove who they
	// are: 11 CCR § 7060(b).
	unproven := policy.Term{}
	if !proven && row.exercise != optOut {
		unproven = a.Within
	}
	_, err = d.Rights.OpenFor(ctx, a.caller(v.Environment, vault.ScopeRights), a.Tenant, asks, unproven, insert)
	return s, err
}
