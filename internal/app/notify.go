package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// Notify says by which channels people and staff are told. What is not set waits.
type Notify struct {
	Mail                   notify.Mail // URL "" for no mail
	Webhook, WebhookSecret string
	PagerKey, PagerURL     string            // of PagerDuty's own service, if the address is empty
	PagerKeys              map[string]string // of roles that have an integration of their own
	Letters                string            // a folder
	Staff                  notify.Staff
	HTTP                   *http.Client // for webhook and pager; nil: one of its own
}

// openOutbox makes the outbox and the channels that are set up.
func (a *App) openOutbox() (err error) {
	words, err := notify.NewLibrary(a.Policy)
	if err != nil {
		return err
	}
	n := a.Notify
	a.Outbox = &notify.Outbox{
		DB: a.DB, Words: words, Staff: n.Staff, Senders: map[notify.Channel]notify.Sender{}, Log: a.Log,
		Reach: a.reach, Alias: a.alias, Next: a.nextWay, OnPosted: a.posted, Drill: isCanary, Codes: a.codes,
	}
	if len(a.Plan.Papers) > 0 {
		a.Outbox.Electronic = a.electronic
	}
	add := func(by notify.Channel, wanted bool, make func() (notify.Sender, error)) {
		if !wanted || err != nil {
			return
		}
		var s notify.Sender
		if s, err = make(); err == nil {
			a.Outbox.Senders[by] = s
		}
	}
	add(notify.Email, n.Mail.URL != "", func() (notify.Sender, error) { return notify.NewMailer(n.Mail) })
	add(notify.Webhook, n.Webhook != "", func() (notify.Sender, error) { return notify.NewHook(n.Webhook, n.WebhookSecret, n.HTTP) })
	add(notify.Pager, n.PagerKey != "", func() (notify.Sender, error) {
		p, err := notify.NewPagerDuty(n.PagerKey, "Clause of "+a.Policy.Organisation.Name, n.PagerURL, n.HTTP)
		if err != nil {
			return nil, err
		}
		return p, p.Own(n.PagerKeys)
	})
	add(notify.Letter, n.Letters != "", func() (notify.Sender, error) { return notify.NewFolder(n.Letters, words) })
	return fault.Wrap("app.openOutbox", err)
}

// isCanary reports tenants of the probes: what they are told leaves no house.
func isCanary(tenant string) bool {
	return slices.Contains(canaryTenants(), tenant)
}

// messageDuty sends what waits.
func (a *App) messageDuty() work.Duty {
	return work.Duty{Name: "send messages", Every: 3 * a.Beat / 10, Now: true, Do: func(ctx context.Context) error {
		_, err := a.Outbox.Run(ctx, a.Now())
		return err
	}}
}

// messages is where applications read what people are told, in the store of a vault.
func (a *App) messages(v *vault.Vault) *duty.Messages {
	outbox := *a.Outbox
	outbox.DB = v.DB
	outbox.Alias = aliasIn(v)
	outbox.Returned = a.incidents(v, a.Ledger).CameBack
	return &duty.Messages{Vault: v, Outbox: &outbox, Reach: func(ctx context.Context, c vault.Caller, tenant, subject string, by notify.Channel) (notify.Address, error) {
		return a.reachAs(ctx, v, c, tenant, subject, by)
	}}
}

func (a *App) alias(tx *db.Tx, subject string) (string, error) { return aliasIn(a.Vault)(tx, subject) }

func aliasIn(v *vault.Vault) func(*db.Tx, string) (string, error) {
	return func(tx *db.Tx, subject string) (string, error) {
		who, err := v.DataSubject(tx, subject)
		if err != nil {
			return "", err
		}
		return who.Alias, nil
	}
}

// nextWay is how a person is told what a channel could not tell them: by a letter, where the policy says
// that people have an address, and else in the application. The clauses that promise notice of what is to
// come name all their channels themselves.
func (a *App) nextWay(template string, failed notify.Channel) notify.Channel {
	switch {
	case template == "policy-change" || template == "disclosure-notice":
		return ""
	case failed == notify.Email && a.Policy.Contacts.Address != "":
		return notify.Letter
	case failed == notify.Email || failed == notify.Letter:
		return notify.InApp
	}
	return ""
}

