package decision

// Step is one check of a decision; a control names the steps its clause rests on.
type Step uint8

// The steps, in the order they are taken.
const (
	noStep          Step = iota
	StepTenant           // the data is of the tenant the credential is for
	StepEnvironment      // the credential is of this environment
	StepCredential       // it is neither expired nor revoked
	StepErased           // the subject was not erased
	StepDeclared         // the data set and its fields are declared
	StepPurpose          // the purpose is declared, held, and may do this to the data set
	StepFields           // it sees the fields
	StepContract         // basis contract: an account exists
	StepConsent          // basis consent: given and not withdrawn
	StepInterests        // basis legitimate interests or public task: not objected to
	StepRestriction      // processing is not restricted
	StepRegion           // data stays where it may be; transfers outside have a safeguard
	StepGrant            // staff hold a live grant
	StepRecipient        // the recipient is one of the purpose's
	StepNotice           // people were told of the disclosure ahead; taken only where a clause rests on it
	StepOptOut           // the person has not opted out of the recipient
	StepAllowance        // the tenant has allowed the recipient; taken only where a clause rests on it
	StepCondition        // the site's condition holds
	steps
)

// Grounds says which clauses each step rests on, and which regions data may be kept in. Controls
// fill it in; its zero value grounds nothing and allows every declared region.
type Grounds struct {
	rests   []rest
	regions [][]string
}

type rest struct {
	step   Step
	clause string
	scope  Scope
}

// Scope narrows a clause to some purposes and to some data: data sets named or of a category. What
// is empty does not narrow.
type Scope struct {
	Purposes, DataSets, Categories []string
}

// Add makes a step rest on a clause, for the purposes named or, if none is, for all. A purpose that
// the policy does not declare may be named at StepPurpose and StepRecipient: it gets an id, is
// always refused, and the refusal names this clause (a policy that says "no direct marketing").
func (g *Grounds) Add(step Step, clause string, purposes ...string) {
	g.AddFor(step, clause, Scope{Purposes: purposes})
}

// AddFor is Add, narrowed to data too.
func (g *Grounds) AddFor(step Step, clause string, scope Scope) {
	g.rests = append(g.rests, rest{step, clause, scope})
}

// AllowRegions restricts where data may be kept, and where it may go without a safeguard, to the
// regions named. Each call is a promise of its own: only regions in all of them are allowed.
func (g *Grounds) AllowRegions(ids ...string) {
	g.regions = append(g.regions, append([]string{}, ids...))
}
