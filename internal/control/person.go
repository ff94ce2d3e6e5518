package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
)

// person is a canary person at the front door of a tenant.
type person struct {
	door
	policy     *policy.Policy
	tenant, id string
	marks      marks
}

// forgetting is how long a probe may take to remove its canaries once it is over or cut short.
const forgetting = 15 * time.Second

func (s *System) door(key string) door { return door{s.HTTP, s.URL, key} }

// join makes a canary person of the tenant.
func (s *System) join(ctx context.Context, t Tenant) (*person, error) {
	if s.HTTP == nil || s.URL == "" || t.Key == "" || s.Policy == nil {
		return nil, errors.New("there is no canary tenant at a front door")
	}
	p := &person{door: s.door(t.Key), policy: s.Policy, tenant: t.ID, marks: newMarks()}
	a, err := p.do(ctx, call{method: "POST", path: p.home() + "/subjects"})
	if err := done("a canary person could not be made", a, err); err != nil {
		return nil, err
	}
	var made api.Subject
	if err := json.Unmarshal(a.body, &made); err != nil || made.ID == "" {
		return nil, errors.New("the server made a person without an id")
	}
	p.id = made.ID
	return p, nil
}

// with runs fn with a canary person of the tenant, and erases it whatever becomes of fn.
func (s *System) with(ctx context.Context, t *trial, tenant Tenant, fn func(*person)) {
	p, err := s.join(ctx, tenant)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	defer p.forget(ctx, t)
	fn(p)
}

// forget erases the canary whatever became of the probe: t learns if it could not.
func (p *person) forget(ctx context.Context, t *trial) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := p.erase(ctx)
	if err == nil && !a.ok() && !a.refused() {
		err = fmt.Errorf("%s", a)
	}
	if err != nil {
		t.hurdle("a canary person could not be erased again: %v", err)
	}
}

func (p *person) home() string { return "/v1/tenants/" + url.PathEscape(p.tenant) }

func (p *person) path(parts ...string) string {
	return below(p.home()+"/subjects/"+url.PathEscape(p.id), parts)
}

