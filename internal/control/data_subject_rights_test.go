package control_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
)

func TestDataSubjectRightsCheck(t *testing.T) {
	span := func(n int, unit policy.Unit) policy.Term {
		return policy.Term{Form: policy.Within, Count: n, Unit: unit}
	}
	prompt := policy.Term{Form: policy.Prompt}
	access := []string{"access"}
	checks(t, []check{
		{name: "a figure", control: &control.DataSubjectRights{Rights: access, Within: span(30, policy.Day)}},
		{name: "the law's figure", control: &control.DataSubjectRights{Rights: access}},
		{name: "no figure", control: &control.DataSubjectRights{Rights: access, Within: prompt}},
		{name: "a rhythm", control: &control.DataSubjectRights{Rights: access, Within: policy.Term{Form: policy.Every, Count: 1, Unit: policy.Month}}, param: "within", finds: []string{"a time to be answered in"}},
		{name: "an endless extension", control: &control.DataSubjectRights{Rights: access, Extend: prompt}, param: "extend", finds: []string{"a time to be answered in"}},
		{name: "business days without a calendar", control: &control.DataSubjectRights{Rights: access, Acknowledge: span(5, policy.BusinessDay)}},
		{name: "a receipt after the answer", control: &control.DataSubjectRights{Rights: access, Within: span(1, policy.Day), Acknowledge: span(2, policy.Day)}, param: "acknowledge", finds: []string{"after all is done"}},
		{name: "a receipt after the law's answer", control: &control.DataSubjectRights{Rights: access, Acknowledge: span(2, policy.Month)}, param: "acknowledge", finds: []string{"after all is done"}},
		{name: "nothing to withdraw", control: &control.DataSubjectRights{Rights: []string{"withdrawal", "objection"}}, change: func(p *policy.Policy) { p.Purposes = p.Purposes[:1] }},
	})
}

func TestDataSubjectRightsPlan(t *testing.T) {
	k := keep("data-subject-rights", policy.Params{"rights": []string{"access", "erasure"}, "within": policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}})
	lawful := keep("data-subject-rights", policy.Params{"rights": []string{"rectification"}})
	plan, err := control.PlanOf(promising(k, lawful))
	if err != nil {
		t.Fatal(err)
	}
	for right, want := range map[rights.Right]string{rights.Access: "30 days", rights.Erasure: "30 days", rights.Rectification: "1 month", rights.Objection: ""} {
		all := plan.Rights[right]
		switch {
		case want == "" && len(all) != 0:
			t.Errorf("%s is planned: %+v", right, all)
		case want == "":
		case len(all) != 1 || all[0].Answer.Limit.String() != want || all[0].Answer.Clause != "promise" || all[0].Acknowledge.Kind != "":
			t.Errorf("%s is planned as %+v", right, all)
		}
	}
	if by := plan.Rights[rights.Rectification][0].Extend.String(); by != "2 months" {
		t.Errorf("where the time is the law's, so is the extension: %q", by)
	}
	if by := plan.Rights[rights.Access][0].Extend; by.Form != "" {
		t.Errorf("the clause promises 30 days, and an extension of %s is planned", by)
	}
}

