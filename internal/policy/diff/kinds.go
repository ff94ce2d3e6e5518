package diff

import "slices"

// when says when a kind of change is material.
type when int

const (
	never    when = iota
	widening      // if it widens
	unproven      // unless it narrows: what cannot be told to be harmless is told to people
	always
)

// spec is what is known of a kind of change before it happens.
type spec struct {
	says     string // the sentence, with {it}, {old} and {new}
	material when
	why      string   // why it is material where it is
	controls []string // the controls whose clauses speak of it
}

// Reasons that many kinds share. WP260 are the guidelines on transparency that the EDPB endorsed.
const (
	whyIdentity  = "who answers for the data is always told anew: GDPR art. 13(1)(a), WP260 rev.01 para. 29"
	whyRights    = "how people use their rights is always told anew: GDPR art. 12 and 13(2), WP260 rev.01 para. 29"
	whyPurpose   = "what data is used for is told before the use begins: GDPR art. 13(3) and 14(4), WP260 rev.01 para. 29; data collected for something else must stand the test of art. 6(4)"
	whyBasis     = "the legal basis is told: GDPR art. 13(1)(c)"
	whyCollect   = "people must know what is collected about them: GDPR art. 5(1)(a), 13 and 14(1)(d)"
	whyRecipient = "who receives data is told well before it does: GDPR art. 13(1)(e), WP260 rev.01 para. 30"
	whyTransfer  = "another country's law reaches the data: GDPR art. 13(1)(f) and chapter V, WP260 rev.01 para. 30"
	whyPeriod    = "how long data is there is told: GDPR art. 13(2)(a)"
	whyAutomated = "decisions made by machines alone, and their logic, are told: GDPR art. 13(2)(f) and 22"
	whyPromise   = "people were promised more"
	whyUnknown   = "nothing tells whether it promises more or less, so people must judge for themselves"
	whyDevice    = "what is kept on people's devices, and for how long, is told: Directive 2002/58/EC art. 5(3)"
	whyProof     = "people were shown a proof that is no longer given"
	whyLoss      = "what people gave themselves goes: they may want a copy first, GDPR art. 20"
)

// Why a change is not material.
const (
	whyNarrows = "no more is done with anybody's data, and no promise is weaker"
	whyNeutral = "nothing that is done with data or promised changes"
	whySmall   = "it is the same kind of data and use"
)

// spec returns what is known of the kind.
func (k Kind) spec() spec {
	for _, table := range []map[Kind]spec{organisationKinds, dataKinds, partyKinds, clauseKinds} {
		if s, ok := table[k]; ok {
			return s
		}
	}
	return spec{says: "{it} changed from {old} to {new}.", material: unproven, why: whyUnknown}
}

