package policy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

const clesaroFile = "../../examples/clesaro/policy.yaml"

// backupsEndInTime complains of an erasure promised sooner than backups end.
func backupsEndInTime(p *policy.Policy, params policy.Params) error {
	if within := params["within"].(time.Duration); p.Backups.Epoch+p.Backups.Horizon > within {
		return fault.New("test", fault.Invalid, "backups outlive the promise").WithField("within").WithHint("shorten the horizon")
	}
	return nil
}

func clesaro(t *testing.T) *policy.Policy {
	t.Helper()
	src, err := os.ReadFile(clesaroFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(clesaroFile, src, controls())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The ids are those of the list of promises: a promise must not be lost.
func TestClesaroHoldsEveryPromise(t *testing.T) {
	promises := []string{"controller", "contact", "contract", "consent", "legitimate-interests", "categories",
		"no-sensitive", "purposes", "no-sale", "minimisation", "location", "passwords", "tls", "database-firewall",
		"session-cookie", "email-verification", "encryption", "retention", "erasure", "aggregates", "rights",
		"cookies", "breach", "children", "change-notice", "complaints"}
	p := clesaro(t)
	var got []string
	for _, c := range p.Clauses {
		got = append(got, c.ID)
		if len(c.Keep) == 0 {
			t.Errorf("no control keeps %s", c.ID)
		}
	}
	for i, id := range promises {
		promises[i] = "clesaro-" + id
	}
	if !slices.Equal(got, promises) {
		t.Errorf("clauses are\n%q, want\n%q", got, promises)
	}
}

// The figures are those of the promises.
func TestClesaroFigures(t *testing.T) {
	p := clesaro(t)
	for _, want := range []struct {
		clause, control, param string
		value                  any
	}{
		{"clesaro-erasure", "erasure", "within", 30 * 24 * time.Hour},
		{"clesaro-tls", "tls", "minimum", "1.2"},
		{"clesaro-passwords", "password-hash", "cost", int64(12)},
		{"clesaro-children", "minimum-age", "age", int64(18)},
		{"clesaro-contact", "clock", "acknowledge", policy.Term{Form: policy.Within, Count: 5, Unit: policy.BusinessDay}},
		{"clesaro-breach", "breach-notice", "authority", policy.Term{Form: policy.Within, Count: 72, Unit: policy.Hour}},
		{"clesaro-rights", "data-subject-rights", "free", true},
	} {
		c, _ := p.Clause(want.clause)
		i := slices.IndexFunc(c.Keep, func(k policy.Keep) bool { return k.Control == want.control })
		if i < 0 || c.Keep[i].Params[want.param] != want.value {
			t.Errorf("%s: want %s with %s %v, got %+v", want.clause, want.control, want.param, want.value, c.Keep)
		}
	}
	if sum := p.Backups.Epoch + p.Backups.Horizon; sum > 30*24*time.Hour {
		t.Errorf("backups last %s, 30 days are promised", sum)
	}
}

// Technical data is for security only and on no disk; nobody without a clause's leave sees it.
func TestClesaroTechnicalData(t *testing.T) {
	p := clesaro(t)
	technical, _ := p.DataSet("technical")
	if technical.Storage != policy.Memory {
		t.Errorf("technical data is %s", technical.Storage)
	}
	for _, u := range p.Purposes {
		sees := slices.ContainsFunc(u.Sees, func(s policy.Sight) bool { return s.DataSet == "technical" })
		if sees != (u.ID == "security") {
			t.Errorf("purpose %s sees technical data: %v", u.ID, sees)
		}
	}
}

func TestDigestIsOfTheFileAsPublished(t *testing.T) {
	src, err := os.ReadFile(clesaroFile)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(src)
	p := clesaro(t)
	if want := hex.EncodeToString(sum[:]); p.Digest != want || policy.Digest(p) != want {
		t.Errorf("digest %s, want %s", p.Digest, want)
	}
	if !slices.Equal(p.Source, src) || p.File != clesaroFile {
		t.Error("the policy does not keep its source and name")
	}
}
