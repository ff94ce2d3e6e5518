package check

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/policy"
)

// Columns of the data file of uses.
const (
	deniedAs = 1 // how clauses name the use
	usedAs   = 2 // how purposes name it
)

func deniedAndUsed() Rule {
	return Rule{
		Code: "purpose-denied-and-used", Severity: Error,
		Title:       "a clause denies a use of data that the policy declares",
		Explanation: "A use that people were told does not happen is unlawful whatever its basis, and the first thing an auditor finds.",
		RestsOn:     "GDPR art. 5(1)(a) and (b); the clause's own words",
		Remedy:      "take the purpose out, or the words that deny it",
		find: func(v *view, found func(hit)) {
			rows := table(usesFile)
			uses, declared := phrases(rows, deniedAs), v.uses(phrases(rows, usedAs))
			for i := range v.Clauses {
				for _, s := range v.prose[i] {
					v.denied(i, s, uses, declared, found)
				}
			}
			for _, b := range v.keeps["no-direct-marketing"] {
				for _, kind := range []string{"marketing", "advertising", "sale"} {
					for _, id := range declared[kind] {
						if p, ok := v.Purpose(id); ok && p.Basis == policy.Consent {
							continue // what people asked for is not what the clause is about
						}
						h := b.at(fmt.Sprintf("clause %s says that there is no marketing, and %s is declared", b.clause.ID, id))
						h.about = []string{id}
						found(h)
					}
				}
			}
		},
	}
}

// uses are the purposes, and the models that learn, by the kind of use that their titles name.
func (v *view) uses(l lexicon) map[string][]string {
	declared := map[string][]string{}
	for _, p := range v.Purposes {
		for _, s := range sentences(p.ID + ". " + p.Title) {
			for _, m := range l.in(s) {
				if kind := m.row[0]; !s.negated(m.at) {
					declared[kind] = unique(append(declared[kind], p.ID))
				}
			}
		}
	}
	for _, m := range v.Models {
		if m.Trains {
			declared["training"] = append(declared["training"], m.ID)
		}
	}
	return declared
}

// denied finds declared uses that a sentence denies. An exception may be the very use, so it counts as
// no denial; and a clause with a control that says the same is left to that control.
func (v *view) denied(clause int, s sentence, l lexicon, declared map[string][]string, found func(hit)) {
	c := &v.Clauses[clause]
	if s.excepted() || has(c, "no-direct-marketing") {
		return
	}
	at := v.finder(clause)
	for _, m := range l.in(s) {
		if !s.negated(m.at) {
			continue
		}
		for _, id := range declared[m.row[0]] {
			h := at(m.words, fmt.Sprintf("clause %s says that data is not used for %s, and %s does so", c.ID, m.row[0], id))
			h.about = []string{id}
			found(h)
		}
	}
}

func basisMisfit() Rule {
	return Rule{
		Code: "basis-misfit", Severity: Error,
		Title:       "a purpose rests on a legal basis that does not carry it",
		Explanation: "Without a basis that fits, the whole processing is unlawful; and people are given the wrong rights: consent can be withdrawn, legitimate interests objected to, a contract neither.",
		RestsOn:     "GDPR art. 6(1)",
		Remedy:      "give the purpose the basis it rests on, or change what it does",
		find: func(v *view, found func(hit)) {
			uses := phrases(table(usesFile), usedAs)
			forced := claims("no-service-without-consent")
			for i := range v.Purposes {
				p := &v.Purposes[i]
				misfit := func(restsOn, remedy, format string, args ...any) {
					found(hit{pos: p.Pos, width: len(p.ID), about: []string{p.ID}, clauses: v.boundTo(p), restsOn: restsOn, remedy: remedy,
						msg: fmt.Sprintf("purpose %s rests on %s, ", p.ID, p.Basis) + fmt.Sprintf(format, args...)})
				}
				v.sensitiveBasis(p, misfit)
				if v.Organisation.Role == "controller" { // a processor's purposes are its customers'
					carries(p, uses, misfit)
				}
				for _, s := range sentences(p.Without) {
					if p.Basis == policy.Consent && len(forced.in(s)) > 0 {
						misfit("GDPR art. 7(4), recital 43", "rest what the service needs on the contract, or serve people without this consent",
							"and without it there is no service: such a consent is not freely given")
						break
					}
				}
				if p.Duty != "" && p.Basis != policy.LegalObligation {
					misfit("GDPR art. 6(1)(c)", "", "and names the law that obliges to it (duty)")
				}
				if p.Interest != "" && p.Basis != policy.LegitimateInterests {
					misfit("GDPR art. 6(1)(f)", "", "and names a legitimate interest (interest)")
				}
			}
		},
	}
}

