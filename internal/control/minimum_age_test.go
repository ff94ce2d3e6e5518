package control_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestMinimumAgeCheck(t *testing.T) {
	checks(t, []check{
		{name: "18", control: &control.MinimumAge{Age: 18}},
		{name: "nobody", control: &control.MinimumAge{}, param: "age", finds: []string{"cannot be asked for"}},
		{name: "hardly anybody", control: &control.MinimumAge{Age: 61}, param: "age", finds: []string{"cannot be asked for"}},
	})
}

func TestMinimumAgePlan(t *testing.T) {
	at := func(age int) policy.Keep { return keep("minimum-age", policy.Params{"age": age}) }
	plan, err := control.PlanOf(promising(at(16), at(18), at(13)))
	if err != nil || plan.Accounts.Rules.MinAge != 18 || plan.Accounts.Rules.MinAgeClause != "promise" {
		t.Errorf("the strictest promise is not planned: %+v (%v)", plan.Accounts.Rules, err)
	}
}

func minimumAgeSabotages() []sabotage {
	return []sabotage{
		{name: "a year is given away", says: "who turns 18 tomorrow was registered", engine: func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for _, keep := range clause.Keep {
					if keep.Control == "minimum-age" {
						keep.Params["age"] = 17
					}
				}
			}
		}},
		{name: "nobody is asked", says: "was registered", engine: func(p *policy.Policy) {
			for i := range p.Clauses {
				p.Clauses[i].Keep = slices.DeleteFunc(p.Clauses[i].Keep, func(k policy.Keep) bool { return k.Control == "minimum-age" })
			}
		}},
		{name: "who is turned away is stored", says: "and stored all the same", front: posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
			if page != "register" {
				return false
			}
			older := maps.Clone(form)
			older.Set("born", "1950-01-01")
			i.post(r, page, older)
			copyOut(w, i.post(r, page, form))
			return true
		})},
		{name: "who is turned away is marked", says: "turned away with a cookie", front: posing(func(_ *impostor, w http.ResponseWriter, _ *http.Request, page string, _ url.Values) bool {
			if page == "register" {
				w.Header().Add("Set-Cookie", "minor=1; Secure; HttpOnly")
			}
			return false
		})},
		formsLogged(),
	}
}
