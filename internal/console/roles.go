package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// Roles say what members may do on the console, by what they are: need to know. Who has none of these roles sees
// the boards of clauses and of what is owed, in counts, and nothing else.
type Roles map[string]Role

// Role is what a role may do.
type Role struct {
	Scopes  []string `json:"scopes"`
	Tenants []string `json:"tenants,omitempty"` // where; none: everywhere
}

// given are the scopes that a role can have. Data is seen under a grant alone, and a grant is allowed by the
// customer alone.
var given = []string{vault.ScopeAudit, vault.ScopeDuties, vault.ScopeRights, vault.ScopeSubjects, vault.ScopeAdmin}

// ParseRoles reads roles: {"support": {"scopes": ["duties"], "tenants": ["acme"]}}.
func ParseRoles(src []byte) (Roles, error) {
	const op = "console.ParseRoles"
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	var all Roles
	if err := d.Decode(&all); err != nil || all == nil {
		return nil, fault.New(op, fault.Invalid, "the file of roles is not as it should be").WithHint(`{"support": {"scopes": ["duties"], "tenants": ["acme"]}}`)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(op, fault.Invalid, "the file of roles goes on after its end")
	}
	for name, role := range all {
		if name == "" || len(role.Scopes) == 0 {
			return nil, fault.New(op, fault.Invalid, "the role %q may do nothing", name).WithHint("leave it out")
		}
		for _, s := range role.Scopes {
			if !slices.Contains(given, s) {
				return nil, fault.New(op, fault.Invalid, "the role %q cannot have the scope %q", name, s).WithHint("audit, duties, rights, subjects or admin")
			}
		}
		for _, t := range role.Tenants {
			if !isID(t) {
				return nil, fault.New(op, fault.Invalid, "the role %q names a tenant that is none: %q", name, t)
			}
		}
	}
	return all, nil
}

// scopes are those that somebody's roles have in a tenant; "" is what concerns no one tenant.
func (r Roles) scopes(roles []string, tenant string) (all []string) {
	for _, name := range roles {
		role, ok := r[name]
		if !ok || len(role.Tenants) > 0 && !slices.Contains(role.Tenants, tenant) {
			continue
		}
		for _, s := range role.Scopes {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// applied is a member with what their roles may do in the tenant that they turned to. A drill is of no role: it is
// enrolled by a program.
func (r Roles) applied(who access.Presence, tenant string) access.Presence {
	if who.Drill {
		who.Roles = nil
	}
	c := &who.Caller
	more := r.scopes(who.Roles, tenant)
	c.Scopes = append(slices.Clone(c.Scopes), more...)
	if tenant != "" && len(more) > 0 && len(c.Credential.Tenants) == 0 { // the organisation's, and tenants that have left
		c.Credential.Tenants = []string{tenant}
	}
	return who
}

// reaches reports whether somebody's roles have a scope in a tenant, any for "".
func (r Roles) reaches(roles []string, tenant string) bool { return len(r.scopes(roles, tenant)) > 0 }
