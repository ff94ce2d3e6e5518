package control

import (
	"context"

	"clause.dev/clause/internal/policy"
)

// notBuilt is what all planned controls have in common: they make the server do nothing and prove
// nothing, so a clause that rests on one is unkept.
type notBuilt struct{}

// Check finds nothing: the parameters' types and values are all that is known of them.
func (notBuilt) Check(*policy.Policy) error { return nil }

// Plan asks for nothing.
func (notBuilt) Plan(*Plan) {}

// Probe proves nothing.
func (notBuilt) Probe(context.Context, *System) Finding {
	return Finding{Outcome: Unable, Summary: "The control that keeps this is not built yet."}
}

// Published will keep clauses that say what is published.
type Published struct {
	notBuilt
	What string `param:"what" doc:"what is published, such as controller or documents"`
}

// Clock will keep clauses that say by when a duty is done.
type Clock struct {
	notBuilt
	Duty        string `param:"duty" doc:"what is owed, such as privacy-mail"`
	Within      string `param:"within" doc:"by when it is done, such as 30 days"`
	Acknowledge string `param:"acknowledge,optional" doc:"by when its receipt is confirmed, such as 5 business days"`
}

// PasswordHash will keep clauses that say how passwords are stored.
type PasswordHash struct {
	notBuilt
	Algorithm string `param:"algorithm" values:"bcrypt|argon2id" doc:"the function passwords are hashed with"`
	Cost      int    `param:"cost" doc:"the least cost of the function"`
}

// DatabaseFirewall will keep clauses that say from where the database can be reached.
type DatabaseFirewall struct{ notBuilt }

// SessionCookie will keep clauses that describe the session cookie.
type SessionCookie struct {
	notBuilt
	Signed   bool `param:"signed,optional" doc:"a forged value is refused"`
	HTTPOnly bool `param:"http-only,optional" doc:"scripts cannot read it"`
	Secure   bool `param:"secure,optional" doc:"it travels over TLS only"`
}

// EmailVerification will keep clauses that say an account works only with a verified address.
type EmailVerification struct{ notBuilt }

// DataSubjectRights will keep clauses that say which rights people can use, and how soon.
type DataSubjectRights struct {
	notBuilt
	Rights []string `param:"rights" doc:"the rights, such as access, rectification, erasure"`
	Within string   `param:"within" doc:"by when a request is answered, such as 30 days"`
	Free   bool     `param:"free,optional" doc:"using a right costs nothing"`
}

// CookiesOnlyNecessary will keep clauses that say no cookie tracks anybody.
type CookiesOnlyNecessary struct{ notBuilt }

// BreachNotice will keep clauses that say who is told of a breach, and how soon.
type BreachNotice struct {
	notBuilt
	Authority string `param:"authority,optional" doc:"by when the authority is told, such as 72 hours"`
	People    string `param:"people,optional" doc:"by when the people concerned are told"`
}

// MinimumAge will keep clauses that say how old people must be.
type MinimumAge struct {
	notBuilt
	Age int `param:"age" doc:"the least age in years"`
}

// ChangeNotice will keep clauses that say how long before a change people are told.
type ChangeNotice struct {
	notBuilt
	Ahead string `param:"ahead" doc:"how long before a change takes effect people are told, such as 30 days"`
}

// Complaints will keep clauses that say where people can complain.
type Complaints struct {
	notBuilt
	Authority string `param:"authority,optional" doc:"the authority that hears complaints"`
}

// planned lists the controls that policies may name before they are built.
func planned() []entry {
	const file = "planned.go"
	return []entry{
		{"published", "What is promised is published from the running configuration.", file, false, func() Control { return new(Published) }},
		{"clock", "A duty is done by its time.", file, false, func() Control { return new(Clock) }},
		{"password-hash", "Passwords are kept only as hashes of this strength.", file, false, func() Control { return new(PasswordHash) }},
		{"database-firewall", "The database accepts connections from listed addresses only.", file, false, func() Control { return new(DatabaseFirewall) }},
		{"session-cookie", "The session cookie has these properties, and there is no other.", file, false, func() Control { return new(SessionCookie) }},
		{"email-verification", "An account works only after its e-mail address is verified.", file, false, func() Control { return new(EmailVerification) }},
		{"data-subject-rights", "People can use these rights, and are answered in time.", file, false, func() Control { return new(DataSubjectRights) }},
		{"cookies-only-necessary", "No cookie is set but the strictly necessary one.", file, false, func() Control { return new(CookiesOnlyNecessary) }},
		{"breach-notice", "The authority and the people concerned are told of a breach in time.", file, false, func() Control { return new(BreachNotice) }},
		{"minimum-age", "Nobody below this age is registered.", file, false, func() Control { return new(MinimumAge) }},
		{"change-notice", "Changes are announced this long before they take effect.", file, false, func() Control { return new(ChangeNotice) }},
		{"complaints", "People are told where they can complain.", file, false, func() Control { return new(Complaints) }},
	}
}
