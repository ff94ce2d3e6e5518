package decision

import "clause.dev/clause/internal/fault"

// Reason says in one word why an answer is what it is.
type Reason uint8

// The reasons. Undecided is that of the zero Answer.
const (
	Undecided           Reason = iota
	Allowed                    //
	WrongTenant                // the data is another tenant's, or the credential is not for this one
	WrongEnvironment           // the credential is of another environment
	BadCredential              // absent, expired or revoked
	Erased                     // the subject's keys are gone
	UnknownDataSet             // not declared
	UnknownPurpose             // not declared, or named only to be refused
	PurposeNotHeld             // the credential does not hold the purpose
	PurposeNotForData          // the purpose sees nothing of this data set
	ActionNotAllowed           // the purpose may not do this
	UnknownField               // not a field of the data set
	FieldNotVisible            // a field outside what the purpose sees
	NoAccount                  // contract: the subject has no account
	NoConsent                  // not given, or withdrawn
	Objected                   // an upheld objection stands against the purpose
	Restricted                 // processing is restricted: GDPR art. 18
	WrongRegion                // kept or asked for outside where it may be
	NoGrant                    // staff without a live, approved grant of this tenant and purpose
	GrantExpired               // the grant has ended
	RecipientNotAllowed        // undeclared, or not one of the purpose's
	NotAnnounced               // people were not told of the disclosure, or its time ahead is not over
	OptedOut                   // the person wants nothing disclosed to the recipient
	NotAllowed                 // the tenant has not allowed the recipient
	NoSafeguard                // a transfer outside with no recorded safeguard
	ConditionFailed            // the site's condition is false, or could not be evaluated
	reasons
)

// why holds what a reason means to others: the plain words, the step that refuses with it, and the
// kind of failure.
type why struct {
	text string
	step Step
	kind fault.Kind
}

var whys = [reasons]why{
	Undecided:           {"nothing was decided", noStep, fault.Refused},
	Allowed:             {"allowed", noStep, fault.Other},
	WrongTenant:         {"the credential is not for this tenant's data", StepTenant, fault.Refused},
	WrongEnvironment:    {"the credential is of another environment", StepEnvironment, fault.Refused},
	BadCredential:       {"the credential is missing, expired or revoked", StepCredential, fault.Unauthenticated},
	Erased:              {"the subject was erased", StepErased, fault.Erased},
	UnknownDataSet:      {"the policy declares no such data set", StepDeclared, fault.Refused},
	UnknownPurpose:      {"the policy declares no such purpose", StepPurpose, fault.Refused},
	PurposeNotHeld:      {"the credential does not hold this purpose", StepPurpose, fault.Refused},
	PurposeNotForData:   {"this purpose may not use this data set", StepPurpose, fault.Refused},
	ActionNotAllowed:    {"this purpose may not do this to data", StepPurpose, fault.Refused},
	UnknownField:        {"the policy declares no such field", StepDeclared, fault.Refused},
	FieldNotVisible:     {"this purpose may not use every field asked for", StepFields, fault.Refused},
	NoAccount:           {"the subject has no account to serve", StepContract, fault.Refused},
	NoConsent:           {"the subject has not consented, or withdrew", StepConsent, fault.Refused},
	Objected:            {"the subject objected to this purpose", StepInterests, fault.Refused},
	Restricted:          {"processing of the subject's data is restricted", StepRestriction, fault.Refused},
	WrongRegion:         {"the data may not be used in this region", StepRegion, fault.Refused},
	NoGrant:             {"staff has no live grant of this customer for this purpose", StepGrant, fault.Refused},
	GrantExpired:        {"the grant of this customer has ended", StepGrant, fault.Refused},
	RecipientNotAllowed: {"this purpose may not disclose to this recipient", StepRecipient, fault.Refused},
	NotAnnounced:        {"people were not told of this disclosure long enough ahead", StepNotice, fault.Refused},
	OptedOut:            {"the subject opted out of this recipient", StepOptOut, fault.Refused},
	NotAllowed:          {"the customer has not allowed this recipient", StepAllowance, fault.Refused},
	NoSafeguard:         {"a transfer to this recipient's region has no recorded safeguard", StepRegion, fault.Refused},
	ConditionFailed:     {"the site's condition for this purpose does not hold", StepCondition, fault.Refused},
}

func (r Reason) String() string { return r.means().text }

// Kind returns the kind of failure a refusal with this reason is.
func (r Reason) Kind() fault.Kind { return r.means().kind }

func (r Reason) means() why {
	if r < reasons {
		return whys[r]
	}
	return whys[Undecided]
}