// reach reads how a person is reached, in the name of the server.
func (a *App) reach(ctx context.Context, tenant, subject string, by notify.Channel) (notify.Address, error) {
	caller := vault.Caller{
		Credential: decision.Credential{ID: "clause", Tenants: []string{tenant}, Environment: a.Environment},
		Scopes:     []string{vault.ScopeData},
	}
	if p := a.Policy.Contacts.Purpose; p != "" {
		caller.Credential.Purposes = decision.Set{}.With(a.Rules.Purpose(p))
	}
	return a.reachAs(ctx, a.Vault, caller, tenant, subject, by)
}

// reachAs reads how a person is reached, in a caller's name, for the purpose that the policy names, and no
// more of it than the channel needs. The vault decides, and records, as for anybody.
func (a *App) reachAs(ctx context.Context, v *vault.Vault, caller vault.Caller, tenant, subject string, by notify.Channel) (to notify.Address, err error) {
	const op = "app.reach"
	c := a.Policy.Contacts
	if c.Purpose == "" {
		return to, fault.New(op, fault.Refused, "the policy does not say how people are reached").WithHint("add contacts to it")
	}
	wanted := map[string]*string{c.Name: &to.Name}
	switch by {
	case notify.Email:
		wanted[c.Email] = &to.Email
	case notify.Letter:
		wanted[c.Address] = &to.Postal
	}
	delete(wanted, "")
	bySet := map[string][]string{}
	for name := range wanted {
		set, field, _ := strings.Cut(name, ".")
		bySet[set] = append(bySet[set], field)
	}
	for set, fields := range bySet {
		page, _, err := v.List(ctx, caller, vault.Target{Tenant: tenant, Subject: subject, DataSet: set, Purpose: c.Purpose, Fields: fields}, "", 1)
		if err != nil {
			return notify.Address{}, fault.Wrap(op, err)
		}
		if len(page) == 0 {
			continue
		}
		var values map[string]any
		if err := json.Unmarshal(page[0].Fields, &values); err != nil {
			return notify.Address{}, fault.New(op, fault.Other, "a record is no JSON")
		}
		for _, field := range fields {
			*wanted[set+"."+field], _ = values[field].(string)
		}
	}
	return to, nil
}

// tell tells the owner of a clock, or whoever stands for all roles; where nobody is named, the server's
// log, which the operator watches. Whoever is on call is alerted. An alert that nobody answered goes on.
func (a *App) tell(tx *db.Tx, e obligation.Event) error {
	if e.Clock.Duty.Kind == alert.Answer {
		return a.alerts(a.Vault).Escalate(tx, e.Clock.About)
	}
	if !isCanary(tx.Tenant()) {
		if err := a.alarm(tx, e); err != nil {
			return err
		}
	}
	role := notify.Role(e.Owner)
	who := a.Notify.Staff.Of(role)
	if len(who.Channels()) == 0 || isCanary(tx.Tenant()) {
		a.Log.Warn("a clock", "what", string(e.What), "duty", e.Clock.Duty.Kind, "clause", e.Clock.Duty.Clause, "tenant", tx.Tenant(), "clock", e.Clock.ID, "owner", e.Owner)
		return nil
	}
	details := map[string]string{
		"what": string(e.What), "duty": e.Clock.Duty.Kind, "clause": e.Clock.Duty.Clause, "about": e.Clock.About,
		"evidence": e.Clock.Duty.Evidence, "clock": e.Clock.ID, "tenant": tx.Tenant(),
	}
	if !e.Clock.Due.IsZero() {
		details["due"] = e.Clock.Due.In(a.Clocks.Zone).Format(time.RFC3339)
	}
	for _, by := range who.Channels() {
		if by == notify.Pager && len(a.Notify.Staff.OnCall()) > 0 {
			continue // the alert calls whoever is on call
		}
		err := notify.Enqueue(tx, notify.Message{
			Event: fmt.Sprintf("%s:%s:%d", e.Clock.ID, e.What, tx.Now().Unix()), Channel: by, Owner: role, Template: "clock", Language: who.Language, Details: details,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
