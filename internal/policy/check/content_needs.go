package check

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/law"
)

// needsOfControllers are what whoever decides about the data owes those it is about, but for their rights.
func needsOfControllers() []need {
	return []need{{
		thing: "officer", title: "a text speaks of a data protection officer whom nobody can reach",
		explanation: "People may write to the officer about anything that concerns their data, so they must be told how.",
		remedy:      "give organisation.officer a name and a contact",
		lacking: func(v *view, _ *law.Law, w *spoken, found func(hit)) {
			v.nameless("officer", "a data protection officer", v.Organisation.Officer, w, found)
		},
	}, {
		thing: "representative", title: "a text speaks of a representative in the Union whom nobody can reach",
		explanation: "A controller outside the Union appoints somebody inside it to whom people and authorities can turn, so they must be told how.",
		remedy:      "give organisation.agent a name and a contact",
		lacking: func(v *view, _ *law.Law, w *spoken, found func(hit)) {
			v.nameless("representative", "a representative in the Union", v.Organisation.Agent, w, found)
		},
	}, {
		thing: "duty", title: "a purpose rests on a legal obligation that is not named",
		explanation: "Who must process data because a law says so must say which law, so that people can look it up.",
		remedy:      "name the law as the purpose's duty",
		lacking: func(v *view, _ *law.Law, _ *spoken, found func(hit)) {
			v.purposesWhere(policy.LegalObligation, func(u *policy.Purpose) bool { return u.Duty == "" }, "a legal obligation, and does not name the law", found)
		},
	}, {
		thing: "interests", title: "a purpose rests on legitimate interests that are not named",
		explanation: "Only who knows the interest can weigh it against their own, and object.",
		remedy:      "say the purpose's interest, or bind the clause that says it to legitimate-interests",
		lacking: func(v *view, _ *law.Law, _ *spoken, found func(hit)) {
			v.purposesWhere(policy.LegitimateInterests, func(u *policy.Purpose) bool {
				return u.Interest == "" && !v.listedBy("legitimate-interests", "purposes", u.ID)
			}, "legitimate interests, and does not name them", found)
		},
	}, {
		thing: "recipients", title: "the policy does not tell who receives data",
		explanation: "People must be told who gets their data, or that nobody does: silence is neither.",
		remedy:      "declare the recipients, or bind a clause to no-disclosure: {recipients: []}",
		lacking: func(v *view, l *law.Law, w *spoken, found func(hit)) {
			told := need{controls: []string{"no-disclosure", "sub-processors", "allowed-recipients"}, subjects: []string{"recipients"}}
			if len(v.Recipients) == 0 && !told.told(v, w) {
				found(v.atLaw(l, "the policy neither declares recipients nor says that there are none"))
			}
		},
	}, {
		thing: "safeguards", title: "data goes abroad without a recorded safeguard",
		explanation: "Outside the law's territory, and the countries it takes for as safe, data needs a safeguard, and people must be told which: " +
			"an adequacy decision, standard clauses, binding rules.",
		remedy:  "record the recipient's safeguard",
		lacking: (*view).unsafe,
	}, {
		thing: "retention", title: "a data set is stored for a time that no clause tells",
		explanation: "People must be told how long their data is kept, or by what rule that is decided.",
		remedy:      "give the data set a keep, or list it in a clause of retention",
		lacking: func(v *view, _ *law.Law, _ *spoken, found func(hit)) {
			// Whoever says when all data of a person is erased has told how long each set of it is kept.
			if len(v.keeps["erasure"])+len(v.keeps["off-boarding"]) > 0 {
				return
			}
			for i := range v.Data {
				if d := &v.Data[i]; d.Storage == policy.Stored && d.Keep == 0 && !v.listedBy("retention", "data", d.ID) {
					found(hit{pos: d.Pos, width: len(d.ID), about: []string{d.ID}, msg: fmt.Sprintf("no clause tells how long %s (%s) is kept", d.Title, d.ID)})
				}
			}
		},
	}, {
		thing: "consequences", title: "a purpose does not tell what happens if people do not give the data",
		explanation: "People must be told whether they have to give the data, and what happens if they do not.",
		remedy:      "say it as the purpose's without, or list its data sets as optional in a clause of minimisation",
		lacking:     (*view).untoldConsequences,
	}, {
		thing: "automated-decisions", title: "a model works on personal data, and the policy does not tell whether machines decide",
		explanation: "People must be told of decisions that machines alone make about them, with the logic and what follows from it. " +
			"Where a model sees their data and the text is silent, nobody can tell whether there are any.",
		remedy: "say the logic as the automated of the purpose, or write in a clause that no decision is made by automated means alone",
		lacking: func(v *view, _ *law.Law, w *spoken, found func(hit)) {
			decides := slices.ContainsFunc(v.Purposes, func(u policy.Purpose) bool { return u.Automated != "" })
			if len(v.Models) == 0 || decides || w.first("automated-decisions") != nil {
				return
			}
			m := &v.Models[0]
			found(hit{pos: m.Pos, width: len(m.ID), about: []string{m.ID},
				msg: fmt.Sprintf("%s (%s) sees personal data, and no purpose or clause tells whether it decides about anybody", m.Name, m.ID)})
		},
	}, {
		thing: "source", title: "data comes from a third party that is not named",
		explanation: "Who did not give the data must be told where it came from.",
		remedy:      "name the third party as the data set's from",
		lacking: func(v *view, _ *law.Law, _ *spoken, found func(hit)) {
			for i := range v.Data {
				if d := &v.Data[i]; d.Source == policy.FromThirdParty && d.From == "" {
					found(hit{pos: d.Pos, width: len(d.ID), about: []string{d.ID}, msg: fmt.Sprintf("%s (%s) comes from a third party that is not named", d.Title, d.ID)})
				}
			}
		},
	}}
}

