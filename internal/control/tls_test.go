package control_test

import (
	"crypto/tls"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestTLSCheck(t *testing.T) {
	checks(t, []check{
		{name: "1.2", control: &control.TLS{Minimum: "1.2"}},
		{name: "1.3", control: &control.TLS{Minimum: "1.3"}},
		{name: "1.1 is broken", control: &control.TLS{Minimum: "1.1"}, param: "minimum", finds: []string{"RFC 8996"}},
		{name: "none", control: &control.TLS{}, param: "minimum", finds: []string{"must be 1.2 or 1.3"}},
	})
}

func TestTLSPlan(t *testing.T) {
	low, high := keep("tls", policy.Params{"minimum": "1.2"}), keep("tls", policy.Params{"minimum": "1.3"})
	for _, row := range []struct {
		keeps []policy.Keep
		want  uint16
	}{
		{nil, tls.VersionTLS12}, {[]policy.Keep{low}, tls.VersionTLS12}, {[]policy.Keep{high}, tls.VersionTLS13},
		{[]policy.Keep{high, low}, tls.VersionTLS13}, // the strictest promise counts
	} {
		plan, err := control.PlanOf(promising(row.keeps...))
		if err != nil {
			t.Fatal(err)
		}
		if plan.TLSMin != row.want {
			t.Errorf("%v plans %s, not %s", row.keeps, tls.VersionName(plan.TLSMin), tls.VersionName(row.want))
		}
	}
}
