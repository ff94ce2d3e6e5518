package control

import (
	"reflect"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// The types of parameters that refer to ids of the same policy.
type (
	// DataSets are ids of data sets.
	DataSets []string
	// Purposes are ids of purposes.
	Purposes []string
	// Regions are ids of regions.
	Regions []string
	// Recipients are ids of recipients.
	Recipients []string
	// Categories are categories of data sets.
	Categories []string
	// Fields are fields of data sets, as data-set.field.
	Fields []string
	// Products are ids of products.
	Products []string
	// Models are ids of language models.
	Models []string
	// Cookies are ids of cookies.
	Cookies []string
	// Attestations are ids of attestations.
	Attestations []string
	// Documents are ids of documents.
	Documents []string
	// Environments are environments.
	Environments []string
	// Clauses are ids of clauses.
	Clauses []string
)

// paramTypes says which parameter type a field's Go type stands for.
var paramTypes = map[reflect.Type]policy.ParamType{
	reflect.TypeFor[string]():        policy.ParamText,
	reflect.TypeFor[int]():           policy.ParamInteger,
	reflect.TypeFor[bool]():          policy.ParamBool,
	reflect.TypeFor[time.Duration](): policy.ParamDuration,
	reflect.TypeFor[[]string]():      policy.ParamTexts,
	reflect.TypeFor[DataSets]():      policy.ParamDataSets,
	reflect.TypeFor[Purposes]():      policy.ParamPurposes,
	reflect.TypeFor[Regions]():       policy.ParamRegions,
	reflect.TypeFor[Recipients]():    policy.ParamRecipients,
	reflect.TypeFor[Categories]():    policy.ParamCategories,
	reflect.TypeFor[policy.Term]():   policy.ParamTerm,
	reflect.TypeFor[Fields]():        policy.ParamFields,
	reflect.TypeFor[Products]():      policy.ParamProducts,
	reflect.TypeFor[Models]():        policy.ParamModels,
	reflect.TypeFor[Cookies]():       policy.ParamCookies,
	reflect.TypeFor[Attestations]():  policy.ParamAttestations,
	reflect.TypeFor[Documents]():     policy.ParamDocuments,
	reflect.TypeFor[Environments]():  policy.ParamEnvironments,
	reflect.TypeFor[Clauses]():       policy.ParamClauses,
}

// paramsOf derives the parameters of a control from its fields' tags: `param:"name"` or
// `param:"name,optional"`, `values:"a|b"` for the values allowed, `doc:"…"`.
func paramsOf(fields []reflect.StructField) []policy.Param {
	var params []policy.Param
	for _, field := range fields {
		name, optional := strings.CutSuffix(field.Tag.Get("param"), ",optional")
		param := policy.Param{Name: name, Doc: field.Tag.Get("doc"), Type: paramTypes[field.Type], Required: !optional}
		if values := field.Tag.Get("values"); values != "" {
			param.Values = strings.Split(values, "|")
		}
		params = append(params, param)
	}
	return params
}

// paramFields returns the fields of the struct behind c that are parameters.
func paramFields(c Control) []reflect.StructField {
	var fields []reflect.StructField
	for _, field := range reflect.VisibleFields(reflect.TypeOf(c).Elem()) {
		if _, ok := field.Tag.Lookup("param"); ok {
			fields = append(fields, field)
		}
	}
	return fields
}

// decode puts params into fields of the struct behind c. A parameter that is not given leaves
// its field zero; an unknown one, or one of another type, is Invalid.
func decode(control string, c Control, fields []reflect.StructField, params policy.Params) error {
	into, known := reflect.ValueOf(c).Elem(), 0
	for _, field := range fields {
		name, optional := strings.CutSuffix(field.Tag.Get("param"), ",optional")
		value, given := params[name]
		if !given && optional {
			continue
		}
		if !given {
			return problem(control, name, "%s needs the parameter %s", control, name)
		}
		known++
		from := reflect.ValueOf(value)
		if !from.IsValid() || !sameShape(from.Type(), field.Type) {
			return problem(control, name, "%s of %s must be of type %s", name, control, paramTypes[field.Type])
		}
		into.FieldByIndex(field.Index).Set(from.Convert(field.Type))
	}
	if known != len(params) {
		return fault.New("control."+control, fault.Invalid, "%s is given a parameter that it does not know", control)
	}
	return nil
}

// sameShape reports whether a parsed value may be converted to a field's type. A duration and an
// integer are alike to Go, not to a policy.
func sameShape(from, to reflect.Type) bool {
	duration := reflect.TypeFor[time.Duration]()
	return from.ConvertibleTo(to) && (from == duration) == (to == duration) && (from.Kind() == reflect.String) == (to.Kind() == reflect.String)
}
