package decision

import (
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
)

// The model is the slow, obvious decision: it reads the policy itself, knows everything by name,
// and lists all that speaks against an access instead of stopping at the first. Nothing of it is
// shared with the tables.

// world is all that has happened so far.
type world struct {
	policy  *policy.Policy
	grounds []ground0
	regions []string // allowed; nil: all declared
	now     time.Time

	account, erased, restricted bool
	consents, objections        map[string]bool
	release                     Release // of every recipient
	key                         worldKey
	grant                       *worldGrant
}

type ground0 struct {
	step   Step
	clause string
	scope  Scope
}

type worldKey struct {
	tenants, purposes []string
	environment       string
	expires           time.Time
	revoked           bool
}

type worldGrant struct {
	tenant           string
	purposes         []string
	from, until      time.Time
	approver, holder string
}

// wish is one request, by name.
type wish struct {
	op                          Op
	tenant, owner, environment  string
	dataSet, purpose, recipient string
	fields                      []string // "?" is one that no data set declares
	home, here                  string
	staff                       bool
}

// against returns every reason that speaks against the wish; none means it is allowed.
func (w *world) against(q wish) map[Reason]bool {
	no := map[Reason]bool{}
	w.againstPrincipal(q, no)
	if w.erased {
		no[Erased] = true
	}
	if q.home != q.here || !w.inside(q.home) {
		no[WrongRegion] = true
	}
	if q.staff {
		w.againstStaff(q, no)
	}
	if q.op == Manage {
		if q.recipient != "" {
			no[RecipientNotAllowed] = true
		}
		return no
	}
	w.againstUse(q, no)
	return no
}

func (w *world) againstPrincipal(q wish, no map[Reason]bool) {
	if q.tenant != q.owner || !slices.Contains(w.key.tenants, q.tenant) {
		no[WrongTenant] = true
	}
	if q.environment != w.key.environment || !slices.Contains(w.policy.Environments, q.environment) {
		no[WrongEnvironment] = true
	}
	if w.key.revoked || w.now.Compare(w.key.expires) >= 0 {
		no[BadCredential] = true
	}
}

func (w *world) againstStaff(q wish, no map[Reason]bool) {
	g := w.grant
	if g == nil {
		no[NoGrant] = true
		return
	}
	if g.tenant != q.tenant || g.approver == "" || g.approver == g.holder || w.now.Compare(g.from) < 0 {
		no[NoGrant] = true
	}
	if q.op != Manage && !slices.Contains(g.purposes, q.purpose) {
		no[NoGrant] = true
	}
	if w.now.Compare(g.until) >= 0 {
		no[GrantExpired] = true
	}
}

func (w *world) againstUse(q wish, no map[Reason]bool) {
	data, _ := w.policy.DataSet(q.dataSet)
	purpose, _ := w.policy.Purpose(q.purpose)
	if data == nil {
		no[UnknownDataSet] = true
	}
	if purpose == nil {
		no[UnknownPurpose] = true
	}
	if data == nil || purpose == nil {
		return
	}
	if !slices.Contains(w.key.purposes, q.purpose) {
		no[PurposeNotHeld] = true
	}
	if !slices.Contains(purpose.May, policy.Action(q.op.String())) {
		no[ActionNotAllowed] = true
	}
	w.againstFields(q, data, purpose, no)
	w.againstSubject(purpose, no)
	w.againstRecipient(q, purpose, no)
	if purpose.When != "" && w.now.UTC().Hour() >= 12 { // the only condition these worlds know: hour < 12
		no[ConditionFailed] = true
	}
}

func (w *world) againstFields(q wish, data *policy.DataSet, purpose *policy.Purpose, no map[Reason]bool) {
	visible := w.visible(purpose, data.ID)
	if len(visible) == 0 {
		no[PurposeNotForData] = true
	}
	for _, f := range q.fields {
		if _, ok := data.Field(f); !ok {
			no[UnknownField] = true
		} else if !slices.Contains(visible, f) {
			no[FieldNotVisible] = true
		}
	}
}

