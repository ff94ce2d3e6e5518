package app

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/account"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// How long a session lasts: unused, and at most. The cookie itself ends with the browser.
const (
	sessionIdle    = 2 * time.Hour
	sessionLongest = 24 * time.Hour
)

// openAccounts makes what people sign in with, if the policy says how they are reached: without an address
// that is one person's alone nobody can.
func (a *App) openAccounts() error {
	login, err := loginOf(a.Policy)
	if err != nil || login.field == "" {
		return err
	}
	if login.receipts, err = account.Receipts(a.Policy, publish.Options{On: a.Now(), Controls: control.Catalogue()}); err != nil {
		return err
	}
	a.login = login
	mailed, err := a.Ring.Derive("mailed codes")
	if err != nil {
		return err
	}
	signed, err := a.Ring.Derive("session tokens")
	if err != nil {
		return err
	}
	a.Accounts = &identity.Accounts{
		DB: a.DB, People: directory{a, a.Vault}, Handles: handles{a.Vault}, Key: mailed, Now: a.Now, Wait: wait, Leaked: a.Leaked,
		Sessions: &session.Sessions{DB: a.DB, Key: signed, Idle: sessionIdle, Longest: sessionLongest},
		// Half of the processors: the other half goes on serving data.
		Hasher: password.NewHasher(a.Plan.Accounts.Password, max(1, runtime.GOMAXPROCS(0)/2)),
		Rules:  a.Plan.Accounts.Rules,
		Mail:   mailOfAccount,
	}
	return nil
}

// wait sleeps, or less if the context ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func mailOfAccount(tx *db.Tx, m identity.Mail) error {
	details := map[string]string{"day": m.At.Format(time.RFC3339)}
	if m.Code != "" {
		details = map[string]string{notify.Code: m.Code}
	}
	return notify.Enqueue(tx, notify.Message{Event: m.Event, Channel: notify.Email, Subject: m.Subject, Template: m.Template, Language: m.Language, Details: details})
}

// codes makes the code that a mail carries, and the address at which it is used: in the fragment, which no
// browser sends and no log keeps.
func (a *App) codes(tenant, template, language, id string) (code, link string) {
	if a.Accounts == nil {
		return "", ""
	}
	code = a.Accounts.CodeOf(tenant, id)
	page, ok := map[string]string{"account-verify": "verify", "account-recover": "reset"}[template]
	if a.PeopleURL == "" || !ok {
		return code, ""
	}
	if language != "ar" {
		language = "en"
	}
	return code, a.PeopleURL + account.Prefix + language + "/" + page + "#" + code
}

// accountDuty erases who did not verify their address in time.
func (a *App) accountDuty() work.Duty {
	return work.Duty{Name: "tidy accounts", Every: 5 * time.Minute, Now: true, Do: func(ctx context.Context) error {
		return a.Accounts.Tidy(ctx, a.Now())
	}}
}

// login is where the name stands that people sign in with.
type login struct {
	purpose, set, field string
	receipts            map[string]map[string][]byte // of consents: templates by language and purpose
}

// loginOf finds the field that people sign in with: the email address at which they are reached, if no two
// people can have the same.
func loginOf(p *policy.Policy) (login, error) {
	c := p.Contacts
	set, field, ok := strings.Cut(c.Email, ".")
	if !ok || c.Purpose == "" {
		return login{}, nil
	}
	for i := range p.Data {
		if p.Data[i].ID != set {
			continue
		}
		for j := range p.Data[i].Fields {
			if f := &p.Data[i].Fields[j]; f.ID == field && f.Unique {
				return login{purpose: c.Purpose, set: set, field: field}, nil
			}
		}
	}
	return login{}, nil
}

// directory is the vault as accounts see it.
type directory struct {
	app   *App
	vault *vault.Vault
}