func rightsSabotages() []sabotage {
	return []sabotage{
		{name: "an objection is answered and forgotten", says: "after a request of objection was allowed", front: forgetting("objection")},
		{name: "a withdrawal is answered and forgotten", says: "after a request of withdrawal was allowed", front: forgetting("withdrawal")},
		{name: "a restriction is answered and forgotten", says: "after a request of restriction was allowed", front: forgetting("restriction")},
		{name: "an erasure is answered and forgotten", says: "after a request of erasure was allowed", front: forgetting("erasure")},
		{name: "a correction is answered and forgotten", says: "as it was before", front: forgetting("rectification")},
		{name: "what was read is served for ever", says: "as it was before", front: caching()},
		{name: "any ground is a ground", says: "without a legal ground was allowed", front: pleasing(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/refuse") })},
		{name: "a laxer figure is run by", says: "which is not what the clause says", engine: rightsParams(func(p policy.Params) {
			p["within"] = policy.Term{Form: policy.Within, Count: 300, Unit: policy.Day}
		})},
		{name: "a right is not promised", says: "Nothing says by when a request of request.portability", engine: rightsParams(func(p policy.Params) {
			p["rights"] = []string{"access", "rectification", "erasure", "withdrawal", "objection", "restriction"}
		})},
		{name: "a link works for ever", says: "a second time was allowed", front: keeping(func(path string) bool { return strings.HasPrefix(path, "/download/") })},
		{name: "a data set is left out", says: "The package of access holds", front: repacking(func(name string, body []byte) []byte {
			var data map[string]json.RawMessage
			if name != "data.json" || json.Unmarshal(body, &data) != nil {
				return body
			}
			var sets map[string]json.RawMessage
			json.Unmarshal(data["data"], &sets)
			delete(sets, "identity")
			data["data"], _ = json.Marshal(sets)
			body, _ = json.Marshal(data)
			return body
		})},
		{name: "a table is left out", says: "The table in the package of access lacks", front: repacking(func(name string, body []byte) []byte {
			if name == "data/debts.csv" {
				return nil
			}
			return body
		})},
		{name: "a neighbour's data is in it", says: "holds data of somebody else", front: leakingPackages},
		{name: "what an agent signed may be changed", says: "A message of an agent that was changed on its way was allowed", front: pleasing(func(r *http.Request) bool { return r.URL.Path == exercisingPath })},
		{name: "an agent's results are served for ever", says: "Collecting the results of an agent's request a second time was allowed", front: keeping(func(path string) bool { return strings.HasSuffix(path, "/results") })},
		{name: "what an agent takes back goes on", says: "A request that an agent took back is in_progress", front: deafToAgents},
		{name: "a message of an agent counts each time", says: "sent again opened another request", front: countingAgents},
		{name: "an old token message makes a new token", says: "Pairing an agent with a message that was used before was allowed", front: pleasing(func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/agent/") })},
		{name: "the ledger in it is touched up", says: "does not verify", front: repacking(func(name string, body []byte) []byte {
			if name == "ledger.json" {
				return bytes.Replace(body, []byte(`"answer":"allow"`), []byte(`"answer":"allov"`), 1)
			}
			return body
		})},
	}
}

func rightsParams(change func(policy.Params)) func(*policy.Policy) {
	return func(p *policy.Policy) {
		for _, clause := range p.Clauses {
			for _, keep := range clause.Keep {
				if keep.Control == "data-subject-rights" {
					change(keep.Params)
				}
			}
		}
	}
}

const exercisingPath = "/v1/data-rights-request"

// deafToAgents says that a request was revoked, and lets it go on.
func deafToAgents(_ *control.System, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := strings.CutPrefix(r.URL.Path, exercisingPath+"/"); ok && r.Method == http.MethodDelete {
			json.NewEncoder(w).Encode(api.ExerciseStatus{ID: id, Status: "revoked"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// countingAgents makes a request of every message, the same or not.
func countingAgents(_ *control.System, next http.Handler) http.Handler {
	var seen sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != exercisingPath || r.Header.Get("Authorization") == "" {
			next.ServeHTTP(w, r)
			return
		}
		message, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(message))
		got := httptest.NewRecorder()
		next.ServeHTTP(got, r)
		var s api.ExerciseStatus
		if _, again := seen.LoadOrStore(string(message), true); again && json.Unmarshal(got.Body.Bytes(), &s) == nil {
			s.ID = "00000000-0000-4000-8000-000000000000"
			json.NewEncoder(w).Encode(s)
			return
		}
		copyOut(w, got)
	})
}

// forgetting answers requests of a right, and does nothing.
func forgetting(right string) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		var mine sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if path, ok := strings.CutSuffix(r.URL.Path, "/answer"); ok {
				if request, known := mine.Load(path[strings.LastIndexByte(path, '/')+1:]); known {
					answered := request.(api.Request)
					answered.State = "answered"
					json.NewEncoder(w).Encode(api.Answer{Request: answered})
					return
				}
			}
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			var request api.Request
			if strings.HasSuffix(r.URL.Path, "/requests") && json.Unmarshal(got.Body.Bytes(), &request) == nil && request.Right == right {
				mine.Store(request.ID, request)
			}
			copyOut(w, got)
		})
	}
}

// keeping serves what was fetched once to whoever fetches it again.
func keeping(meant func(path string) bool) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		var known sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !meant(r.URL.Path) {
				next.ServeHTTP(w, r)
				return
			}
			if old, held := known.Load(r.URL.Path); held {
				copyOut(w, old.(*httptest.ResponseRecorder))
				return
			}
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			known.Store(r.URL.Path, got)
			copyOut(w, got)
		})
	}
}

// repacking changes what is in a package; what becomes nil is left out.
func repacking(change func(name string, body []byte) []byte) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			if strings.HasPrefix(r.URL.Path, "/download/") && got.Code == http.StatusOK {
				got.Body = repack(got.Body.Bytes(), change)
			}
			copyOut(w, got)
		})
	}
}

func repack(archive []byte, change func(string, []byte) []byte) *bytes.Buffer {
	out := &bytes.Buffer{}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return out
	}
	again := zip.NewWriter(out)
	defer again.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			continue
		}
		body, _ := io.ReadAll(r)
		if body = change(f.Name, body); body != nil {
			w, _ := again.Create(f.Name)
			w.Write(body)
		}
	}
	return out
}

// leakingPackages puts into each package what anybody has sent.
func leakingPackages(sys *control.System, next http.Handler) http.Handler {
	var mu sync.Mutex
	var sent []byte
	return leaking(func(body []byte) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, body...)
	})(sys, repacking(func(name string, body []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if name == "index.html" {
			return append(body, sent...)
		}
		return body
	})(sys, next))
}
