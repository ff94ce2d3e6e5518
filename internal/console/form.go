package console

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// A form is made of the wire type of what it sends, and read by the same: what the interface for applications
// takes, and no more, is taken here.

// input is one field of a form.
type input struct {
	Name     string // of the wire, dotted within another object
	Kind     string // text, time, tick, choice, many or lines
	Choices  []string
	Required bool
	Pattern  string
	Max      int
	Values   []string // as they were sent
}

// ID is the input's id on a page that has several forms.
func (i input) ID(form string) string { return form + "-" + strings.ReplaceAll(i.Name, ".", "-") }

// Has reports whether a choice was made.
func (i input) Has(choice string) bool { return slices.Contains(i.Values, choice) }

// First is the first of what was sent.
func (i input) First() string {
	if len(i.Values) == 0 {
		return ""
	}
	return i.Values[0]
}

// Lines are what was sent, a line each.
func (i input) Lines() string { return strings.Join(i.Values, "\n") }

// inputsOf are those of a wire type. Fields that are left out are not asked for; choices are the words that a
// field takes where its type does not say.
func inputsOf(t reflect.Type, prefix string, leave []string, choices map[string][]string) (all []input) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		name := prefix + tag
		if slices.Contains(leave, name) {
			continue
		}
		if f.Type.Kind() == reflect.Struct && f.Type != timeType {
			all = append(all, inputsOf(f.Type, name+".", leave, choices)...)
			continue
		}
		one := input{Name: name, Required: !strings.Contains(rest, "omitempty"), Pattern: strings.Trim(f.Tag.Get("pattern"), "^$"), Choices: choices[name]}
		one.Max, _ = strconv.Atoi(f.Tag.Get("maxLength"))
		if enum := f.Tag.Get("enum"); enum != "" {
			one.Choices = strings.Split(enum, ",")
		}
		one.Kind = kindOf(f.Type, one.Choices)
		if least := f.Tag.Get("minItems"); f.Type.Kind() == reflect.Slice && (least == "" || least == "0") || one.Kind == "tick" {
			one.Required = false
		}
		all = append(all, one)
	}
	return all
}

var timeType = reflect.TypeFor[time.Time]()

func kindOf(t reflect.Type, choices []string) string {
	switch {
	case t == timeType || t.Kind() == reflect.Pointer && t.Elem() == timeType:
		return "time"
	case t.Kind() == reflect.Bool:
		return "tick"
	case t.Kind() == reflect.Slice && len(choices) > 0:
		return "many"
	case t.Kind() == reflect.Slice:
		return "lines"
	case len(choices) > 0:
		return "choice"
	}
	return "text"
}

// sent are the inputs with what came of them.
func (v *visit) sent(inputs []input) []input {
	out := slices.Clone(inputs)
	for i := range out {
		one := &out[i]
		for _, value := range v.r.PostForm[one.Name] {
			if one.Kind == "lines" {
				one.Values = append(one.Values, strings.Fields(value)...)
			} else if value = strings.TrimSpace(value); value != "" {
				one.Values = append(one.Values, value)
			}
		}
	}
	return out
}

// read fills a wire type from inputs that were sent.
func read(into reflect.Value, inputs []input) error {
	for i := range inputs {
		one := &inputs[i]
		if err := one.check(); err != nil {
			return err
		}
		if err := one.set(field(into, strings.Split(one.Name, "."))); err != nil {
			return err
		}
	}
	return nil
}

// field finds that of a name.
func field(of reflect.Value, path []string) reflect.Value {
	for i := range of.NumField() {
		if tag, _, _ := strings.Cut(of.Type().Field(i).Tag.Get("json"), ","); tag == path[0] {
			if len(path) > 1 {
				return field(of.Field(i), path[1:])
			}
			return of.Field(i)
		}
	}
	return reflect.Value{}
}

// maxLines bounds what one field holds.
const maxLines = 1000

func (i *input) check() error {
	const op = "console.form"
	switch {
	case len(i.Values) == 0 && i.Required:
		return fault.New(op, fault.Invalid, "it is missing").WithField(i.Name)
	case len(i.Values) > maxLines || len(i.Values) > 1 && i.Kind != "many" && i.Kind != "lines":
		return fault.New(op, fault.Invalid, "it is too much").WithField(i.Name)
	}
	for n, value := range i.Values {
		switch {
		case slices.Contains(i.Values[:n], value):
			return fault.New(op, fault.Invalid, "something is in it twice").WithField(i.Name)
		case i.Kind == "tick" && value != "yes", len(i.Choices) > 0 && !slices.Contains(i.Choices, value):
			return fault.New(op, fault.Invalid, "it is none of the choices").WithField(i.Name)
		case i.Max > 0 && utf8.RuneCountInString(value) > i.Max:
			return fault.New(op, fault.Invalid, "it is too long").WithField(i.Name)
		case i.Pattern != "" && !matches(i.Pattern, value):
			return fault.New(op, fault.Invalid, "it does not have the form that it has to have").WithField(i.Name)
		}
	}
	return nil
}

func matches(pattern, value string) bool {
	ok, err := regexp.MatchString("^(?:"+pattern+")$", value)
	return err == nil && ok
}

// wallTime is how a browser sends a moment; forms ask for it in UTC.
const wallTime = "2006-01-02T15:04"

func (i *input) set(to reflect.Value) error {
	if len(i.Values) == 0 {
		if to.Kind() == reflect.Slice && to.IsNil() { // the domain's lists are none, never missing
			to.Set(reflect.MakeSlice(to.Type(), 0, 0))
		}
		return nil
	}
	switch i.Kind {
	case "tick":
		to.SetBool(true)
	case "many", "lines":
		to.Set(reflect.ValueOf(slices.Clone(i.Values)))
	case "time":
		at, err := time.Parse(wallTime, i.First())
		if err != nil {
			return fault.New("console.form", fault.Invalid, "it is no time").WithField(i.Name)
		}
		if to.Kind() == reflect.Pointer {
			to.Set(reflect.ValueOf(&at))
		} else {
			to.Set(reflect.ValueOf(at))
		}
	default:
		to.SetString(i.First())
	}
	return nil
}
