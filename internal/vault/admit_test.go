package vault

import (
	"testing"

	"clause.dev/clause/internal/fault"
)

// Whoever is admitted and whoever is not: the organisation's log tells of both.
func TestAdmit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		auditor, expired, elsewhere := w.foreign, w.foreign, w.foreign
		auditor.Scopes, expired.Scopes, elsewhere.Scopes = []string{ScopeAudit}, []string{ScopeAudit}, []string{ScopeAudit}
		expired.Credential.Expires = w.clock.now()
		elsewhere.Credential.Environment = "production"
		for name, c := range map[string]struct {
			caller Caller
			tenant string
			ok     bool
		}{
			"its own tenant's":      {auditor, "other", true},
			"another tenant's":      {auditor, "acme", false},
			"no tenant's":           {auditor, "nowhere", false},
			"expired":               {expired, "other", false},
			"another environment's": {elsewhere, "other", false},
			"another scope":         {w.foreign, "other", false},
			"nobody":                {Caller{}, "other", false},
		} {
			before := w.size("_org")
			err := w.vault.Admit(w.ctx, c.caller, "ledger.read", c.tenant, ScopeAudit, ScopeAdmin)
			if (err == nil) != c.ok || (err != nil && !fault.Is(err, fault.Refused)) {
				t.Errorf("%s: %v", name, err)
			}
			e := w.newest("_org")
			if w.size("_org") != before+1 || e.Kind != "ledger.read" || (e.Answer == "allow") != c.ok || (e.Detail["tenant"] != "") != c.ok {
				t.Errorf("%s: entry %+v", name, e)
			}
		}
	})
}
