package check

import (
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

func usageRules() []Rule {
	return []Rule{unusedData(), unusedDeclaration(), undeclaredData(), cookieDespiteClaim(), cookieNeedsConsent()}
}

func unusedData() Rule {
	return Rule{
		Code: "unused-data", Severity: Warning,
		Title:       "data is declared that no purpose sees",
		Explanation: "Nobody can read or write what no purpose sees. Either it is not needed, and should not be collected, or a purpose is missing.",
		RestsOn:     "GDPR art. 5(1)(c)",
		Remedy:      "take it out, or add it to what a purpose sees",
		find: func(v *view, found func(hit)) {
			seen := map[string]bool{}
			for _, p := range v.Purposes {
				for _, s := range p.Sees {
					seen[s.DataSet] = true
					for _, f := range s.Fields {
						seen[s.DataSet+"."+f] = true
					}
				}
			}
			for i := range v.Data {
				set := &v.Data[i]
				if !seen[set.ID] {
					found(hit{pos: set.Pos, width: len(set.ID), about: []string{set.ID}, msg: fmt.Sprintf("no purpose sees data set %s", set.ID)})
					continue
				}
				for _, f := range set.Fields {
					if !seen[set.ID+"."+f.ID] {
						found(hit{pos: f.Pos, width: len(f.ID), about: []string{set.ID, f.ID}, msg: fmt.Sprintf("no purpose sees field %s of data set %s", f.ID, set.ID)})
					}
				}
			}
		},
	}
}

func unusedDeclaration() Rule {
	return Rule{
		Code: "unused-declaration", Severity: Note,
		Title:       "something is declared that nothing in the policy uses",
		Explanation: "It is published in lists of recipients, cookies or documents, and no clause says what it is for: a rest of an older version, or a clause that is missing.",
		RestsOn:     "the policy's own declarations",
		Remedy:      "take it out, or name it where it belongs",
		find: func(v *view, found func(hit)) {
			used := v.used()
			for _, d := range v.declared() {
				if !used[d.sort+" "+d.id] {
					found(hit{pos: d.pos, width: len(d.id), about: []string{d.id}, msg: fmt.Sprintf("nothing uses %s %s", d.sort, d.id), remedy: d.remedy})
				}
			}
		},
	}
}

// declaration is something with an id that other parts of the policy name.
type declaration struct {
	sort, id string
	pos      policy.Pos
	remedy   string
}

// declared are the declarations that must be named elsewhere to mean anything.
func (v *view) declared() (all []declaration) {
	for _, r := range v.Recipients {
		all = append(all, declaration{"recipient", r.ID, r.Pos, "take it out; or name it in a purpose that may disclose, as a model's host, or in the list of a clause"})
	}
	if slices.ContainsFunc(v.keeps["residency"], func(b bound) bool { return len(b.names("regions")) > 0 }) { // else all are where data is kept
		for _, r := range v.Regions {
			all = append(all, declaration{"region", r.ID, r.Pos, "take it out, or name it in a clause about residency"})
		}
	}
	for _, m := range v.Models {
		all = append(all, declaration{"model", m.ID, m.Pos, "bind a clause to model-residency with it, or to model-provider with its host"})
	}
	if len(v.keeps["cookies-only-necessary"]) == 0 { // which is about all cookies
		for _, c := range v.Cookies {
			all = append(all, declaration{"cookie", c.ID, c.Pos, "bind a clause to session-cookie with it, or to cookies-only-necessary"})
		}
	}
	for _, d := range v.Documents {
		all = append(all, declaration{"document", d.ID, d.Pos, "bind a clause to documents with it"})
	}
	for _, p := range v.Products {
		all = append(all, declaration{"product", p.ID, p.Pos, "bind a clause to product-scope with it"})
	}
	if len(v.Subjects) > 1 {
		for _, s := range v.Subjects {
			all = append(all, declaration{"subject", s.ID, s.Pos, "make it the subject of a data set, or take it out"})
		}
	}
	return all
}

// used are the declarations that something names, by sort and id.
func (v *view) used() map[string]bool {
	all := map[string]bool{}
	use := func(sort string, ids ...string) {
		for _, id := range ids {
			all[sort+" "+id] = true
		}
	}
	for _, p := range v.Purposes {
		use("recipient", p.Recipients...)
	}
	for _, r := range v.Recipients {
		use("region", r.Region)
	}
	for _, m := range v.Models {
		use("recipient", m.Recipient)
		use("region", m.Regions...)
	}
	for _, d := range v.Data {
		use("subject", d.Subject)
	}
	v.usedByClauses(use)
	for _, m := range v.Models {
		if all["host "+m.Recipient] {
			use("model", m.ID)
		}
	}
	return all
}

// usedByClauses tells of all ids that the parameters of controls name.
func (v *view) usedByClauses(use func(sort string, ids ...string)) {
	sorts := map[policy.ParamType]string{
		policy.ParamRecipients: "recipient", policy.ParamRegions: "region", policy.ParamModels: "model",
		policy.ParamCookies: "cookie", policy.ParamDocuments: "document", policy.ParamProducts: "product",
	}
	for control, all := range v.keeps {
		spec, _ := v.controls.Control(control)
		for _, p := range spec.Params {
			sort, ok := sorts[p.Type]
			if !ok {
				continue
			}
			for _, b := range all {
				use(sort, b.names(p.Name)...)
			}
		}
	}
	for _, b := range v.keeps["model-provider"] {
		use("host", b.names("recipients")...)
	}
	for _, b := range v.keeps["session-cookie"] {
		if len(b.names("cookies")) == 0 {
			use("cookie", v.necessary()...)
		}
	}
}

// necessary are the cookies that a clause about the session means if it names none.
func (v *view) necessary() (ids []string) {
	for _, c := range v.Cookies {
		if c.Kind == policy.Necessary {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func undeclaredData() Rule {
	return Rule{
		Code: "undeclared-data", Severity: Warning,
		Title:       "a clause speaks of collecting data that the policy does not declare",
		Explanation: "What is not declared is in no record of processing, has no purpose, basis or period, and the server refuses to store it: either the text or the declarations are wrong.",
		RestsOn:     "GDPR art. 13(1)(c), 14(1)(d) and 30(1)(c)",
		Remedy:      "declare it under data with its fields, or take it out of the text",
		find: func(v *view, found func(hit)) {
			nouns, declared := phrases(table(nounsFile), 1), v.vocabularyOfData()
			for i := range v.Clauses {
				c, said := &v.Clauses[i], map[string]bool{}
				for _, s := range v.prose[i] {
					if !s.collects() {
						continue
					}
					for _, m := range nouns.in(s) {
						noun := m.row[0]
						if said[noun] || s.negated(m.at) || covered(m.row[2], declared) {
							continue
						}
						said[noun] = true
						found(v.find(i, m.words, fmt.Sprintf("clause %s says that %s is collected, and no data set declares it", c.ID, noun)))
					}
				}
			}
		},
	}
}

// collects reports whether the sentence is about collecting or keeping something.
func (s sentence) collects() bool {
	return slices.ContainsFunc(s, func(w word) bool {
		switch w.text {
		case "collect", "collects", "collected", "collecting", "gather", "gathers", "gathered", "record", "records", "recorded", "log", "logs", "logged",
			"store", "stores", "stored", "process", "processes", "processed", "receive", "receives", "received", "obtain", "obtains", "obtained",
			"track", "tracks", "tracked", "ask", "request", "hold", "use", "uses", "used":
			return true
		}
		return false
	})
}

// vocabularyOfData are the words in which the policy declares data.
func (v *view) vocabularyOfData() map[string]bool {
	all := map[string]bool{}
	add := func(texts ...string) {
		for _, t := range texts {
			t = strings.ToLower(t)
			all[t], all["="+t] = true, true
			for _, w := range words(strings.ReplaceAll(t, "_", " ")) {
				all[w] = true
			}
		}
	}
	for _, set := range v.Data {
		add(set.ID, set.Title, set.Category)
		for _, f := range set.Fields {
			add(f.ID, f.Title, string(f.Type))
		}
	}
	return all
}

// covered reports whether one of a row's words is declared.
func covered(cell string, declared map[string]bool) bool {
	return slices.ContainsFunc(strings.Split(cell, ","), func(w string) bool { return declared[strings.TrimSpace(w)] })
}
