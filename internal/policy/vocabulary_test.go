package policy_test

import (
	"errors"
	"slices"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// vocabulary stands in for the catalogue of controls, which is above this package.
type vocabulary map[string]policy.ControlSpec

func (v vocabulary) Control(name string) (policy.ControlSpec, bool) {
	spec, ok := v[name]
	return spec, ok
}

func (v vocabulary) Names() []string {
	var names []string
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Condition knows one condition, as the decisions' language would know many.
func (vocabulary) Condition(text string) error {
	if text == "hour < 18" {
		return nil
	}
	return fault.New("test", fault.Invalid, "the condition is not valid")
}

func required(name string, typ policy.ParamType, values ...string) policy.Param {
	return policy.Param{Name: name, Doc: "the " + name, Type: typ, Required: true, Values: values}
}

func optional(name string, typ policy.ParamType) policy.Param {
	return policy.Param{Name: name, Type: typ}
}

// controls are the agreed controls with their parameters.
func controls() vocabulary {
	v := vocabulary{}
	add := func(name string, runs bool, params ...policy.Param) {
		v[name] = policy.ControlSpec{Name: name, Doc: "What " + name + " does.", Runs: runs, Params: params}
	}
	add("tls", true, required("minimum", policy.ParamText, "1.2", "1.3"))
	add("encryption-at-rest", true, required("algorithm", policy.ParamText))
	add("memory-only", true, required("data", policy.ParamDataSets))
	add("tenant-isolation", true)
	add("declared-data-only", true, required("categories", policy.ParamCategories))
	add("no-sensitive-data", true)
	add("purpose-limitation", true, required("purposes", policy.ParamPurposes), optional("categories", policy.ParamCategories))
	add("contract-basis", true, required("purposes", policy.ParamPurposes))
	add("consent", true, required("purposes", policy.ParamPurposes))
	add("legitimate-interests", true, required("purposes", policy.ParamPurposes))
	add("minimisation", true, required("optional", policy.ParamDataSets))
	add("no-disclosure", true, required("recipients", policy.ParamRecipients))
	add("no-direct-marketing", true)
	add("residency", true, required("regions", policy.ParamRegions))
	add("retention", true, required("data", policy.ParamDataSets))
	add("erasure", true, required("within", policy.ParamDuration))
	add("interaction-log", true)
	add("aggregates", true, required("people", policy.ParamInteger))
	add("published", false, required("what", policy.ParamText))
	add("clock", false, required("duty", policy.ParamText), required("within", policy.ParamText), optional("acknowledge", policy.ParamText))
	add("password-hash", false, required("algorithm", policy.ParamText), required("cost", policy.ParamInteger))
	add("database-firewall", false)
	add("session-cookie", false, optional("signed", policy.ParamBool), optional("http-only", policy.ParamBool), optional("secure", policy.ParamBool))
	add("email-verification", false)
	add("data-subject-rights", false, required("rights", policy.ParamTexts, "access", "rectification", "erasure", "portability", "withdrawal", "objection", "restriction"), required("within", policy.ParamText), optional("free", policy.ParamBool))
	add("cookies-only-necessary", false)
	add("breach-notice", false, optional("authority", policy.ParamText), optional("people", policy.ParamText))
	add("minimum-age", false, required("age", policy.ParamInteger))
	add("change-notice", false, required("ahead", policy.ParamText))
	add("complaints", false, optional("authority", policy.ParamText))
	v.check("no-sensitive-data", noSensitive)
	v.check("erasure", backupsEndInTime)
	return v
}

func (v vocabulary) check(name string, check func(*policy.Policy, policy.Params) error) {
	spec := v[name]
	spec.Check = check
	v[name] = spec
}

// noSensitive complains of every sensitive data set, in one joined error.
func noSensitive(p *policy.Policy, _ policy.Params) error {
	var all []error
	for _, d := range p.Data {
		if d.Sensitive {
			all = append(all, fault.New("test", fault.Invalid, "data set %s is sensitive", d.ID))
		}
	}
	return errors.Join(all...)
}