type misfit func(restsOn, remedy, format string, args ...any)

// sensitiveBasis finds special categories of data on a basis that art. 9(2) does not know.
func (v *view) sensitiveBasis(p *policy.Purpose, found misfit) {
	if p.Basis != policy.Contract && p.Basis != policy.LegitimateInterests {
		return
	}
	for _, sight := range p.Sees {
		if set, ok := v.DataSet(sight.DataSet); ok && set.Sensitive {
			found("GDPR art. 9(2)", "ask for explicit consent, or do without the data",
				"and sees %s, which is sensitive: that needs explicit consent or another ground of art. 9(2)", set.ID)
		}
	}
}

// carries finds uses that the basis cannot carry, which the data file lists.
func carries(p *policy.Purpose, uses lexicon, found misfit) {
	var said []string
	for _, s := range sentences(p.ID + ". " + p.Title) {
		for _, m := range uses.in(s) {
			kind, bases, source := m.row[0], m.row[3], m.row[4]
			if slices.Contains(words(bases), string(p.Basis)) && !s.negated(m.at) && !slices.Contains(said, kind) {
				said = append(said, kind)
				found(source, "", "which does not carry %s", kind)
			}
		}
	}
}

// boundTo are the clauses that name the purpose's basis.
func (v *view) boundTo(p *policy.Purpose) (ids []string) {
	for _, control := range []string{"consent", "contract-basis", "legitimate-interests"} {
		for _, b := range v.keeps[control] {
			if slices.Contains(b.names("purposes"), p.ID) {
				ids = append(ids, b.clause.ID)
			}
		}
	}
	return ids
}

// saysHowToWithdraw reports whether a clause lets people withdraw consent, whatever the purpose.
func (v *view) saysHowToWithdraw() bool {
	if slices.ContainsFunc(v.keeps["data-subject-rights"], func(b bound) bool { return slices.Contains(b.names("rights"), "withdrawal") }) {
		return true
	}
	can := claims("withdrawal")
	return slices.ContainsFunc(v.prose, func(text []sentence) bool {
		return slices.ContainsFunc(text, func(s sentence) bool {
			return slices.ContainsFunc(can.in(s), func(m match) bool { return !s.negated(m.at) })
		})
	})
}

func irrevocableConsent() Rule {
	return Rule{
		Code: "irrevocable-consent", Severity: Error,
		Title:       "a consent that cannot be withdrawn",
		Explanation: "Consent is one only while it can be taken back, as easily as it was given. Without that there is no basis for the purpose at all.",
		RestsOn:     "GDPR art. 7(3); UAE PDPL art. 6; DPDP Act s. 6(4)",
		Remedy:      "bind a clause to consent with the purpose, or to data-subject-rights with withdrawal, and say how it is done",
		find: func(v *view, found func(hit)) {
			revocable := v.saysHowToWithdraw()
			for i := range v.Purposes {
				p := &v.Purposes[i]
				if p.Basis == policy.Consent && !revocable && len(v.boundTo(p)) == 0 {
					found(hit{pos: p.Pos, width: len(p.ID), about: []string{p.ID},
						msg: fmt.Sprintf("purpose %s rests on consent, and no clause says that it can be withdrawn", p.ID)})
				}
			}
			never := claims("irrevocable")
			for i := range v.Clauses {
				c := &v.Clauses[i]
				for _, s := range v.prose[i] {
					claimed := slices.DeleteFunc(never.in(s), func(m match) bool { return s.negated(m.at) })
					if len(claimed) > 0 && s.holds("consent", "consents", "agreement", "permission") {
						found(v.find(i, claimed[0].words, fmt.Sprintf("clause %s says that consent cannot be withdrawn", c.ID)))
						break
					}
				}
			}
		},
	}
}
