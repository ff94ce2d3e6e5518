package drp

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

const agentColumns = `registration_id, agent_id, business_id, tenant_id, title, verify_key, callback, verification, trusts, within, paired_at, created_at`

func insertAgent(tx *db.Tx, a *Agent) error {
	n, err := tx.Exec(`INSERT INTO agents (`+agentColumns+`, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		a.ID, a.Agent, a.Business, a.Tenant, a.Title, []byte(a.Key), a.Callback, a.Verification, strings.Join(a.Trusts, ","), a.Within.String(),
		int64(0), db.Micros(a.Created), []byte{})
	if err == nil && n == 0 {
		err = fault.New("drp.Add", fault.Conflict, "the agent is registered for this business").WithHint("remove it first: its token then holds no longer")
	}
	return err
}

func agentsWhere(tx *db.Tx, condition string, args ...any) (all []Agent, err error) {
	err = tx.Each(`SELECT `+agentColumns+` FROM agents WHERE `+condition, args, func(scan func(...any) error) error {
		var a Agent
		var trusts, within string
		var key []byte
		var paired, created int64
		if err := scan(&a.ID, &a.Agent, &a.Business, &a.Tenant, &a.Title, &key, &a.Callback, &a.Verification, &trusts, &within, &paired, &created); err != nil {
			return err
		}
		a.Key, a.Trusts = ed25519.PublicKey(key), split(trusts)
		a.Within, _ = policy.ParseTerm(within)
		a.Paired, a.Created = db.Moment(paired), db.Moment(created)
		all = append(all, a)
		return nil
	})
	return all, err
}

// asked is one thing that an agent asked for.
type asked struct {
	id, registration, agent, agentRequest string
	exercise, regime                      string
	requests                              []string // that it opened: none, one, or two
	denied                                string   // why it opened none
	digest                                []byte
	callback                              string
	told                                  []byte
	tries                                 int64
	received, ended, next                 time.Time
}

const askedColumns = `exercise_id, registration_id, agent_id, agent_request_id, exercise, regime, request_id, other_id, denied, digest, callback, told, tries, received_at, ended_at, next_at`

// newID is a UUID of random bits (RFC 9562 section 5.4), as the protocol wishes.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func insertAsked(tx *db.Tx, a *asked) error {
	requests := append(append([]string{}, a.requests...), "", "")
	n, err := tx.Exec(`INSERT INTO agent_requests (tenant_id, `+askedColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING`,
		tx.Tenant(), a.id, a.registration, a.agent, a.agentRequest, a.exercise, a.regime, requests[0], requests[1], a.denied, a.digest, a.callback, []byte{},
		int64(0), db.Micros(a.received), int64(0), db.Micros(a.next))
	if err == nil && n == 0 { // sent twice at a time
		err = fault.New("drp.Exercise", fault.Conflict, "the message was taken already")
	}
	if err != nil {
		return err
	}
	return wakes.By(tx, db.Micros(a.next))
}

func askedWhere(tx *db.Tx, condition string, args ...any) (all []asked, err error) {
	err = tx.Each(`SELECT `+askedColumns+` FROM agent_requests WHERE tenant_id = $1 AND `+condition, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var a asked
		var one, other string
		var received, ended, next int64
		err := scan(&a.id, &a.registration, &a.agent, &a.agentRequest, &a.exercise, &a.regime, &one, &other, &a.denied, &a.digest, &a.callback, &a.told, &a.tries, &received, &ended, &next)
		for _, id := range []string{one, other} {
			if id != "" {
				a.requests = append(a.requests, id)
			}
		}
		a.received, a.ended, a.next = db.Moment(received), db.Moment(ended), db.Moment(next)
		all = append(all, a)
		return err
	})
	return all, err
}

// Asked is what an agent asked for in a person's name, as the person is told of it.
type Asked struct {
	ID       string    `json:"id"`
	Agent    string    `json:"agent"`
	Exercise string    `json:"right"`
	Regime   string    `json:"regime,omitempty"`
	Denied   string    `json:"reason,omitempty"` // for which it was not done
	Requests []string  `json:"requests"`
	Received time.Time `json:"opened"`
	Ended    time.Time `json:"ended,omitzero"`
}

// AskedFor is what agents asked for in a person's name that a request came of, the oldest first, to a duty that has
// admitted its caller.
func AskedFor(tx *db.Tx, subject string) (out []Asked, err error) {
	all, err := askedWhere(tx, `EXISTS (SELECT 1 FROM requests r WHERE r.tenant_id = agent_requests.tenant_id AND r.subject_id = $2
 AND (r.request_id = agent_requests.request_id OR r.request_id = agent_requests.other_id)) ORDER BY received_at, exercise_id`, subject)
	for i := range all {
		a := &all[i]
		out = append(out, Asked{a.id, a.agent, a.exercise, a.regime, a.denied, a.requests, a.received, a.ended})
	}
	return out, err
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}