func (w *world) visible(purpose *policy.Purpose, dataSet string) (fields []string) {
	for _, s := range purpose.Sees {
		if s.DataSet == dataSet {
			fields = append(fields, s.Fields...)
		}
	}
	return fields
}

func (w *world) againstSubject(purpose *policy.Purpose, no map[Reason]bool) {
	if purpose.Basis == policy.Contract && !w.account {
		no[NoAccount] = true
	}
	if purpose.Basis == policy.Consent && !w.consents[purpose.ID] {
		no[NoConsent] = true
	}
	if (purpose.Basis == policy.LegitimateInterests || purpose.Basis == policy.PublicTask) && w.objections[purpose.ID] {
		no[Objected] = true
	}
	if w.restricted && !purpose.UnderRestriction {
		no[Restricted] = true
	}
}

func (w *world) againstRecipient(q wish, purpose *policy.Purpose, no map[Reason]bool) {
	if q.op != Disclose {
		if q.recipient != "" {
			no[RecipientNotAllowed] = true
		}
		return
	}
	if len(w.rests(q, StepNotice)) > 0 && !w.release.Announced {
		no[NotAnnounced] = true
	}
	if w.release.OptedOut {
		no[OptedOut] = true
	}
	if len(w.rests(q, StepAllowance)) > 0 && !w.release.Allowed {
		no[NotAllowed] = true
	}
	to, _ := w.policy.Recipient(q.recipient)
	if to == nil || !slices.Contains(purpose.Recipients, q.recipient) {
		no[RecipientNotAllowed] = true
	} else if !w.inside(to.Region) && to.Safeguard == "" {
		no[NoSafeguard] = true
	}
}

func (w *world) inside(id string) bool {
	declared := slices.ContainsFunc(w.policy.Regions, func(r policy.Region) bool { return r.ID == id })
	return declared && (w.regions == nil || slices.Contains(w.regions, id))
}

// released returns the fields an allowed wish yields.
func (w *world) released(q wish) []string {
	if q.op == Manage {
		return nil
	}
	if len(q.fields) > 0 {
		return q.fields
	}
	purpose, _ := w.policy.Purpose(q.purpose)
	return w.visible(purpose, q.dataSet)
}

// rests returns the clauses that ground the steps for the wish's purpose and data.
func (w *world) rests(q wish, on ...Step) (clauses []string) {
	purpose, dataSet := q.purpose, q.dataSet
	if q.op == Manage {
		purpose, dataSet = "", ""
	}
	for _, g := range w.grounds {
		if slices.Contains(on, g.step) && w.covers(g.scope, purpose, dataSet) {
			clauses = append(clauses, g.clause)
		}
	}
	slices.Sort(clauses)
	return slices.Compact(clauses)
}

func (w *world) covers(s Scope, purpose, dataSet string) bool {
	if len(s.Purposes) > 0 && !slices.Contains(s.Purposes, purpose) {
		return false
	}
	if len(s.DataSets)+len(s.Categories) == 0 || slices.Contains(s.DataSets, dataSet) {
		return true
	}
	data, _ := w.policy.DataSet(dataSet)
	return data != nil && slices.Contains(s.Categories, data.Category)
}

// steps returns the steps an allowed wish went through.
func (w *world) steps(q wish) []Step {
	on := []Step{StepTenant, StepEnvironment, StepCredential, StepErased, StepRegion}
	if q.staff {
		on = append(on, StepGrant)
	}
	if q.op == Manage {
		return on
	}
	on = append(on, StepDeclared, StepPurpose, StepFields, StepRestriction)
	if q.op == Disclose {
		on = append(on, StepRecipient, StepNotice, StepOptOut, StepAllowance)
	}
	purpose, _ := w.policy.Purpose(q.purpose)
	if purpose.When != "" {
		on = append(on, StepCondition)
	}
	switch purpose.Basis {
	case policy.Contract:
		on = append(on, StepContract)
	case policy.Consent:
		on = append(on, StepConsent)
	case policy.LegitimateInterests, policy.PublicTask:
		on = append(on, StepInterests)
	}
	return on
}
