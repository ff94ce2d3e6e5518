package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"clause.dev/clause/internal/fault"
)

func clauseForm(c *Clause, pos Pos) value {
	c.Pos = pos
	return form{what: "the clause", keys: []key{
		{"id", name{into: &c.ID}, true, "the clause's id, for ever"},
		{"section", title(&c.Section), true, "the section of the published text it stands in"},
		{"text", text{into: &c.Text, most: textLength}, true, "the promise as published"},
		{"plain", title(&c.Plain), false, "the same in one plain sentence, for the summary"},
		{"translations", group[Translation]{into: &c.Translations, noun: "language", most: 50, body: translationForm, id: languageForm}, false, "the clause in other languages: ar: {section, text}"},
		{"statement", flag{&c.Statement}, false, "true if it promises nothing but must appear in the text"},
		{"keep", keeps{&c.Keep, c}, false, "the controls that keep the promise"},
	}, after: func(r *reader, at func(string) *node) {
		if c.Statement && len(c.Keep) > 0 {
			r.fail(at("statement"), Contradiction, "remove statement, or the controls", "clause %q promises nothing, so nothing can keep it", c.ID)
		}
	}}
}

// keeps is the list of controls that keep a clause: names, or names with parameters.
type keeps struct {
	into   *[]Keep
	clause *Clause // its id is known once all of it has been read
}

func (k keeps) read(r *reader, at, n *node) {
	if r.wrongType(at, n, listKind) {
		return
	}
	if len(n.items) == 0 {
		r.fail(at, MissingKey, "name a control, or remove keep: the clause is then published as unkept", "keep is empty")
	}
	*k.into = make([]Keep, 0, len(n.items))
	for _, item := range n.items {
		control, params := item, &node{kind: mapKind, pos: item.pos, width: item.width}
		switch {
		case item.kind == mapKind && len(item.pairs) == 1:
			control, params = item.pairs[0].key, item.pairs[0].value
		case item.kind != textKind:
			r.fail(item, BadType, "write - tls, or - tls: {minimum: \"1.2\"}", "each line of keep names one control")
			continue
		}
		spec, ok := r.control(control.value)
		if !ok {
			r.fail(control, UnknownKey, r.advise(control.value, r.vocabulary.Names()), "there is no control %q", short(control.value))
			continue
		}
		*k.into = append(*k.into, Keep{Control: spec.Name, Pos: control.pos})
		r.params(&(*k.into)[len(*k.into)-1], spec, k.clause, control, params)
	}
}

// control asks the vocabulary once for each control: a policy names few, in many clauses.
func (r *reader) control(name string) (ControlSpec, bool) {
	if spec, known := r.specs[name]; known {
		return spec, true
	}
	spec, ok := r.vocabulary.Control(name)
	if ok {
		r.specs[name] = spec
	}
	return spec, ok
}

// params reads a control's parameters and, once all is read, lets the control check them.
func (r *reader) params(keep *Keep, spec ControlSpec, clause *Clause, at, n *node) {
	before := len(r.problems) + r.more
	keep.Params = Params{}
	store := paramForm(spec, keep.Params)
	if n.kind == nullKind { // "- tls:" is "- tls"
		n = &node{kind: mapKind, pos: n.pos, width: n.width}
	}
	store.read(r, at, n)
	if spec.Check == nil || len(r.problems)+r.more > before {
		return
	}
	r.later = append(r.later, func() {
		for _, err := range joined(r.check(spec, keep.Params)) {
			r.refused(err, spec, clause.ID, at, n)
		}
	})
}

// check asks the control. A policy that is broken elsewhere may break its assumptions.
func (r *reader) check(spec ControlSpec, params Params) (err error) {
	defer func() {
		if recover() != nil && len(r.problems) == 0 {
			err = fmt.Errorf("the control cannot check its parameters")
		}
	}()
	return spec.Check(r.policy, params)
}

