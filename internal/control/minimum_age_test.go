package control_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestMinimumAgeCheck(t *testing.T) {
	checks(t, []check{
		{name: "18", control: &control.MinimumAge{Age: 18}},
		{name: "nobody", control: &control.MinimumAge{}, param: "age", finds: []string{"cannot be asked for"}},
		{name: "a span", control: &control.MinimumAge{Age: 18, Erase: policy.Term{Form: policy.Within, Count: 7, Unit: policy.Day}}},
		{name: "no figure", control: &control.MinimumAge{Age: 18, Erase: policy.Term{Form: policy.Prompt}}},
		{name: "again and again", control: &control.MinimumAge{Age: 18, Erase: policy.Term{Form: policy.Every, Count: 1, Unit: policy.Quarter}}, param: "erase", finds: []string{"once"}},
		{name: "hardly anybody", control: &control.MinimumAge{Age: 61}, param: "age", finds: []string{"cannot be asked for"}},
	})
}

func TestMinimumAgePlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("minimum-age", policy.Params{"age": 18, "erase": policy.Term{Form: policy.Within, Count: 7, Unit: policy.Day}})))
	if err != nil || len(plan.Incidents.Minor) != 1 || plan.Incidents.Minor[0].Clause != "promise" || plan.Incidents.Minor[0].Limit.Count != 7 {
		t.Errorf("what is owed of minors is not planned: %+v (%v)", plan.Incidents.Minor, err)
	}
	at := func(age int) policy.Keep { return keep("minimum-age", policy.Params{"age": age}) }
	plan, err = control.PlanOf(promising(at(16), at(18), at(13)))
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
		{name: "nobody is told of minors", says: "Nobody can report a minor", engine: minorsErased(nil)},
		{name: "a minor may stay longer", says: "runs by", engine: minorsErased(policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day})},
		{name: "a report goes nowhere", says: "is in no list", front: posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, _ url.Values) bool {
			if page != "minor" {
				return false
			}
			copyOut(w, i.post(r, page, url.Values{"login": {"nobody@canary.invalid"}}))
			return true
		})},
		{name: "who reports learns of accounts", says: "learns whether there is an account", front: posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
			if page != "minor" || form.Get("login") != i.login {
				return false
			}
			copyOut(w, i.post(r, page, form))
			w.Write([]byte("<p>There is.</p>"))
			return true
		})},
		{name: "a report starts no clock", says: "starts no clock", front: retelling(holding("/minors"), func(body []byte) []byte {
			return regexp.MustCompile(`"clocks":\[[^\]]*\]`).ReplaceAll(body, []byte(`"clocks":[]`))
		})},
		{name: "a minor is erased in words", says: "is still there", front: answeredFor("/finding", `{"id":"min_1","state":"erased","reported":"2026-01-01T00:00:00Z","by":"public","clocks":[]}`)},
		{name: "words end the clock", says: "was allowed", front: answeredFor("/discharge", `{}`)},
		{name: "other evidence ends the clock", says: `The clock of a minor is ended by "promise-made"`, front: retelling(holding("/minors"), func(body []byte) []byte {
			return regexp.MustCompile(`"discharge":"[^"]*"`).ReplaceAll(body, []byte(`"discharge":"promise-made"`))
		})},
		{name: "the report is never closed", says: "is not closed", front: rewritten(holding("/minors"), `"state":"erased"`, `"state":"open"`)},
		{name: "the clock runs on", says: "The clock of a minor who was erased is running", front: rewritten(holding("/minors"), `"state":"done"`, `"state":"running"`)},
	}
}

// minorsErased has the engine run by another term for minors; nil: by none.
func minorsErased(by any) func(p *policy.Policy) {
	return func(p *policy.Policy) {
		for _, clause := range p.Clauses {
			for _, keep := range clause.Keep {
				if keep.Control == "minimum-age" {
					delete(keep.Params, "erase")
					if by != nil {
						keep.Params["erase"] = by
					}
				}
			}
		}
	}
}
