package app

import (
	"context"
	"sync"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/vault"
)

// notices is where versions of the policy are announced, in the store of a vault.
func (a *App) notices(v *vault.Vault) *notice.Desk {
	return &notice.Desk{
		Vault: v, Engine: a.engine(v), Policy: a.Policy, Controls: control.Catalogue(),
		Parse: a.versions.parse, Promised: promised, Canaries: canaryTenants(),
	}
}

// promised is what a policy's controls say of the notice of changes, and whose days it counts.
func promised(p *policy.Policy) (notice.Promised, error) {
	plan, err := control.PlanOf(p)
	if err != nil {
		return notice.Promised{}, err
	}
	_, zone := control.CalendarOf(p)
	all := notice.Promised{Zone: zone}
	for _, n := range plan.Notices {
		all.Promises = append(all.Promises, notice.Promise(n))
	}
	all.Papers = plan.Papers
	return all, nil
}

// electronic reports whether a person consents to notice by electronic means.
func (a *App) electronic(tx *db.Tx, subject string) (bool, error) {
	who, err := a.Vault.DataSubject(tx, subject)
	if err != nil {
		return false, err
	}
	return who.Electronic, nil
}

// posted takes note of letters that were posted.
func (a *App) posted(tx *db.Tx, event string) error { return notice.LetterPosted(a.Clocks, tx, event) }

// swept ends what is owed to whom a sweep has removed, and certifies it. Of a canary no clock stays.
func (a *App) swept(tx *db.Tx, s vault.Swept) error {
	owed, err := notice.Gone(a.Clocks, tx, s.Subject)
	for _, id := range owed {
		if err == nil && isCanary(tx.Tenant()) {
			err = a.Clocks.Remove(tx, id)
		}
	}
	if err != nil {
		return err
	}
	return retention.Swept(tx, s)
}

// takeEffect records that the policy is in force, unless people must be told first.
func (a *App) takeEffect(ctx context.Context) error {
	desk := a.notices(a.Vault)
	if err := desk.TakeEffect(ctx, operator, a.WithoutNotice); err != nil {
		return err
	}
	editions, err := desk.Editions(ctx)
	a.editions = editions
	a.Vault.SetEditions(editions)
	return err
}

// announce tells whoever is still to be told of a version of the policy.
func (a *App) announce(ctx context.Context) error { return a.notices(a.Vault).RunDue(ctx, a.Now()) }

// mayTakeEffect is what starting with a policy would come to, see control.System.
func (a *App) mayTakeEffect(ctx context.Context, src []byte, at time.Time) error {
	return a.notices(a.Vault).MayTakeEffect(ctx, src, at)
}

// published are the versions that the public is shown.
func (a *App) published(ctx context.Context) (out []api.PolicyVersion, err error) {
	all, err := a.notices(a.Vault).Versions(ctx)
	for _, v := range all {
		out = append(out, httpapi.Version(v))
	}
	return out, err
}

// versions are policies that were read lately: the pages that show what is announced read none twice.
type versions struct {
	mu    sync.Mutex
	known map[string]*policy.Policy // by source
}

// mostVersions is how many are remembered.
const mostVersions = 8

// parse reads a policy that this server could run.
func (s *versions) parse(src []byte) (*policy.Policy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.known[string(src)]; p != nil {
		return p, nil
	}
	p, err := policy.Parse("policy.yaml", src, control.Catalogue())
	if err != nil {
		return nil, err
	}
	plan, err := control.PlanOf(p)
	if err != nil {
		return nil, fault.Wrap("app.parse", err)
	}
	if _, err := decision.Compile(p, plan.Grounds); err != nil {
		return nil, fault.Wrap("app.parse", err)
	}
	if len(s.known) >= mostVersions || s.known == nil {
		s.known = map[string]*policy.Policy{}
	}
	s.known[string(src)] = p
	return p, nil
}