// joined returns the errors that errors.Join put together.
func joined(err error) []error {
	if err == nil {
		return nil
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}

// refused records what a control said of its parameters, at the parameter it is about.
func (r *reader) refused(err error, spec ControlSpec, clause string, at, params *node) {
	msg, hint := err.Error(), spec.Name+" keeps this promise: "+spec.Doc
	var f *fault.Error
	if errors.As(err, &f) {
		msg = fault.Public(err)
		if f.Hint != "" {
			hint = f.Hint
		}
		for _, p := range params.pairs {
			if p.key.value == f.Field {
				at = p.key
			}
		}
	}
	before := len(r.problems)
	r.fail(at, ControlRefuses, hint, "%s: %s", spec.Name, msg)
	for i := before; i < len(r.problems); i++ {
		r.problems[i].Control, r.problems[i].Clause = spec.Name, clause
	}
}

// paramForm is the form of a control's parameters, which puts what it reads into params.
func paramForm(spec ControlSpec, params Params) form {
	f := form{what: "control " + spec.Name, part: "parameter"}
	for _, p := range spec.Params {
		f.keys = append(f.keys, key{p.Name, param{p, params}, p.Required, p.Doc})
	}
	return f
}

// param is one parameter of a control.
type param struct {
	spec   Param
	params Params
}

// value returns the reader of the parameter's type, and what gives the value once it was read.
func (p param) value() (value, func() any) {
	switch p.spec.Type {
	case ParamInteger:
		v := new(int64)
		return number{v}, func() any { return *v }
	case ParamBool:
		v := new(bool)
		return flag{v}, func() any { return *v }
	case ParamDuration:
		v := new(time.Duration)
		return span{v}, func() any { return *v }
	case ParamTerm:
		v := new(Term)
		return term{v}, func() any { return *v }
	case ParamText:
		v := new(string)
		if len(p.spec.Values) > 0 {
			return choice[string]{v, p.spec.Values}, func() any { return *v }
		}
		return text{into: v, most: textLength}, func() any { return *v }
	default:
		v := &[]string{}
		return list[string]{into: v, to: p.reference(), of: p.allowed(), none: true}, func() any { return *v }
	}
}

func (p param) reference() reference {
	return map[ParamType]reference{
		ParamDataSets: toDataSet, ParamFields: toField, ParamPurposes: toPurpose, ParamRegions: toRegion,
		ParamRecipients: toRecipient, ParamCategories: toCategory, ParamProducts: toProduct, ParamModels: toModel,
		ParamCookies: toCookie, ParamAttestations: toAttestation, ParamDocuments: toDocument,
		ParamEnvironments: toEnvironment, ParamClauses: toClause,
	}[p.spec.Type]
}

func (p param) allowed() []string {
	if len(p.spec.Values) == 0 {
		return nil
	}
	return slices.Clone(p.spec.Values)
}

func (p param) read(r *reader, key, n *node) {
	v, got := p.value()
	v.read(r, key, n)
	p.params[p.spec.Name] = got()
}

func (p param) schema(v Vocabulary) object {
	reader, _ := p.value()
	return reader.schema(v)
}

func (k keeps) schema(v Vocabulary) object {
	var plain []string
	properties := object{}
	for _, name := range v.Names() {
		spec, ok := v.Control(name)
		if !ok {
			continue
		}
		f := paramForm(spec, Params{})
		s := f.schema(v)
		s["description"] = spec.Doc
		if !slices.ContainsFunc(spec.Params, func(p Param) bool { return p.Required }) {
			plain = append(plain, name)
			s["type"] = []string{"object", "null"}
		}
		properties[name] = s
	}
	withParams := object{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1}
	item := []object{withParams}
	if len(plain) > 0 {
		item = append(item, object{"enum": plain})
	}
	return object{"type": "array", "minItems": 1, "items": object{"anyOf": item}}
}
