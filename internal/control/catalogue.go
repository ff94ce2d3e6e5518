package control

import (
	"maps"
	"slices"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// entry is a control as the catalogue lists it.
type entry struct {
	name, doc string
	file      string // where it is written, within internal/control
	runs      bool
	make      func() Control
}

// entries lists every control: those that run, then those that are planned.
func entries() []entry {
	return append([]entry{
		{"tls", "Every path to the server is encrypted, with at least this version of TLS.", "tls.go", true, func() Control { return new(TLS) }},
		{"encryption-at-rest", "What is kept is encrypted in the store and in every backup.", "encryption_at_rest.go", true, func() Control { return new(EncryptionAtRest) }},
		{"memory-only", "The data sets are held in memory and never written to a disk.", "memory_only.go", true, func() Control { return new(MemoryOnly) }},
		{"tenant-isolation", "No tenant's data can be reached by another tenant's credential.", "tenant_isolation.go", true, func() Control { return new(TenantIsolation) }},
		{"declared-data-only", "Only data of these categories is collected, and only the fields the policy declares.", "declared_data_only.go", true, func() Control { return new(DeclaredDataOnly) }},
		{"no-sensitive-data", "No special category of data (health, biometrics, race, religion) is collected.", "no_sensitive_data.go", true, func() Control { return new(NoSensitiveData) }},
		{"purpose-limitation", "Data, or data of the categories given, is processed for these purposes only.", "purpose_limitation.go", true, func() Control { return new(PurposeLimitation) }},
		{"contract-basis", "These purposes rest on a contract: they reach data of people with an account, and no other.", "contract_basis.go", true, func() Control { return new(ContractBasis) }},
		{"consent", "These purposes rest on consent, which can be withdrawn at any time.", "consent.go", true, func() Control { return new(ConsentBasis) }},
		{"legitimate-interests", "These purposes rest on legitimate interests and stop when the person objects.", "legitimate_interests.go", true, func() Control { return new(LegitimateInterests) }},
		{"minimisation", "These data sets are optional, and a purpose sees no more fields than it needs.", "minimisation.go", true, func() Control { return new(Minimisation) }},
		{"no-disclosure", "Data goes to nobody but these recipients.", "no_disclosure.go", true, func() Control { return new(NoDisclosure) }},
		{"no-direct-marketing", "Data is neither sold nor used or shared for advertising or marketing.", "no_direct_marketing.go", true, func() Control { return new(NoDirectMarketing) }},
		{"residency", "Data is kept in these regions, and leaves them only under a recorded safeguard.", "residency.go", true, func() Control { return new(Residency) }},
		{"retention", "Data is kept while the account is active and not after.", "retention.go", true, func() Control { return new(Retention) }},
		{"erasure", "An erased person is unreadable at once, and gone from every backup within this time.", "erasure.go", true, func() Control { return new(Erasure) }},
		{"interaction-log", "Every access is recorded in a ledger that shows when it was altered.", "interaction_log.go", true, func() Control { return new(InteractionLog) }},
		{"aggregates", "A statistic is released only over this many people or more.", "aggregates.go", true, func() Control { return new(Aggregates) }},
		{"attested", "A signed document proves it, and has not expired.", "attested.go", true, func() Control { return new(Attestation) }},
		{"derived", "It is kept while all these clauses are.", "derived.go", true, func() Control { return new(Derived) }},
		{"data-subject-rights", "People can use these rights, and are answered in time.", "data_subject_rights.go", true, func() Control { return new(DataSubjectRights) }},
		{"clock", "A duty is done by its time, and its clause is broken if one was not.", "clock.go", true, func() Control { return new(Clock) }},
		{"monitoring", "Alerts are watched, and escalate where nobody answers.", "monitoring.go", true, func() Control { return new(Monitoring) }},
		{"pager", "Somebody on call is paged, and the next where nobody answers.", "pager.go", true, func() Control { return new(Pager) }},
		{"security-updates", "No part of the program has a known weakness that is not looked at.", "security_updates.go", true, func() Control { return new(SecurityUpdates) }},
		{"change-notice", "Changes are announced this long before they take effect.", "change_notice.go", true, func() Control { return new(ChangeNotice) }},
		{"retained-copies", "After erasure these fields, and no others, may be kept for legal duties and disputes.", "retained_copies.go", true, func() Control { return new(RetainedCopies) }},
		{"off-boarding", "When a customer leaves, everything of it goes.", "off_boarding.go", true, func() Control { return new(OffBoarding) }},
		{"breach-notice", "The authority and the people concerned are told of a breach in time.", "breach_notice.go", true, func() Control { return new(BreachNotice) }},
		{"legal-demands", "Legal demands are met by due process only.", "legal_demands.go", true, func() Control { return new(LegalDemands) }},
		{"disclosure-notice", "A new disclosure is announced before it happens, and can be opted out of.", "disclosure_notice.go", true, func() Control { return new(DisclosureNotice) }},
		{"electronic-notice", "Electronic notice rests on consent; a written notice is sent where it is asked for.", "electronic_notice.go", true, func() Control { return new(ElectronicNotice) }},
		{"allowed-recipients", "A third party is given data only once the customer allowed that party.", "allowed_recipients.go", true, func() Control { return new(AllowedRecipients) }},
		{"published", "What is promised is published from the running configuration.", "published.go", true, func() Control { return new(Published) }},
		{"complaints", "People are told where they can complain.", "complaints.go", true, func() Control { return new(Complaints) }},
		{"sub-processors", "These process data on the company's behalf, and nobody else.", "sub_processors.go", true, func() Control { return new(SubProcessors) }},
		{"questionnaire", "The marketplace's security questionnaire is answered from the configuration.", "questionnaire.go", true, func() Control { return new(Questionnaire) }},
		{"documents", "Further documents are served as they were published.", "documents.go", true, func() Control { return new(FurtherDocuments) }},
		{"product-scope", "Each of these products serves this version of the policy.", "product_scope.go", true, func() Control { return new(ProductScope) }},
		{"outgoing-addresses", "The addresses the company calls from are published.", "outgoing_addresses.go", true, func() Control { return new(OutgoingAddresses) }},
		{"cookies-only-necessary", "No cookie is set but the strictly necessary one.", "cookies_only_necessary.go", true, func() Control { return new(CookiesOnlyNecessary) }},
		{"encrypted-backups", "What is backed up or replicated is encrypted on its way and there.", "encrypted_backups.go", true, func() Control { return new(EncryptedBackups) }},
		{"penetration-test", "Applications are tested by attackers this often.", "pentest.go", true, func() Control { return new(PenetrationTest) }},
		{"test-scope", "Every test covers these areas.", "test_scope.go", true, func() Control { return new(TestScope) }},
		{"finding-deadlines", "Findings are fixed and tested again by these times.", "finding_deadlines.go", true, func() Control { return new(FindingDeadlines) }},
		{"exercise", "Emergencies are exercised at the table this often.", "exercise.go", true, func() Control { return new(Exercise) }},
		{"switch-over", "The second node takes over this often, to prove that it can.", "switch_over.go", true, func() Control { return new(SwitchOver) }},
		{"disclosure-programme", "Researchers can report weaknesses, and are answered.", "disclosure_programme.go", true, func() Control { return new(DisclosureProgramme) }},
		{"customer-grant", "Staff see a customer's data only under that customer's grant, which ends.", "customer_grant.go", true, func() Control { return new(CustomerGrant) }},
		{"access-approval", "Staff get access by need to know, approved by somebody else.", "access_approval.go", true, func() Control { return new(AccessApproval) }},
		{"access-review", "Every grant of access is reviewed this often, and lapses if it is not.", "access_review.go", true, func() Control { return new(AccessReview) }},
		{"environment-access", "Environments are apart, and only so many people reach these.", "environment_access.go", true, func() Control { return new(EnvironmentAccess) }},
		{"password-hash", "Passwords are kept only as hashes of this strength.", "password_hash.go", true, func() Control { return new(PasswordHash) }},
		{"password-rules", "People choose their password; weak and leaked ones are refused.", "password_rules.go", true, func() Control { return new(PasswordRules) }},
		{"session-cookie", "The session cookie has these properties, and there is no other.", "session_cookie.go", true, func() Control { return new(SessionCookie) }},
		{"email-verification", "An account works only after its e-mail address is verified.", "email_verification.go", true, func() Control { return new(EmailVerification) }},
		{"minimum-age", "Nobody below this age is registered.", "minimum_age.go", true, func() Control { return new(MinimumAge) }},
		{"second-factor", "People can protect their account with a second factor.", "second_factor.go", true, func() Control { return new(SecondFactor) }},
		{"threat-detection", "What is logged is searched for threats.", "threat_detection.go", true, func() Control { return new(ThreatDetection) }},
		{"log-outliers", "Outliers in the logs are reported.", "log_outliers.go", true, func() Control { return new(LogOutliers) }},
		{"separate-listeners", "The public, staff and the machines' own traffic are apart.", "separate_listeners.go", true, func() Control { return new(SeparateListeners) }},
		{"attack-bans", "Attacks are stopped, and where they come from is banned for a while.", "attack_bans.go", true, func() Control { return new(AttackBans) }},
		{"database-firewall", "The database accepts connections from listed addresses only.", "database_firewall.go", true, func() Control { return new(DatabaseFirewall) }},
		{"address-rules", "A firewall admits listed addresses only.", "address_rules.go", true, func() Control { return new(AddressRules) }},
		{"single-sign-on", "Customers can sign in with the accounts they have elsewhere.", "single_sign_on.go", true, func() Control { return new(SingleSignOn) }},
		{"route-decisions", "No request is served without a decision.", "route_decisions.go", true, func() Control { return new(RouteDecisions) }},
	}, planned()...)
}

// vocabulary answers the parser from the catalogue. Specs are made once: a policy of a thousand
// clauses asks for them thousands of times.
type vocabulary map[string]policy.ControlSpec

// Catalogue returns the controls that a policy may name.
func Catalogue() policy.Vocabulary {
	v := vocabulary{}
	for _, e := range entries() {
		v[e.name] = e.spec()
	}
	return v
}

// Control returns what the parser needs to know of the control with the name.
func (v vocabulary) Control(name string) (policy.ControlSpec, bool) {
	spec, ok := v[name]
	return spec, ok
}

// Names returns the names of all controls, sorted.
func (v vocabulary) Names() []string { return slices.Sorted(maps.Keys(v)) }

func (e entry) spec() policy.ControlSpec {
	fields := paramFields(e.make())
	return policy.ControlSpec{Name: e.name, Doc: e.doc, Runs: e.runs, Params: paramsOf(fields), Check: func(p *policy.Policy, params policy.Params) error {
		c := e.make()
		if err := decode(e.name, c, fields, params); err != nil {
			return err
		}
		return c.Check(p)
	}}
}

func find(name string) (entry, bool) {
	all := entries()
	i := slices.IndexFunc(all, func(e entry) bool { return e.name == name })
	if i < 0 {
		return entry{}, false
	}
	return all[i], true
}

// Of returns the control that keep names, with its parameters, and whether it runs. A name that no
// control has is Invalid.
func Of(keep policy.Keep) (c Control, runs bool, err error) {
	e, ok := find(keep.Control)
	if !ok {
		return nil, false, fault.New("control.Of", fault.Invalid, "no control is called %q", keep.Control)
	}
	c = e.make()
	if err := decode(e.name, c, paramFields(c), keep.Params); err != nil {
		return nil, false, err
	}
	return c, e.runs, nil
}

// File returns the path, within the project, of the file that holds the control, "" if there is
// none of that name.
func File(name string) string {
	e, ok := find(name)
	if !ok {
		return ""
	}
	return "internal/control/" + e.file
}
