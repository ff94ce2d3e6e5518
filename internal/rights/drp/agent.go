package drp

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// Agent is an agent that may ask one business for its people, in one tenant.
type Agent struct {
	ID              string // of this registration
	Agent, Business string // as the network's directory knows them
	Tenant, Title   string
	Key             ed25519.PublicKey
	Callback        string      // where its status callbacks begin; "" for none
	Verification    string      // our page where people prove who they are
	Trusts          []string    // claims whose verification by the agent proves identity
	Within          policy.Term // how long proof of identity is waited for
	Paired, Created time.Time   // Paired is the issued-at of the message that made its token
}

// actor is the agent in the ledger.
func (a *Agent) actor() string { return "agent:" + a.Agent }

// The claims by which people are found.
const (
	claimEmail = "email"
	claimPhone = "phone_number"
)

var (
	nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	// idForm leaves no room for an address of mail: what is stored in the clear names nobody.
	idForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$`)
)

// check finds what would let the wrong one in, or nobody.
func (a *Agent) check(p *policy.Policy) error {
	bad := func(field, format string, args ...any) *fault.Error {
		return fault.New("drp.Add", fault.Invalid, format, args...).WithField(field)
	}
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case !nameForm.MatchString(a.Agent):
		return bad("agent", "an agent's id is letters, digits, and _ . -")
	case !nameForm.MatchString(a.Business):
		return bad("business", "a business's id is letters, digits, and _ . -")
	case a.Tenant == "":
		return bad("tenant", "an agent asks for the people of one tenant")
	case strings.TrimSpace(a.Title) == "" || len(a.Title) > 200 || !utf8.ValidString(a.Title) || strings.ContainsFunc(a.Title, unprintable):
		return bad("title", "a title is 1 to 200 bytes of printable text")
	case len(a.Key) != ed25519.PublicKeySize:
		return bad("verify_key", "an Ed25519 key is 32 bytes, in base64")
	case a.Callback != "" && !web(a.Callback):
		return bad("callback", "callbacks go to an address that begins with https:// and has no ? and no #").WithHint("http is for this machine alone")
	case !web(strings.ReplaceAll(a.Verification, placeholder, "id")):
		return bad("verification", "people prove who they are at an address that begins with https://").WithHint("%s in it stands for the request's id", placeholder)
	case a.Within.Form != policy.Within:
		return bad("within", "proof of identity is waited for a time such as 14 days")
	case len(findable(p)) == 0:
		return bad("agent", "the policy names no contact field that people can be found by").WithHint("add contacts with an email or phone field that has find: true")
	}
	for i, claim := range a.Trusts {
		if slices.Contains(a.Trusts[:i], claim) || claim != claimEmail && claim != claimPhone {
			return bad("trusts", "what can be trusted is %s and %s, each once", claimEmail, claimPhone)
		}
	}
	return nil
}

// placeholder stands for a request's id in the address of a page.
const placeholder = "{request}"

// web reports whether what goes to an address cannot be read on its way.
func web(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" || len(address) > 500 || strings.ContainsAny(address, "#\\ ") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}

var pathForm = regexp.MustCompile(`^(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)*/?$`)

// mayCall reports whether a status callback stays where the operator said that the agent's are: the server
// posts to no address of a stranger's choice. What follows is ids, so that no personal data hides in it.
func (a *Agent) mayCall(address string) bool {
	if a.Callback == "" || len(address) > 500 {
		return false
	}
	rest, ok := strings.CutPrefix(address, strings.TrimSuffix(a.Callback, "/"))
	return ok && pathForm.MatchString(rest)
}

// Book is where agents are known.
type Book interface {
	// Of returns the registrations of an agent.
	Of(ctx context.Context, agent string) ([]Agent, error)
	// ByToken returns whose token has the hash; Unauthenticated if nobody's.
	ByToken(ctx context.Context, hash [sha256.Size]byte) (Agent, error)
	// Pair gives a registration a new token, the one before holds no longer, if issued is after the
	// issued-at of the message that made that one: a message pairs once. Otherwise Refused.
	Pair(ctx context.Context, a Agent, issued time.Time, hash [sha256.Size]byte) error
}

// Registry is the book in the store.
type Registry struct {
	DB   *db.DB
	Gone Gone
}

const registrationPrefix = "agt_"

func newRegistration() string {
	var b [10]byte
	rand.Read(b[:])
	return registrationPrefix + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// Add registers an agent. One that is registered for the business already is a Conflict.
func (g *Registry) Add(ctx context.Context, actor string, p *policy.Policy, a Agent) (Agent, error) {
	const op = "drp.Add"
	if err := a.check(p); err != nil {
		return Agent{}, err
	}
	a.ID = newRegistration()
	err := g.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		var state string
		err := tx.One(`SELECT state FROM tenants WHERE tenant_id = $1`, []any{a.Tenant}, &state)
		if fault.Is(err, fault.NotFound) || err == nil && state != "active" {
			return fault.New(op, fault.Invalid, "there is no such tenant").WithField("tenant")
		}
		if err != nil {
			return err
		}
		a.Created, a.Paired = tx.Now(), time.Time{}
		if err := insertAgent(tx, &a); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: "agent.add", Actor: actor, Detail: map[string]string{
			"registration": a.ID, "agent": a.Agent, "business": a.Business, "tenant": a.Tenant,
		}})
	})
	return a, fault.Wrap(op, err)
}

// List returns all agents, by their ids.
func (g *Registry) List(ctx context.Context) (all []Agent, err error) {
	err = g.DB.Read(ctx, "", func(tx *db.Tx) (err error) {
		all, err = agentsWhere(tx, `1 = 1 ORDER BY agent_id, business_id`)
		return err
	})
	return all, fault.Wrap("drp.List", err)
}

// Of returns the registrations of an agent.
func (g *Registry) Of(ctx context.Context, agent string) (all []Agent, err error) {
	err = g.DB.Read(ctx, "", func(tx *db.Tx) (err error) {
		all, err = agentsWhere(tx, `agent_id = $1 ORDER BY business_id`, agent)
		return err
	})
	return all, fault.Wrap("drp.Of", err)
}

// ByToken returns whose token has the hash.
func (g *Registry) ByToken(ctx context.Context, hash [sha256.Size]byte) (Agent, error) {
	var all []Agent
	err := g.DB.Read(ctx, "", func(tx *db.Tx) (err error) {
		all, err = agentsWhere(tx, `token_hash = $1`, hash[:])
		return err
	})
	if err != nil {
		return Agent{}, fault.Wrap("drp.ByToken", err)
	}
	if len(all) != 1 {
		return Agent{}, noToken()
	}
	return all[0], nil
}

func noToken() error {
	return fault.New("drp.ByToken", fault.Unauthenticated, "the token is not valid").WithHint("POST /v1/agent/{agent-id} gives an agent a new one")
}

// Pair gives a registration a new token.
func (g *Registry) Pair(ctx context.Context, a Agent, issued time.Time, hash [sha256.Size]byte) error {
	err := g.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		n, err := tx.Exec(`UPDATE agents SET token_hash = $2, paired_at = $3 WHERE registration_id = $1 AND paired_at < $3`, a.ID, hash[:], issued.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return replayed()
		}
		return ledger.Append(tx, proof.Entry{Kind: "agent.pair", Actor: a.actor(), Answer: proof.Allow, Detail: map[string]string{"registration": a.ID}})
	})
	return fault.Wrap("drp.Pair", err)
}

func replayed() error {
	return never(fault.New("drp.Pair", fault.Refused, "this message, or a later one, was used already"))
}
