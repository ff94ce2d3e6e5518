package vault

import (
	"context"
	"sort"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// subject is one person as loaded from the store: keys unwrapped, standing opened.
type subject struct {
	tenant, id string
	region     string
	tenantKey  *keyring.TenantKey
	key        *keyring.SubjectKey
	state      personState
}

// personState is what the store keeps about a person sealed under their own key: the random name
// the ledger knows them by, and where they stand. It goes with the key.
type personState struct {
	alias      string // p_ and 26 characters
	restricted bool
	kept       bool     // what was kept of somebody erased, under a legal hold: see kept.go
	consents   []string // purposes consented to
	objections []string // purposes objected to
	optOuts    []string // recipients that nothing is disclosed to
	electronic bool     // notice by electronic means is consented to
}

const aliasLength = 28

// The marks of a standing's parts, each followed by a purpose and a newline.
const (
	markConsent    = 'c'
	markObjection  = 'o'
	markRestrict   = 'r'
	markKept       = 'k'
	markOptOut     = 'n' // followed by a recipient
	markElectronic = 'e'
)

func (p *personState) encode() []byte {
	b := append(make([]byte, 0, 64), p.alias...)
	if p.restricted {
		b = append(b, markRestrict, '\n')
	}
	if p.kept {
		b = append(b, markKept, '\n')
	}
	if p.electronic {
		b = append(b, markElectronic, '\n')
	}
	for _, r := range p.optOuts {
		b = append(append(append(b, markOptOut), r...), '\n')
	}
	for _, c := range p.consents {
		b = append(append(append(b, markConsent), c...), '\n')
	}
	for _, o := range p.objections {
		b = append(append(append(b, markObjection), o...), '\n')
	}
	return b
}

func decodeState(plain []byte) (personState, error) {
	broken := fault.New("vault.decodeState", fault.Other, "a person's standing is malformed")
	if len(plain) < aliasLength {
		return personState{}, broken
	}
	p := personState{alias: string(plain[:aliasLength])}
	if len(plain) == aliasLength {
		return p, nil
	}
	for rest := string(plain[aliasLength:]); rest != ""; {
		line, after, ok := strings.Cut(rest, "\n")
		if !ok || line == "" {
			return personState{}, broken
		}
		switch line[0] {
		case markConsent:
			p.consents = append(p.consents, line[1:])
		case markObjection:
			p.objections = append(p.objections, line[1:])
		case markRestrict:
			p.restricted = true
		case markOptOut:
			p.optOuts = append(p.optOuts, line[1:])
		case markElectronic:
			p.electronic = true
		case markKept:
			p.kept = true
		default:
			return personState{}, broken
		}
		rest = after
	}
	return p, nil
}

// standing is the person's state in the decision's terms. A purpose that the policy no longer
// declares has id 0, which no set holds.
func (s *subject) standing(rules *decision.Rules) decision.Standing {
	st := decision.Standing{Account: true, Restricted: s.state.restricted}
	for _, id := range s.state.consents {
		st.Consented = st.Consented.With(rules.Purpose(id))
	}
	for _, id := range s.state.objections {
		st.Objected = st.Objected.With(rules.Purpose(id))
	}
	return st
}

// subjectColumns are those of subjectRow.
const subjectColumns = `s.tenant_key_id, s.key_id, s.wrapped, s.sealed`

const selectSubject = `SELECT ` + subjectColumns + ` FROM subjects s WHERE s.tenant_id = $1 AND s.subject_id = $2`

// subjectRow is a person as stored.
type subjectRow struct {
	tenantKeyID, keyID string
	wrapped, sealed    []byte
}

func (r *subjectRow) dest() []any { return []any{&r.tenantKeyID, &r.keyID, &r.wrapped, &r.sealed} }

// unseal opens what a row holds.
func (v *Vault) unseal(tx *db.Tx, tenant, id string, r *subjectRow) (*subject, error) {
	const op = "vault.unseal"
	t, err := v.held(tx, tenant)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	tenantKey, err := t.key(r.tenantKeyID)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	keyID, err := keyring.ParseID(r.keyID)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	key, err := tenantKey.OpenSubjectKey(id, keyID, r.wrapped)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	plain, err := key.Open(nil, bind("subject", tenant, id), r.sealed)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	state, err := decodeState(plain)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	state.consents = v.standingConsents(state.consents)
	return &subject{tenant: tenant, id: id, region: t.region, tenantKey: tenantKey, key: key, state: state}, nil
}

// load reads one person in tx. A person who is not there is fault.NotFound.
func (v *Vault) load(tx *db.Tx, tenant, id string) (*subject, error) {
	if !isID(subjectPrefix, id) {
		return nil, errNobody()
	}
	if s, _, err := v.recall(tx, &Target{Tenant: tenant, Subject: id}); s != nil || err != nil {
		return s, err
	}
	var r subjectRow
	if err := tx.One(selectSubject, []any{tenant, id}, r.dest()...); err != nil {
		return nil, nobodyIf(err)
	}
	s, err := v.unseal(tx, tenant, id, &r)
	if err == nil {
		v.memorise(tx, s, "", nil)
	}
	return s, err
}

func errNobody() error {
	return fault.New("vault.load", fault.NotFound, "the tenant has no such subject")
}

// nobodyIf gives a missing row its meaning.
func nobodyIf(err error) error {
	if fault.Is(err, fault.NotFound) {
		return errNobody()
	}
	return err
}

// CreateSubject makes a person: a key, a random id, and a random alias for the ledger.
func (v *Vault) CreateSubject(ctx context.Context, c Caller, tenant string, idem Idempotency) (string, error) {
	t := Target{Tenant: tenant}
	q := v.ask("subject.create", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return "", err
	}
	var made string
	err := v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		found, no, err := v.replay(tx, &q, idem, &made)
		if found || no != nil || err != nil {
			return no, err
		}
		made, no, err = v.insertSubject(tx, &q, idem)
		return no, err
	})
	return made, err
}

