package decision

// Decide answers the request. It takes under a microsecond and allocates nothing, except where
// the purpose has a site condition.
func (r *Rules) Decide(q *Request) Answer {
	if r == nil || q == nil || len(r.cells) == 0 {
		return Answer{}
	}
	if q.Op == Manage {
		return r.manage(q)
	}
	c := r.cell(q.Purpose, q.DataSet)
	if why := r.principal(q); why != Allowed {
		return r.refusal(c, why)
	}
	if why := r.use(q, c); why != Allowed {
		return r.refusal(c, why)
	}
	fields := q.Want
	if fields == 0 {
		fields = c.sees
	}
	return r.allowance(q, c, fields)
}

// manage decides acts on a subject itself, which have no purpose and touch no data set: without
// them nobody could withdraw a consent, lift a restriction or be erased.
func (r *Rules) manage(q *Request) Answer {
	c := r.cell(0, 0)
	why := r.principal(q)
	if why == Allowed {
		why = r.place(q)
	}
	if why == Allowed {
		why = staff(q)
	}
	if why == Allowed && q.Recipient != 0 {
		why = RecipientNotAllowed
	}
	if why != Allowed {
		return r.refusal(c, why)
	}
	return r.allowance(q, c, 0)
}

func (r *Rules) allowance(q *Request, c *cell, fields Fields) Answer {
	variant := 0
	if q.Grant.Staff {
		variant |= byStaff
	}
	if q.Op == Disclose {
		variant |= disclosed
	}
	return Answer{Allow: true, Fields: fields, Reason: Allowed, Clauses: r.lists[c.allow[variant]]}
}

func (r *Rules) refusal(c *cell, why Reason) Answer {
	list := r.lists[c.refuse[why.means().step]]
	return Answer{Reason: why, Clauses: list, Refused: first(list)}
}

// principal checks who asks, and that there is still someone to ask about.
func (r *Rules) principal(q *Request) Reason {
	if q.Tenant == "" || q.Tenant != q.Owner || !contains(q.Credential.Tenants, q.Tenant) {
		return WrongTenant
	}
	if !r.environment(q) {
		return WrongEnvironment
	}
	if !q.Credential.live(q) {
		return BadCredential
	}
	if q.Standing.Erased {
		return Erased
	}
	return Allowed
}

// environment holds if the credential is of this server's environment, one the policy declares; a
// policy that declares none has only the operator's.
func (r *Rules) environment(q *Request) bool {
	if q.Environment == "" || q.Environment != q.Credential.Environment {
		return false
	}
	return len(r.environments) == 0 || contains(r.environments, q.Environment)
}

// live cannot hold without a clock: expiry would not be seen.
func (c *Credential) live(q *Request) bool {
	if c.ID == "" || c.Revoked || q.Now.IsZero() {
		return false
	}
	return c.Expires.IsZero() || q.Now.Before(c.Expires)
}

// use checks what is to be done, for what, to which data of whom, and where.
func (r *Rules) use(q *Request, c *cell) Reason {
	if why := r.purposeOf(q, c); why != Allowed {
		return why
	}
	p := &r.purposes[q.Purpose]
	if why := p.lawful(q); why != Allowed {
		return why
	}
	// GDPR art. 18(2): restricted data is stored and otherwise left alone, but for purposes that may
	// go on. Storing on asks for no decision; deleting is refused, since who restricts may need the
	// data kept (art. 18(1)(b), (c)).
	if q.Standing.Restricted && !p.underRestriction {
		return Restricted
	}
	if why := r.place(q); why != Allowed {
		return why
	}
	if why := staff(q); why != Allowed {
		return why
	}
	if why := r.release(q, p, c); why != Allowed {
		return why
	}
	if p.when != nil && !p.when.holds(r, q, c) {
		return ConditionFailed
	}
	return Allowed
}

// purposeOf checks the data set, the purpose and the fields.
func (r *Rules) purposeOf(q *Request, c *cell) Reason {
	switch {
	case q.DataSet == 0 || int(q.DataSet) >= len(r.sets):
		return UnknownDataSet
	case int(q.Purpose) >= len(r.purposes) || !r.purposes[q.Purpose].declared:
		return UnknownPurpose
	case !q.Credential.Purposes.Has(q.Purpose):
		return PurposeNotHeld
	case c.sees == 0:
		return PurposeNotForData
	case q.Op > Disclose || r.purposes[q.Purpose].may&(1<<q.Op) == 0:
		return ActionNotAllowed
	case q.Want&^r.sets[q.DataSet].all() != 0:
		return UnknownField
	case q.Want&^c.sees != 0:
		return FieldNotVisible
	}
	return Allowed
}

// lawful checks the legal basis, GDPR art. 6(1). A right to object exists against legitimate
// interests and public tasks alike (art. 21(1)).
func (p *purpose) lawful(q *Request) Reason {
	switch {
	case p.basis == basisContract && !q.Standing.Account:
		return NoAccount
	case p.basis == basisConsent && !q.Standing.Consented.Has(q.Purpose):
		return NoConsent
	case p.basis == basisInterests && q.Standing.Objected.Has(q.Purpose):
		return Objected
	}
	return Allowed
}

// place holds data to the region its tenant lives in, and that to the regions promised.
func (r *Rules) place(q *Request) Reason {
	if q.Home == 0 || q.Home != q.Here || int(q.Home) >= len(r.regions) || !r.regions[q.Home].allowed {
		return WrongRegion
	}
	return Allowed
}

// staff checks a person's grant. Nobody approves their own; acts of no purpose need a grant too,
// of whatever purposes.
func staff(q *Request) Reason {
	g := &q.Grant
	switch {
	case !g.Staff:
		return Allowed
	case g.Tenant != q.Tenant || q.Op != Manage && !g.Purposes.Has(q.Purpose):
		return NoGrant
	case g.ApprovedBy == "" || g.Holder == "" || g.ApprovedBy == g.Holder:
		return NoGrant
	case g.From.IsZero() || g.Until.IsZero() || q.Now.Before(g.From):
		return NoGrant
	case !q.Now.Before(g.Until):
		return GrantExpired
	}
	return Allowed
}

// release checks the recipient. One that is named though nothing is to be disclosed is refused:
// otherwise a read could carry data out under another name.
func (r *Rules) release(q *Request, p *purpose, c *cell) Reason {
	if q.Op != Disclose {
		if q.Recipient != 0 {
			return RecipientNotAllowed
		}
		return Allowed
	}
	if q.Recipient == 0 || int(q.Recipient) >= len(r.recipients) || p.recipients[q.Recipient>>6]&(1<<(q.Recipient&63)) == 0 {
		return RecipientNotAllowed
	}
	switch {
	case c.refuse[StepNotice] != 0 && !q.Release.Announced:
		return NotAnnounced
	case q.Release.OptedOut:
		return OptedOut
	case c.refuse[StepAllowance] != 0 && !q.Release.Allowed:
		return NotAllowed
	}
	if !r.recipients[q.Recipient].safe {
		return NoSafeguard
	}
	return Allowed
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}
