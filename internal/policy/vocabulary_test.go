package policy_test

import (
	_ "embed"
	"encoding/json"
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

// catalogue is what internal/control makes of its catalogue; a test there keeps it up to date.
//
//go:embed testdata/controls.json
var catalogue []byte

// controls are the controls of the catalogue, two of which check their parameters.
func controls() vocabulary {
	var specs []struct {
		Name, Doc string
		Params    []policy.Param
	}
	if err := json.Unmarshal(catalogue, &specs); err != nil {
		panic(err)
	}
	v := vocabulary{}
	for _, s := range specs {
		v[s.Name] = policy.ControlSpec{Name: s.Name, Doc: s.Doc, Params: s.Params}
	}
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
