package diff

// sense says which way a parameter of a control promises more.
type sense struct {
	stronger way
	absent   place // what leaving it out promises
}

// way is the way in which a figure, or a list, promises more.
type way int

const (
	unknown way = iota
	more        // a larger figure, a later one of the values allowed, a longer list
	less        // a smaller figure, a shorter list
)

// place is where the absence of a parameter stands among its values.
type place int

const (
	weakest place = iota
	strongest
	elsewhere // it means something else
)

// effect turns the effect of going up, where more is stronger, into that of this sense.
func (s sense) effect(up Effect) Effect {
	switch s.stronger {
	case more:
		return up
	case less:
		return opposite(up)
	}
	return Neutral
}

// presence is the effect of giving a parameter, or leaving it out.
func (s sense) presence(old, new int) Effect {
	switch {
	case s.absent == elsewhere:
		return Neutral
	case s.absent == strongest:
		return step(old, new, Widens)
	}
	return step(old, new, Narrows)
}

var (
	atLeast = sense{stronger: more} // more promises more, nothing promises nothing
	atMost  = sense{stronger: less}
	unclear = sense{absent: elsewhere}
)

// senses are the ways of every parameter of every control. A parameter that is not listed, or
// unclear, has none: its change is told to people, who can judge.
var senses = map[string]sense{
	"tls.minimum":                       atLeast,
	"encryption-at-rest.algorithm":      unclear,
	"memory-only.data":                  atLeast,
	"declared-data-only.categories":     atMost,
	"purpose-limitation.purposes":       atMost,
	"purpose-limitation.categories":     {more, strongest}, // left out: data of every category
	"contract-basis.purposes":           unclear,           // the purposes' own bases tell
	"consent.purposes":                  atLeast,
	"legitimate-interests.purposes":     unclear,
	"minimisation.optional":             atLeast,
	"no-disclosure.recipients":          atMost,
	"residency.regions":                 atMost,
	"retention.data":                    {more, strongest}, // left out: everything stored
	"erasure.within":                    atMost,
	"interaction-log.gate":              atLeast,
	"aggregates.people":                 atLeast,
	"published.what":                    unclear,
	"clock.duty":                        unclear,
	"clock.within":                      atMost,
	"clock.acknowledge":                 atMost,
	"data-subject-rights.rights":        atLeast,
	"data-subject-rights.within":        {less, elsewhere}, // left out: the law's time
	"data-subject-rights.extend":        {less, strongest}, // left out: no extension
	"data-subject-rights.acknowledge":   atMost,
	"data-subject-rights.free":          atLeast,
	"breach-notice.authority":           atMost,
	"breach-notice.people":              atMost,
	"breach-notice.people-at":           unclear, // any is more than risk, risk more than high
	"breach-notice.channels":            atLeast,
	"change-notice.ahead":               atLeast,
	"change-notice.channels":            atLeast,
	"complaints.authority":              unclear,
	"disclosure-notice.ahead":           atLeast,
	"disclosure-notice.opt-out":         atLeast,
	"legal-demands.review":              atLeast,
	"legal-demands.notice":              atLeast,
	"legal-demands.wait":                atLeast,
	"retained-copies.fields":            atMost,
	"retained-copies.longest":           atMost,
	"electronic-notice.letter":          atMost,
	"off-boarding.within":               atMost,
	"off-boarding.certificate":          atLeast,
	"sub-processors.recipients":         atMost,
	"model-provider.recipients":         atMost,
	"model-provider.never":              atLeast,
	"model-residency.models":            atLeast,
	"model-residency.single-region":     atLeast,
	"password-hash.algorithm":           unclear, // costs of two functions cannot be compared
	"password-hash.cost":                atLeast,
	"password-rules.leaked":             unclear,
	"password-rules.sign-off":           atLeast,
	"session-cookie.cookies":            {unknown, weakest},
	"session-cookie.signed":             atLeast,
	"session-cookie.http-only":          atLeast,
	"session-cookie.secure":             atLeast,
	"minimum-age.age":                   atLeast,
	"minimum-age.erase":                 atMost,
	"single-sign-on.providers":          atLeast,
	"customer-grant.longest":            atMost,
	"access-approval.by":                unclear, // all of them, or any
	"access-review.every":               atMost,
	"environment-access.restricted":     atLeast,
	"environment-access.team":           unclear,
	"environment-access.people":         atMost,
	"attested.attestations":             atLeast,
	"attested.warn":                     atLeast,
	"derived.clauses":                   atLeast,
	"documents.documents":               atLeast,
	"product-scope.products":            atLeast,
	"encrypted-backups.data":            atLeast,
	"attack-bans.for":                   atLeast,
	"monitoring.acknowledge":            atMost,
	"pager.acknowledge":                 atMost,
	"complete-processing.oldest":        atMost,
	"security-updates.within":           atMost,
	"penetration-test.applications":     atLeast,
	"penetration-test.every":            atMost,
	"penetration-test.by":               unclear,
	"test-scope.areas":                  atLeast,
	"finding-deadlines.within":          atMost,
	"finding-deadlines.critical-target": atMost,
	"finding-deadlines.critical":        atMost,
	"finding-deadlines.high-target":     atMost,
	"finding-deadlines.high":            atMost,
	"finding-deadlines.medium-target":   atMost,
	"finding-deadlines.medium":          atMost,
	"finding-deadlines.low":             atMost,
	"switch-over.every":                 atMost,
	"switch-over.zones":                 atLeast,
	"exercise.every":                    atMost,
	"exercise.teams":                    atLeast,
	"disclosure-programme.triage":       atMost,
	"disclosure-programme.rewards":      atLeast,
	"outgoing-addresses.addresses":      unclear,
	"cluster-approval.people":           atLeast,
}

// toldAnyway are the parameters of which even a stronger promise changes what people can do.
var toldAnyway = map[string]string{
	"minimum-age.age": "people of the ages between may use the service now, or may no longer",
}

// permits reports controls that let something be done, where all others hold something back.
func permits(control string) bool { return control == "retained-copies" }
