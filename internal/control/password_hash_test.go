package control_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/policy"
)

func TestPasswordHashCheck(t *testing.T) {
	checks(t, []check{
		{name: "bcrypt", control: &control.PasswordHash{Algorithm: "bcrypt", Cost: 12}},
		{name: "argon2id", control: &control.PasswordHash{Algorithm: "argon2id", Cost: 3}},
		{name: "too quick", control: &control.PasswordHash{Algorithm: "bcrypt", Cost: 9}, param: "cost", finds: []string{"cannot be promised"}},
		{name: "for ever", control: &control.PasswordHash{Algorithm: "argon2id", Cost: 17}, param: "cost", finds: []string{"cannot be promised"}},
		{name: "no function", control: &control.PasswordHash{Algorithm: "md5", Cost: 12}, param: "algorithm", finds: []string{"cannot be promised"}},
		{name: "two functions", control: &control.PasswordHash{Algorithm: "bcrypt", Cost: 12}, param: "algorithm", finds: []string{"clause other says"}, change: func(p *policy.Policy) {
			p.Clauses = []policy.Clause{{ID: "other", Keep: []policy.Keep{hashed("argon2id", 2)}}}
		}},
	})
}

func hashed(algorithm string, cost int) policy.Keep {
	return keep("password-hash", policy.Params{"algorithm": algorithm, "cost": cost})
}

// The strictest promise counts, and none makes it laxer than where nothing is promised.
func TestPasswordHashPlan(t *testing.T) {
	for _, row := range []struct {
		keeps []policy.Keep
		want  password.Rule
	}{
		{nil, password.Default()},
		{[]policy.Keep{hashed("bcrypt", 10)}, password.Default()},
		{[]policy.Keep{hashed("bcrypt", 14), hashed("bcrypt", 13)}, password.Rule{Algorithm: password.Bcrypt, Cost: 14}},
		{[]policy.Keep{hashed("argon2id", 3)}, password.Rule{Algorithm: password.Argon2id, Cost: 3}},
	} {
		plan, err := control.PlanOf(promising(row.keeps...))
		if err != nil || plan.Accounts.Password != row.want {
			t.Errorf("%v plans %v, not %v (%v)", row.keeps, plan.Accounts.Password, row.want, err)
		}
	}
}

func passwordHashSabotages() []sabotage {
	return []sabotage{
		{name: "another function", says: "hashed with another function than bcrypt", engine: func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for i := range clause.Keep {
					if clause.Keep[i].Control == "password-hash" {
						clause.Keep[i] = hashed("argon2id", 2)
					}
				}
			}
		}},
		{name: "a quick hash of another customer's", says: "hashed at a lower cost than promised", before: oldAccount},
		{name: "the hasher is quick", says: "hashed at a lower cost than promised", before: func(t *testing.T, w *world) {
			had := w.App.Accounts.Hasher
			w.App.Accounts.Hasher = password.NewHasher(password.Rule{Algorithm: password.Bcrypt, Cost: 11}, 1)
			t.Cleanup(func() { w.App.Accounts.Hasher = had })
		}},
		formsLogged(),
		{name: "hashes cannot be seen", says: "not a hash at all", system: func(_ *world, sys *control.System) {
			sys.People.Hashes = func(_ context.Context, look func(string)) error { look("seven quiet lanterns"); return nil }
		}},
	}
}

// oldAccount registers somebody in another tenant, of a time when hashes cost less.
func oldAccount(t *testing.T, w *world) {
	a := w.App.Accounts
	old := &identity.Accounts{
		DB: a.DB, People: a.People, Sessions: a.Sessions, Key: a.Key, Now: a.Now, Mail: a.Mail, Wait: func(context.Context, time.Duration) {},
		Hasher: password.NewHasher(password.Rule{Algorithm: password.Bcrypt, Cost: 4}, 1),
	}
	name, _ := json.Marshal("Ana")
	err := old.Register(t.Context(), w.System().Canary.B.ID, identity.Registration{
		Login: "ana@example.ae", Password: good, Fields: map[string]map[string]json.RawMessage{"identity": {"first_name": name}},
	}, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
}
