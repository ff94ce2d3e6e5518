package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// configured tells how the server is set up, to callers with the scope admin or audit. No secret, and no address that
// may hold one, is in it.
func (a *App) configured(ctx context.Context, c vault.Caller) ([]console.Section, error) {
	if err := a.Vault.Admit(ctx, c, "configuration.read", "", vault.ScopeAdmin, vault.ScopeAudit); err != nil {
		return nil, err
	}
	return []console.Section{a.policySection(), a.serverSection(), a.tellingSection(), a.rolesSection(), a.controlsSection()}, nil
}

func (a *App) policySection() console.Section {
	p := a.Policy
	effective := ""
	if !p.Effective.IsZero() {
		effective = p.Effective.Format("2006-01-02")
	}
	var laws []string
	for _, l := range p.Laws {
		laws = append(laws, l.ID)
	}
	return console.Section{Name: "policy", Settings: []console.Setting{
		console.Set("organisation", p.Organisation.Name), console.Set("version", p.Version), console.Set("effective", effective),
		console.Set("digest", p.Digest), console.Set("laws", laws...), console.Set("calendar", p.Calendar),
	}}
}

func (a *App) serverSection() console.Section {
	store, _, _ := strings.Cut(a.Store, ":")
	blobs, application, backups := "folder", "", ""
	if a.Blobs != nil {
		blobs = "bucket"
	}
	if at := a.Config.Gate.Upstream; at != nil {
		application = at.Scheme + "://" + at.Host
	}
	if a.Backups.Folder != "" {
		backups = a.Backups.Every.String()
	}
	var cookies []string
	for _, c := range a.mayLeave() {
		cookies = append(cookies, c.Name)
	}
	return console.Section{Name: "server", Settings: []console.Setting{
		console.Set("region", a.Region), console.Set("environment", a.Environment), console.Set("store", store), console.Set("blobs", blobs),
		console.Set("public", a.PublicURL), console.Set("people", a.PeopleURL), console.Set("console", a.ConsoleURL), console.Set("application", application),
		console.Set("tls", tls.VersionName(a.Plan.TLSMin)), console.Set("cookies", cookies...), console.Set("proof", a.MaxAge.String()), console.Set("backups", backups),
	}}
}

func (a *App) tellingSection() console.Section {
	var channels []string
	for by := range a.Outbox.Senders {
		channels = append(channels, string(by))
	}
	slices.Sort(channels)
	return console.Section{Name: "telling", Settings: []console.Setting{console.Set("channels", channels...), console.Set("on-call", a.Notify.Staff.OnCall()...)}}
}

func (a *App) rolesSection() console.Section {
	s := console.Section{Name: "roles"}
	for _, name := range slices.Sorted(maps.Keys(a.ConsoleRoles)) {
		role := a.ConsoleRoles[name]
		may := strings.Join(role.Scopes, ", ")
		if len(role.Tenants) > 0 {
			may += ": " + strings.Join(role.Tenants, ", ")
		}
		s.Settings = append(s.Settings, console.Set(name, may))
	}
	return s
}

// controlsSection is what each clause has the server do.
func (a *App) controlsSection() console.Section {
	s := console.Section{Name: "controls"}
	for i := range a.Policy.Clauses {
		clause := &a.Policy.Clauses[i]
		var keeps []string
		for _, k := range clause.Keep {
			keeps = append(keeps, written(k))
		}
		if len(keeps) > 0 {
			s.Settings = append(s.Settings, console.Set(clause.ID, keeps...))
		}
	}
	return s
}

// written is a control with its parameters, in their order.
func written(k policy.Keep) string {
	var params []string
	for _, name := range slices.Sorted(maps.Keys(k.Params)) {
		value := fmt.Sprint(k.Params[name])
		if all, ok := k.Params[name].([]string); ok {
			value = strings.Join(all, ", ")
		}
		params = append(params, name+": "+value)
	}
	if len(params) == 0 {
		return k.Control
	}
	return k.Control + " (" + strings.Join(params, "; ") + ")"
}