// needsOfRights are what people must be told of their rights. That consent can be withdrawn must be
// true under no law too: irrevocable-consent finds where it is not told.
func needsOfRights() []need {
	right := func(key, words, explanation string) need {
		return need{thing: key, title: "the policy does not tell of the right " + words, explanation: explanation, right: key, subjects: []string{key},
			remedy: "list " + key + " in a clause of data-subject-rights"}
	}
	return []need{
		right("access", "of access", "Whoever does not know that they can ask for their data never sees what is held of them."),
		right("rectification", "to rectification", "Wrong data stays wrong where people do not know that they can have it corrected."),
		right("erasure", "to erasure", "People must be told that they can have data erased, or they think that it stays for ever."),
		right("restriction", "to restriction of processing", "While it is disputed whether data is right, or may be used at all, people can have its use suspended, and must be told."),
		right("objection", "to object", "What rests on legitimate interests or a public task ends where people object; they must be told, clearly and apart from the rest."),
		right("portability", "to data portability", "What people gave by contract or consent they can take elsewhere, and must be told."),
		{
			thing: "complaint", title: "the policy does not tell where people can complain",
			explanation: "Whoever gets no answer, or a wrong one, must know that there is an authority to turn to.",
			remedy:      "give organisation.authority, and bind a clause to complaints", subjects: []string{"complaint"}, controls: []string{"complaints"},
		},
		{
			thing: "grievance", title: "the policy does not tell how a grievance is redressed",
			explanation: "India's law has people turn to the company first: it must tell how a grievance is raised and answered.",
			remedy:      "write a clause on grievances, with a clock: {duty: grievances, within: …}", subjects: []string{"grievance"},
		},
		{
			thing: "nomination", title: "the policy does not tell that people can nominate somebody for their rights",
			explanation: "India's law lets people name who uses their rights when they died or cannot; a right that nobody knows is not used.",
			remedy:      "write a clause that tells how somebody is nominated", subjects: []string{"nomination"},
		},
	}
}

// needsOfProcessors are what whoever processes data for others owes these.
func needsOfProcessors() []need {
	return []need{{
		thing: "instructions", title: "a processor does not tell that it acts on instructions only",
		explanation: "A processor that uses data for purposes of its own is a controller, with all that follows.",
		remedy:      "bind a clause to purpose-limitation, or write that data is processed on the customer's instructions only",
		controls:    []string{"purpose-limitation"}, subjects: []string{"instructions"},
	}, {
		thing: "security", title: "a processor does not tell how it secures the data",
		explanation: "Controllers may use only processors that give sufficient guarantees: those must be written down.",
		remedy:      "bind clauses to tls, encryption-at-rest or tenant-isolation",
		controls:    []string{"tls", "encryption-at-rest", "tenant-isolation", "encrypted-backups", "access-approval", "customer-grant"}, subjects: []string{"security"},
	}, {
		thing: "sub-processors", title: "a processor does not tell who else processes the data",
		explanation: "A processor may use another only with the controller's authorisation, so the controller must know of all of them, or that there are none.",
		remedy:      "bind a clause to sub-processors, with an empty list for none",
		controls:    []string{"sub-processors", "no-disclosure", "allowed-recipients"}, subjects: []string{"sub-processors"},
	}, {
		thing: "return", title: "a processor does not tell that data goes when the service ends",
		explanation: "When the service ends the controller chooses whether data is deleted or returned; after that nothing may be left.",
		remedy:      "bind a clause to off-boarding, erasure or retention",
		controls:    []string{"off-boarding", "erasure", "retention"}, subjects: []string{"return"},
	}, {
		thing: "breach", title: "the policy does not tell what is done about a breach",
		explanation: "A processor tells its controllers of a breach without undue delay, or they cannot meet their own time; people may ask what is done if their data is misused.",
		remedy:      "bind a clause to breach-notice",
		controls:    []string{"breach-notice"}, subjects: []string{"breach", "breach-people", "breach-authority"},
	}}
}

