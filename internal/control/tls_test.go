package control_test

import (
	"crypto/tls"
	"net/http/httptest"
	"strings"
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

func tlsSabotages() []sabotage {
	return []sabotage{
		{name: "old versions", says: "TLS 1.0 works", tls: func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 }},
		{name: "the last but one old version", says: "TLS 1.1 works", tls: func(c *tls.Config) { c.MinVersion = tls.VersionTLS11 }},
		{name: "no new version", says: "TLS 1.3 fails", tls: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }},
		{name: "a plain port", says: "plain HTTP is answered", system: func(w *world, sys *control.System) {
			plain := httptest.NewServer(w.door)
			sys.Plain = []string{strings.TrimPrefix(plain.URL, "http://")}
		}},
		{name: "a plain front door", says: "not encrypted", system: func(_ *world, sys *control.System) {
			sys.URL = strings.Replace(sys.URL, "https://", "http://", 1)
		}},
	}
}
