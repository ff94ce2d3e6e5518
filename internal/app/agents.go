package app

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"sync"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// agents is the desk of those who exercise people's rights for them, in the store of a vault.
func (a *App) agents(v *vault.Vault, log *ledger.Log) *drp.Desk {
	return &drp.Desk{Rights: a.rights(v, log), Book: withCanary{&drp.Registry{DB: v.DB, Gone: a.Ring}, a.canaries.agent}, HTTP: a.Notify.HTTP, Drill: isCanary}
}

// agentDuty tells agents how far what they asked has come.
func (a *App) agentDuty() work.Duty {
	return work.Duty{Name: "tell agents", Every: a.Beat / 2, Now: true, Do: func(ctx context.Context) error {
		return a.agents(a.Vault, a.Ledger).Run(ctx, a.Now())
	}}
}

// canaryAgent is the agent of the probes. Its key and its token are held in memory only, as their other
// credentials are.
type canaryAgent struct {
	agent drp.Agent
	key   ed25519.PrivateKey

	mu     sync.Mutex
	tokens []canaryToken // the newest: several probes may run at a time
}

// canaryToken is a token of the canary, by its hash, and the issued-at of the message that made it.
type canaryToken struct {
	hash   [sha256.Size]byte
	issued time.Time
}

// maxCanaryTokens is more than are in use at a time.
const maxCanaryTokens = 64

func newCanaryAgent() *canaryAgent {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic("app: no random numbers") // rand.Reader never fails: Go ends the program instead
	}
	return &canaryAgent{key: private, agent: drp.Agent{
		ID: "agt_canary", Agent: "CLAUSE-CANARY", Business: "CLAUSE-CANARY", Tenant: canaryA, Title: "Canary of the probes", Key: public,
		Verification: "https://canary.invalid/{request}", Trusts: []string{"email", "phone_number"},
		Within: policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day},
	}}
}

// seen is the agent as the probes use it.
func (c *canaryAgent) seen() control.Agent {
	return control.Agent{ID: c.agent.Agent, Business: c.agent.Business, Sign: func(message []byte) []byte { return ed25519.Sign(c.key, message) }}
}

// withCanary is the registry with the canary beside those who were registered.
type withCanary struct {
	*drp.Registry
	canary *canaryAgent
}

// Of returns the registrations of an agent.
func (w withCanary) Of(ctx context.Context, agent string) ([]drp.Agent, error) {
	if agent == w.canary.agent.Agent {
		return []drp.Agent{w.canary.agent}, nil
	}
	return w.Registry.Of(ctx, agent)
}

// ByToken returns whose token has the hash.
func (w withCanary) ByToken(ctx context.Context, hash [sha256.Size]byte) (drp.Agent, error) {
	c := w.canary
	c.mu.Lock()
	own := slices.ContainsFunc(c.tokens, func(t canaryToken) bool { return subtle.ConstantTimeCompare(t.hash[:], hash[:]) == 1 })
	c.mu.Unlock()
	if own {
		return c.agent, nil
	}
	return w.Registry.ByToken(ctx, hash)
}

// Pair gives a registration a new token.
func (w withCanary) Pair(ctx context.Context, a drp.Agent, issued time.Time, hash [sha256.Size]byte) error {
	c := w.canary
	if a.ID != c.agent.ID {
		return w.Registry.Pair(ctx, a, issued, hash)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.tokens, func(t canaryToken) bool { return t.issued.Equal(issued) }) {
		return fault.New("app.Pair", fault.Refused, "this message was used already")
	}
	c.tokens = append(c.tokens[max(0, len(c.tokens)-maxCanaryTokens+1):], canaryToken{hash, issued})
	return nil
}
