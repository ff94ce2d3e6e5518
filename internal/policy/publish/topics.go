package publish

import "clause.dev/clause/internal/policy"

// topic is what a promise is about, for its reader.
type topic string

// The topics. The first six are the questions of the summary.
const (
	what     topic = "what"
	why      topic = "why"
	who      topic = "who"
	howLong  topic = "how-long"
	rights   topic = "rights"
	contact  topic = "contact"
	security topic = "security"
	cookies  topic = "cookies"
	general  topic = "general"
)

// topics says what the clauses that a control keeps are about.
var topics = map[string]topic{
	"declared-data-only": what, "no-sensitive-data": what, "minimisation": what, "product-scope": what,

	"purpose-limitation": why, "contract-basis": why, "consent": why, "legitimate-interests": why,

	"no-disclosure": who, "no-direct-marketing": who, "sub-processors": who, "allowed-recipients": who, "legal-demands": who,
	"disclosure-notice": who, "residency": who, "model-provider": who, "model-residency": who,

	"retention": howLong, "erasure": howLong, "aggregates": howLong, "retained-copies": howLong, "off-boarding": howLong,

	"data-subject-rights": rights, "minimum-age": rights, "complaints": contact, "clock": contact, "electronic-notice": contact,

	"session-cookie": cookies, "cookies-only-necessary": cookies,

	"tls": security, "encryption-at-rest": security, "memory-only": security, "tenant-isolation": security, "interaction-log": security,
	"encrypted-backups": security, "password-hash": security, "password-rules": security, "email-verification": security,
	"single-sign-on": security, "second-factor": security, "customer-grant": security, "access-approval": security, "access-review": security,
	"environment-access": security, "database-firewall": security, "separate-listeners": security, "attack-bans": security,
	"address-rules": security, "threat-detection": security, "monitoring": security, "pager": security, "log-outliers": security,
	"complete-processing": security, "security-updates": security, "penetration-test": security, "test-scope": security,
	"finding-deadlines": security, "switch-over": security, "exercise": security, "disclosure-programme": security,
	"route-decisions": security, "cluster-approval": security, "breach-notice": security,

	"published": general, "change-notice": general, "documents": general, "questionnaire": general, "attested": general,
	"derived": general, "outgoing-addresses": general,
}

// isAbout reports whether one of the controls that keep a clause is of the topic.
func isAbout(c *policy.Clause, t topic) bool {
	for _, k := range c.Keep {
		if topics[k.Control] == t {
			return true
		}
	}
	return false
}

// mainTopic is the topic of the first control that keeps a clause.
func mainTopic(c *policy.Clause) topic {
	if len(c.Keep) == 0 {
		return general
	}
	return topics[c.Keep[0].Control]
}

// keepOf returns the first line of the policy that names a control, nil if none does.
func keepOf(p *policy.Policy, called string) *policy.Keep {
	for i := range p.Clauses {
		for j := range p.Clauses[i].Keep {
			if k := &p.Clauses[i].Keep[j]; k.Control == called {
				return k
			}
		}
	}
	return nil
}

// texts returns a parameter that is a list, nil if it is not given.
func texts(k *policy.Keep, param string) []string {
	if k == nil {
		return nil
	}
	list, _ := k.Params[param].([]string)
	return list
}