const insertSubjectRow = `INSERT INTO subjects (tenant_id, subject_id, tenant_key_id, key_id, wrapped, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

func (v *Vault) insertSubject(tx *db.Tx, q *question, idem Idempotency) (id string, no, err error) {
	const op = "vault.CreateSubject"
	tenant := q.target.Tenant
	region, key, no, err := v.newestKey(tx, tenant)
	if no != nil || err != nil {
		return "", no, err
	}
	q.req.Home = v.Rules.Region(region)
	a := v.Rules.Decide(&q.req)
	if !a.Allow {
		no, err = v.refuseIn(tx, q, a)
		return "", no, err
	}
	id = newID(subjectPrefix)
	subjectKey, wrapped, err := key.NewSubjectKey(id)
	if err != nil {
		return "", nil, fault.Wrap(op, err)
	}
	s := &subject{tenant: tenant, id: id, region: region, tenantKey: key, key: subjectKey}
	s.state.alias = newAlias()
	q.alias = s.state.alias
	sealed, err := subjectKey.Seal(nil, bind("subject", tenant, id), s.state.encode())
	if err != nil {
		return "", nil, fault.Wrap(op, err)
	}
	_, err = tx.Exec(insertSubjectRow,
		tenant, id, key.ID().String(), subjectKey.ID().String(), wrapped, sealed, micros(tx.Now()))
	if err != nil {
		return "", nil, fault.Wrap(op, err)
	}
	if err := v.remember(tx, q, id, idem, id); err != nil {
		return "", nil, err
	}
	return id, nil, v.tell(tx, v.entry(q, a))
}

// newAlias is a random name for the ledger, of aliasLength.
func newAlias() string { return newID("p_") }

// saveState seals a person's changed standing.
func (v *Vault) saveState(tx *db.Tx, s *subject) error {
	state := s.state
	state.consents = v.stamped(state.consents)
	sealed, err := s.key.Seal(nil, bind("subject", s.tenant, s.id), state.encode())
	if err != nil {
		return fault.Wrap("vault.saveState", err)
	}
	v.forget(tx, s.tenant, s.id)
	_, err = tx.Exec(`UPDATE subjects SET sealed = $3 WHERE tenant_id = $1 AND subject_id = $2`, s.tenant, s.id, sealed)
	return fault.Wrap("vault.saveState", err)
}

// with and without keep a sorted set of purposes.
func with(set []string, id string) []string {
	at := sort.SearchStrings(set, id)
	if at < len(set) && set[at] == id {
		return set
	}
	return append(set[:at:at], append([]string{id}, set[at:]...)...)
}

func without(set []string, id string) []string {
	at := sort.SearchStrings(set, id)
	if at == len(set) || set[at] != id {
		return set
	}
	return append(set[:at:at], set[at+1:]...)
}