// below is a path of parts that could hold anything.
func below(path string, parts []string) string {
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func (p *person) erase(ctx context.Context) (answer, error) {
	return p.do(ctx, call{method: "DELETE", path: p.path()})
}

func (p *person) consent(ctx context.Context, purpose string, given bool) error {
	a, err := p.do(ctx, call{method: "PUT", path: p.path("consents", purpose), body: api.Consent{Given: given}})
	return done("consent to "+purpose+" could not be recorded", a, err)
}

// fill stocks each of the data sets that some purpose may write, blobs included.
func (p *person) fill(ctx context.Context, t *trial, sets []*policy.DataSet) []kept {
	var all []kept
	for _, set := range sets {
		k, err := p.stock(ctx, set)
		if errors.Is(err, errNoWriter) {
			t.note("%s was left out: no purpose may store a whole record of it unconditionally.", set.ID)
			continue
		}
		if err == nil {
			err = p.attach(ctx, k)
		}
		if err != nil {
			t.hurdle("%v", err)
			continue
		}
		all = append(all, k)
	}
	return all
}

// attach sends a blob into each blob field of a record that its writer sees.
func (p *person) attach(ctx context.Context, k kept) error {
	purpose, _ := writer(p.policy, k.set)
	for _, id := range sight(purpose, k.set.ID) {
		if f, ok := k.set.Field(id); !ok || f.Type != policy.Blob {
			continue
		}
		if err := p.blob(ctx, purpose, k, p.path("data", k.set.ID, k.id, "blobs", id)); err != nil {
			return err
		}
	}
	return nil
}

// blob sends a blob of the person's marks, and reads it back if the purpose may.
func (p *person) blob(ctx context.Context, purpose *policy.Purpose, k kept, path string) error {
	a, err := p.do(ctx, call{method: "PUT", path: path, purpose: purpose.ID, raw: []byte(p.marks.text)})
	if err := done("a canary blob of "+k.set.ID+" could not be stored", a, err); err != nil || !may(purpose, policy.Read) {
		return err
	}
	a, err = p.do(ctx, call{method: "GET", path: path, purpose: purpose.ID})
	if err := done("a canary blob of "+k.set.ID+" could not be read back", a, err); err != nil {
		return err
	}
	if !a.holds(p.marks) {
		return fmt.Errorf("a canary blob of %s did not come back as it was", k.set.ID)
	}
	return nil
}

// show reads a record for a purpose that may, and reports whether the person's marks came back.
func (p *person) show(ctx context.Context, k kept) (bool, error) {
	for _, purpose := range readers(p.policy, k.set.ID) {
		if err := p.ready(ctx, purpose); err != nil {
			return false, err
		}
		a, err := p.read(ctx, purpose.ID, k.set.ID, k.id)
		if err := done("a canary record of "+k.set.ID+" could not be read back", a, err); err != nil {
			return false, err
		}
		if a.holds(p.marks) {
			return true, nil
		}
	}
	return false, nil
}

func (p *person) object(ctx context.Context, purpose string, objected bool) error {
	a, err := p.do(ctx, call{method: "PUT", path: p.path("objections", purpose), body: api.Objection{Objected: objected}})
	return done("an objection to "+purpose+" could not be recorded", a, err)
}

// alias returns the name by which the ledger knows the person.
func (p *person) alias(ctx context.Context) (string, error) {
	a, err := p.do(ctx, call{method: "GET", path: p.path("standing")})
	if err := done("the canary's standing could not be read", a, err); err != nil {
		return "", err
	}
	var standing api.Standing
	if err := json.Unmarshal(a.body, &standing); err != nil || standing.Alias == "" {
		return "", errors.New("the canary's standing names no alias")
	}
	return standing.Alias, nil
}

// create sends a record for a purpose.
func (p *person) create(ctx context.Context, purpose, dataSet string, fields any) (answer, error) {
	body := map[string]any{"fields": fields}
	return p.do(ctx, call{method: "POST", path: p.path("data", dataSet), purpose: purpose, body: body})
}

// read asks for a record for a purpose, in the projection given, all that it may see if nil.
func (p *person) read(ctx context.Context, purpose, dataSet, record string, fields ...string) (answer, error) {
	return p.do(ctx, call{method: "GET", path: p.path("data", dataSet, record), purpose: purpose, fields: fields})
}

// kept is a record that a canary person has.
type kept struct {
	set    *policy.DataSet
	id     string
	values map[string]any
	marked bool // the person's marks are in it
}

// stock stores a record of the person's marks in the data set, consenting where its purpose needs it.
// A data set that no purpose may write whole gives errNoWriter.
func (p *person) stock(ctx context.Context, set *policy.DataSet) (kept, error) {
	purpose, fields := writer(p.policy, set)
	if purpose == nil {
		return kept{}, errNoWriter
	}
	if err := p.ready(ctx, purpose); err != nil {
		return kept{}, err
	}
	values, marked := p.marks.sample(set, fields)
	a, err := p.create(ctx, purpose.ID, set.ID, values)
	if err := done("a canary record of "+set.ID+" could not be stored", a, err); err != nil {
		return kept{}, err
	}
	var stored api.Stored
	if err := json.Unmarshal(a.body, &stored); err != nil || stored.Record == "" {
		return kept{}, errors.New("the server stored a record without an id")
	}
	return kept{set, stored.Record, values, marked}, nil
}

var errNoWriter = errors.New("no purpose of the policy may write a whole record of it")

// ready gives the consent that a purpose rests on.
func (p *person) ready(ctx context.Context, purpose *policy.Purpose) error {
	if purpose.Basis != policy.Consent {
		return nil
	}
	return p.consent(ctx, purpose.ID, true)
}

// fieldsOf returns the fields of an answered record.
func fieldsOf(a answer) (api.Fields, error) {
	var record api.Record
	if err := json.Unmarshal(a.body, &record); err != nil {
		return nil, errors.New("the answer is not a record")
	}
	return record.Fields, nil
}

// holds reports whether the answer carries one of the marks.
func (a answer) holds(m marks) bool {
	return bytes.Contains(a.body, []byte(m.text)) || bytes.Contains(a.body, []byte(m.number))
}

// fillAndShow stocks the data sets and reads them back. It returns what it stocked if the person's
// marks are now in the server's hands, and nothing otherwise: there would be nothing to search for.
func (p *person) fillAndShow(ctx context.Context, t *trial, sets []*policy.DataSet) []kept {
	shown, all := false, p.fill(ctx, t, sets)
	for _, k := range all {
		back, err := p.show(ctx, k)
		if err != nil {
			t.hurdle("%v", err)
			continue
		}
		if k.marked && back {
			t.good("A canary value given to %s is answered as it was given.", k.set.ID)
			shown = true
		}
	}
	if shown {
		return all
	}
	if len(t.hurdles) == 0 {
		t.hurdle("no canary value could be given to %s and read back.", list(titles(sets)))
	}
	return nil
}