// caller acts for people at the door of accounts, for the one purpose that accounts rest on.
func (d directory) caller(tenant string) vault.Caller {
	return vault.Caller{
		Credential: decision.Credential{ID: "accounts", Tenants: []string{tenant}, Purposes: decision.Set{}.With(d.app.Rules.Purpose(d.app.login.purpose)), Environment: d.app.Environment},
		Scopes:     []string{vault.ScopeData, vault.ScopeSubjects},
	}
}

// Named returns whom an address is of.
func (d directory) Named(ctx context.Context, tenant, name string) (string, error) {
	return d.vault.Whose(ctx, d.caller(tenant), tenant, d.app.login.set, d.app.login.field, name)
}

// Enrol makes a person.
func (d directory) Enrol(ctx context.Context, tenant string) (string, error) {
	return d.vault.CreateSubject(ctx, d.caller(tenant), tenant, vault.Idempotency{})
}

// Fill stores what somebody gave, in place of what they gave before.
func (d directory) Fill(ctx context.Context, tenant, subject string, r *identity.Registration) error {
	c := d.caller(tenant)
	fields := map[string]vault.Fields{d.app.login.set: {}}
	for set, given := range r.Fields {
		fields[set] = vault.Fields(given)
	}
	fields[d.app.login.set] = withLogin(fields[d.app.login.set], d.app.login.field, r.Login)
	for _, set := range inOrder(fields, d.app.login.set) {
		t := vault.Target{Tenant: tenant, Subject: subject, DataSet: set, Purpose: d.app.login.purpose}
		page, _, err := d.vault.List(ctx, c, t, "", 1)
		if err != nil {
			return err
		}
		if len(page) > 0 {
			t.Record = page[0].ID
		}
		if _, err := d.vault.Put(ctx, c, t, fields[set], vault.Condition{}, vault.Idempotency{}); err != nil {
			return err
		}
	}
	return d.consent(ctx, c, tenant, subject, r.Language, r.Consents)
}

// inOrder has the data set of the log-in name first: whoever's it is, nothing else is stored of others.
func inOrder(fields map[string]vault.Fields, first string) (sets []string) {
	for set := range fields {
		sets = append(sets, set)
	}
	slices.SortFunc(sets, func(a, b string) int {
		switch {
		case a == first:
			return -1
		case b == first:
			return 1
		}
		return strings.Compare(a, b)
	})
	return sets
}

func withLogin(given vault.Fields, field, name string) vault.Fields {
	all := vault.Fields{}
	for k, v := range given {
		all[k] = v
	}
	text, _ := json.Marshal(name) // a string always can
	all[field] = text
	return all
}

// consent records what somebody consented to, and that they did not to the rest.
func (d directory) consent(ctx context.Context, c vault.Caller, tenant, subject, language string, given []string) error {
	had, err := d.vault.Standing(ctx, c, tenant, subject)
	if err != nil {
		return err
	}
	for _, p := range d.app.Policy.Purposes {
		now, was := slices.Contains(given, p.ID), slices.Contains(had.Consents, p.ID)
		if p.Basis != policy.Consent || now == was {
			continue
		}
		said := vault.Expression{Purpose: p.ID, Given: now}
		if now {
			said.Text, said.Language = account.Asks(d.app.Policy, p.ID, language), language
			said.Receipt = d.app.login.receipts[language][p.ID]
		}
		if _, err := d.vault.Consent(ctx, c, tenant, subject, said); err != nil {
			return err
		}
	}
	return nil
}

// Person returns somebody's key and name in the ledger.
func (d directory) Person(tx *db.Tx, subject string) (identity.Person, error) {
	who, err := d.vault.DataSubject(tx, subject)
	if err != nil {
		return nil, err
	}
	return holder{who}, nil
}

type holder struct{ *vault.DataSubject }

// Name is the alias the ledger knows them by.
func (h holder) Name() string { return h.Alias }

// Erase erases somebody who never verified their address: nobody waits for a certificate of it.
func (d directory) Erase(ctx context.Context, tenant, subject string) error {
	err := d.vault.EraseSubject(ctx, d.caller(tenant), tenant, subject)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