// nameless finds a party that a text speaks of and the organisation does not declare.
func (v *view) nameless(subject, what string, party policy.Party, w *spoken, found func(hit)) {
	if party.Contact != "" {
		return
	}
	if c := w.first(subject); c != nil {
		found(hit{pos: c.Pos, width: len("id"), clauses: []string{c.ID}, msg: fmt.Sprintf("the text speaks of %s, and nobody is told how to reach them", what)})
	}
}

// purposesWhere finds purposes on a basis that lack something.
func (v *view) purposesWhere(basis policy.Basis, lacks func(*policy.Purpose) bool, what string, found func(hit)) {
	for i := range v.Purposes {
		if u := &v.Purposes[i]; u.Basis == basis && lacks(u) {
			found(hit{pos: u.Pos, width: len(u.ID), about: []string{u.ID}, msg: fmt.Sprintf("purpose %s (%s) rests on %s", u.Title, u.ID, what)})
		}
	}
}

// listedBy reports whether a clause of the control lists the id in a parameter.
func (v *view) listedBy(control, param, id string) bool {
	return slices.ContainsFunc(v.keeps[control], func(b bound) bool { return slices.Contains(b.names(param), id) })
}

// atLaw is a hit at the law that asks.
func (v *view) atLaw(l *law.Law, msg string) hit {
	for i := range v.Laws {
		if named, ok := lawOf(&v.Laws[i]); ok && slices.Contains(law.Under(named), l) {
			return hit{pos: v.Laws[i].Pos, width: len(v.Laws[i].ID), about: []string{v.Laws[i].ID}, msg: msg}
		}
	}
	return hit{msg: msg}
}

// unsafe finds recipients outside the law's territory without a safeguard.
func (v *view) unsafe(l *law.Law, _ *spoken, found func(hit)) {
	for i := range v.Recipients {
		c := &v.Recipients[i]
		if region, ok := v.Region(c.Region); ok && c.Safeguard == "" && l.Abroad(region.Country) {
			found(hit{pos: c.Pos, width: len(c.ID), about: []string{c.ID},
				msg: fmt.Sprintf("%s (%s) receives data in %s (%s), and no safeguard is recorded", c.Name, c.ID, region.Place, region.Country)})
		}
	}
	for i := range v.Models {
		m := &v.Models[i]
		host, ok := v.Recipient(m.Recipient)
		if !ok || host.Safeguard != "" {
			continue
		}
		for _, id := range m.Regions {
			if region, ok := v.Region(id); ok && id != host.Region && l.Abroad(region.Country) {
				found(hit{pos: m.Pos, width: len(m.ID), about: []string{m.ID, host.ID},
					msg: fmt.Sprintf("%s (%s) may keep data in %s (%s), and no safeguard of %s is recorded", m.Name, m.ID, region.Place, region.Country, host.Name)})
				break
			}
		}
	}
}

// untoldConsequences finds purposes that need data of people and do not say what happens without it.
// Consent can be refused, and legitimate interests ask nobody: neither needs it.
func (v *view) untoldConsequences(_ *law.Law, _ *spoken, found func(hit)) {
	for i := range v.Purposes {
		u := &v.Purposes[i]
		if u.Without != "" || u.Basis != policy.Contract && u.Basis != policy.LegalObligation {
			continue
		}
		for _, s := range u.Sees {
			if d, ok := v.DataSet(s.DataSet); ok && d.Source == policy.FromPerson && !v.listedBy("minimisation", "optional", d.ID) {
				found(hit{pos: u.Pos, width: len(u.ID), about: []string{u.ID, d.ID},
					msg: fmt.Sprintf("purpose %s (%s) needs %s of people, and does not tell what happens if they do not give it", u.Title, u.ID, d.Title)})
				break
			}
		}
	}
}
