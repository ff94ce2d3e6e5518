package control

import "clause.dev/clause/internal/policy"

// PasswordHash will keep clauses that say how passwords are stored.
type PasswordHash struct {
	notBuilt
	Algorithm string `param:"algorithm" values:"bcrypt|argon2id" doc:"the function passwords are hashed with"`
	Cost      int    `param:"cost" doc:"the least cost of the function"`
}

// PasswordRules will keep clauses that say people choose their password, and how it protects them.
type PasswordRules struct {
	notBuilt
	Leaked  string `param:"leaked" values:"refused" doc:"what happens to passwords known from leaks"`
	SignOff bool   `param:"sign-off,optional" doc:"signing off ends the session at once"`
}

// SessionCookie will keep clauses that describe the session cookie.
type SessionCookie struct {
	notBuilt
	Cookies  Cookies `param:"cookies,optional" doc:"the cookies that are meant, as declared"`
	Signed   bool    `param:"signed,optional" doc:"a forged value is refused"`
	HTTPOnly bool    `param:"http-only,optional" doc:"scripts cannot read it"`
	Secure   bool    `param:"secure,optional" doc:"it travels over TLS only"`
}

// CookiesOnlyNecessary will keep clauses that say no cookie tracks anybody.
type CookiesOnlyNecessary struct{ notBuilt }

// EmailVerification will keep clauses that say an account works only with a verified address.
type EmailVerification struct{ notBuilt }

// MinimumAge will keep clauses that say how old people must be.
type MinimumAge struct {
	notBuilt
	Age int `param:"age" doc:"the least age in years"`
}

// SingleSignOn will keep clauses that say whose accounts customers can sign in with.
type SingleSignOn struct {
	notBuilt
	Providers []string `param:"providers" doc:"the identity providers, such as Google Workspace"`
}

// CustomerGrant will keep clauses that say staff see a customer's data only while the customer allows it.
type CustomerGrant struct {
	notBuilt
	Longest policy.Term `param:"longest" doc:"how long a grant lasts at most"`
}

// AccessApproval will keep clauses that say staff get access by need to know and approval.
type AccessApproval struct {
	notBuilt
	By []string `param:"by" doc:"who approves, such as the manager"`
}

// AccessReview will keep clauses that say how often access is reviewed.
type AccessReview struct {
	notBuilt
	Every policy.Term `param:"every" doc:"how often, such as every quarter"`
}

// EnvironmentAccess will keep clauses that say environments are apart and few people reach production.
type EnvironmentAccess struct {
	notBuilt
	Restricted Environments `param:"restricted" doc:"the environments that only these people reach"`
	Team       string       `param:"team" doc:"who they are"`
	People     int          `param:"people" doc:"how many they are at most"`
}

func plannedOfAccounts() []entry {
	const file = "planned_accounts.go"
	return []entry{
		plan[PasswordHash]("password-hash", file, "Passwords are kept only as hashes of this strength."),
		plan[PasswordRules]("password-rules", file, "People choose their password; weak and leaked ones are refused."),
		plan[SessionCookie]("session-cookie", file, "The session cookie has these properties, and there is no other."),
		plan[CookiesOnlyNecessary]("cookies-only-necessary", file, "No cookie is set but the strictly necessary one."),
		plan[EmailVerification]("email-verification", file, "An account works only after its e-mail address is verified."),
		plan[MinimumAge]("minimum-age", file, "Nobody below this age is registered."),
		plan[SingleSignOn]("single-sign-on", file, "Customers can sign in with the accounts they have elsewhere."),
		plan[CustomerGrant]("customer-grant", file, "Staff see a customer's data only under that customer's grant, which ends."),
		plan[AccessApproval]("access-approval", file, "Staff get access by need to know, approved by somebody else."),
		plan[AccessReview]("access-review", file, "Every grant of access is reviewed this often, and lapses if it is not."),
		plan[EnvironmentAccess]("environment-access", file, "Environments are apart, and only so many people reach these."),
	}
}