// Kinds returns every kind of change, sorted.
func Kinds() []Kind {
	var all []Kind
	for _, table := range []map[Kind]spec{organisationKinds, dataKinds, partyKinds, clauseKinds} {
		for k := range table {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return all
}

// Material says, in words, when changes of the kind are material.
func (k Kind) Material() string {
	return map[when]string{never: "never", widening: "if it widens", unproven: "unless it narrows", always: "always"}[k.spec().material]
}

// judge says whether a change of the kind is material, and why.
func (s spec) judge(effect Effect) (material bool, why string) {
	switch {
	case s.material == always, s.material == widening && effect == Widens, s.material == unproven && effect != Narrows:
		return true, s.why
	case effect == Narrows:
		return false, whyNarrows
	case effect == Widens:
		return false, whySmall
	}
	return false, whyNeutral
}

var (
	ofData      = []string{"declared-data-only", "minimisation"}
	ofPurposes  = []string{"purpose-limitation"}
	ofRecipient = []string{"no-disclosure", "no-direct-marketing", "sub-processors", "allowed-recipients", "disclosure-notice"}
	ofModels    = []string{"model-provider", "model-residency", "sub-processors"}
	ofRegions   = []string{"residency"}
	ofCookies   = []string{"cookies-only-necessary", "session-cookie"}
)

// organisationKinds are the changes of who publishes the policy, where, and what it names.
var organisationKinds = map[Kind]spec{
	"version":   {"The version is {new}, it was {old}.", never, "", nil},
	"effective": {"It takes effect on {new}; the old version: {old}.", never, "", nil},
	"language":  {"The texts are in {new}, they were in {old}.", never, "", nil},

	"organisation-name":    {"The organisation is {new}, it was {old}.", always, whyIdentity, []string{"published"}},
	"organisation-role":    {"The organisation is {new}, it was {old}.", always, whyIdentity, []string{"published"}},
	"organisation-address": {"The organisation's address is {new}, it was {old}.", always, whyRights, []string{"published"}},
	"organisation-contact": {"Privacy requests go to {new}, they went to {old}.", always, whyRights, []string{"published", "clock"}},
	"organisation-website": {"The website is {new}, it was {old}.", never, "", nil},
	"organisation-terms":   {"The terms of service are at {new}, they were at {old}.", never, "", nil},
	"organisation-guide":   {"The guidelines for sub-processors are at {new}, they were at {old}.", never, "", []string{"sub-processors"}},
	"officer":              {"The data protection officer is {new}, it was {old}.", unproven, whyRights, []string{"published"}},
	"agent":                {"The representative in the European Union is {new}, it was {old}.", unproven, whyRights, []string{"published"}},
	"authority":            {"The authority that hears complaints is {new}, it was {old}.", unproven, whyRights, []string{"published", "complaints"}},

	"law-new":      {"{it} is named now.", never, "", []string{"published"}},
	"law-gone":     {"{it} is no longer named.", widening, "people lose the word that it applies", []string{"published"}},
	"law-title":    {"{it} is called {new}, it was {old}.", never, "", nil},
	"law-citation": {"{it} is cited as {new}, it was {old}.", never, "", nil},
	"calendar":     {"Business days are counted by the calendar of {new}, they were by that of {old}.", unproven, "deadlines end on other days", []string{"clock"}},

	"product-new":     {"{it} is covered now.", never, "", []string{"product-scope"}},
	"product-gone":    {"{it} is no longer covered.", widening, "its users lose every promise", []string{"product-scope"}},
	"product-title":   {"{it} is called {new}, it was {old}.", never, "", nil},
	"product-address": {"{it} is served at {new}, it was at {old}.", never, "", nil},

	"region-new":      {"{it} is a place where data can go now.", widening, whyTransfer, ofRegions},
	"region-gone":     {"{it} is no longer a place where data can go.", widening, whyTransfer, ofRegions},
	"region-country":  {"{it} lies in {new}, it lay in {old}.", always, whyTransfer, ofRegions},
	"region-provider": {"{it} is run by {new}, it was run by {old}.", always, whyRecipient, ofRegions},
	"region-place":    {"{it} is at {new}, it was at {old}.", never, "", ofRegions},

	"environment-new":  {"{it} is kept apart now.", never, "", []string{"environment-access"}},
	"environment-gone": {"{it} is there no more.", never, "", []string{"environment-access"}},
	"backups":          {"A backup can be read for {new}, it was {old}: so long does the erased outlive their erasure.", widening, whyPeriod, []string{"erasure"}},
	"backups-parts":    {"Of the time a backup can be read, {new}; it was {old}.", never, "", nil},

	"attestation-new":      {"{it} is shown now.", never, "", []string{"attested"}},
	"attestation-gone":     {"{it} is no longer shown.", widening, whyProof, []string{"attested"}},
	"attestation-title":    {"{it} is called {new}, it was {old}.", never, "", nil},
	"attestation-kind":     {"{it} is a {new}, it was a {old}.", unproven, whyUnknown, []string{"attested"}},
	"attestation-standard": {"{it} attests {new}, it attested {old}.", unproven, whyUnknown, []string{"attested"}},
	"attestation-issuer":   {"{it} is signed by {new}, it was by {old}.", never, "", []string{"attested"}},
	"attestation-period":   {"{it} holds {new}, it held {old}.", never, "", []string{"attested"}},
	"attestation-document": {"{it} is another document: {new}, it was {old}.", never, "", []string{"attested"}},

	"document-new":     {"{it} is named now.", never, "", []string{"documents"}},
	"document-gone":    {"{it} is no longer named.", never, "", []string{"documents"}},
	"document-title":   {"{it} is called {new}, it was {old}.", never, "", nil},
	"document-address": {"{it} is at {new}, it was at {old}.", never, "", []string{"documents"}},
	"document-content": {"{it} has another text: SHA-256 {new}, it was {old}.", never, "", []string{"documents"}},

	"contacts-purpose": {"People are reached for the purpose {new}, they were for {old}.", never, "", nil},
	"contacts-field":   {"{it} is read from {new}, it was from {old}.", never, "", nil},

	"security-contacts":  {"Weaknesses are reported to {new}, they were to {old}.", never, "", []string{"disclosure-programme"}},
	"security-expires":   {"What security.txt says holds until {new}, it did until {old}.", never, "", nil},
	"security-page":      {"{it} is at {new}, it was at {old}.", never, "", nil},
	"security-languages": {"Reports of weaknesses can be written in {new}, they could be in {old}.", never, "", nil},
	"security-rewards":   {"Researchers are rewarded: {new}, it was {old}.", never, "", []string{"disclosure-programme"}},
	"security-team":      {"There are people for security alone: {new}, it was {old}.", never, "", nil},

	"known-new":    {"{it} is known now, and stands.", never, "", nil},
	"known-gone":   {"{it} is no longer known.", never, "", nil},
	"known-reason": {"{it} stands for another reason: {new}; it was: {old}.", never, "", nil},

	"renamed":     {"{it} has the id {new}, it was {old}; nothing else of it changed.", never, "", nil},
	"translation": {"{it}, in other languages: {new}; it was {old}.", never, "", nil},
}
