package vault

import (
	"context"
	"slices"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// Admit decides who may do what concerns no one person's data: administer applications, run probes,
// read a ledger. It needs one of the scopes, and for a tenant's own a credential of that tenant. The
// answer, whichever it is, is in the organisation's log when Admit returns.
func (v *Vault) Admit(ctx context.Context, c Caller, act, tenant string, scopes ...string) error {
	reason := v.inadmissible(&c, tenant, scopes)
	e := proof.Entry{Kind: act, Actor: c.Credential.ID, Answer: proof.Allow}
	if reason != "" {
		e.Answer, e.Reason = proof.Refuse, reason
	} else if tenant != "" {
		e.Detail = map[string]string{"tenant": tenant}
	}
	if err := v.record(ctx, db.Organisation, e); err != nil {
		return err
	}
	return inadmissible(act, reason, scopes)
}

// Administer is Admit with the scope admin, for acts that have entries of their own when they are
// allowed: it records refusals alone.
func (v *Vault) Administer(ctx context.Context, c Caller, act string) error {
	if v.inadmissible(&c, "", []string{ScopeAdmin}) == "" {
		return nil
	}
	return v.Admit(ctx, c, act, "", ScopeAdmin)
}

// inadmissible says why not, "" if nothing speaks against it.
func (v *Vault) inadmissible(c *Caller, tenant string, scopes []string) string {
	live := !c.Credential.Revoked && (c.Credential.Expires.IsZero() || v.Now().Before(c.Credential.Expires))
	switch {
	case c.Credential.ID == "" || !live:
		return decision.BadCredential.String()
	case c.Credential.Environment != v.Environment:
		return decision.WrongEnvironment.String()
	case !slices.ContainsFunc(scopes, c.Has):
		return "the credential lacks the scope"
	case tenant != "" && !slices.Contains(c.Credential.Tenants, tenant):
		return decision.WrongTenant.String()
	}
	return ""
}

func inadmissible(act, reason string, scopes []string) error {
	if reason == "" {
		return nil
	}
	return fault.New("vault."+act, fault.Refused, "%s", reason).WithHint("it needs the scope %s", strings.Join(scopes, " or "))
}
