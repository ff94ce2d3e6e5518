package diff_test

import (
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
)

// vocabulary is the catalogue of controls with any condition.
type vocabulary struct{ policy.Vocabulary }

func (vocabulary) Condition(string) error { return nil }

func parse(t testing.TB, name string, src []byte) *policy.Policy {
	t.Helper()
	p, err := policy.Parse(name, src, vocabulary{control.Catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func base(t testing.TB) *policy.Policy {
	t.Helper()
	return parseFile(t, "testdata/base.yaml")
}

func parseFile(t testing.TB, name string) *policy.Policy {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, name, src)
}

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

// compare is Of on the first of February.
func compare(old, new *policy.Policy, asked ...string) diff.Report {
	return diff.Of(old, new, control.Catalogue(), day("2026-02-01"), asked...)
}

// copied returns a deep copy.
func copied(p *policy.Policy) *policy.Policy {
	c := deep(reflect.ValueOf(*p)).Interface().(policy.Policy)
	return &c
}

func deep(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		out.Set(v)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(deep(v.Field(i)))
		}
	case v.Kind() == reflect.Slice && !v.IsNil():
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(deep(v.Index(i)))
		}
	case v.Kind() == reflect.Map && !v.IsNil():
		out.Set(reflect.MakeMap(v.Type()))
		for _, k := range v.MapKeys() {
			out.SetMapIndex(k, deep(v.MapIndex(k)))
		}
	case v.Kind() == reflect.Interface && !v.IsNil():
		out.Set(deep(v.Elem()))
	default:
		out.Set(v)
	}
	return out
}

// mutation changes one thing of a policy.
type mutation struct {
	path  string
	apply func()
}

// unmeant are fields in which no meaning lies: where a thing stands, and the file's own bytes.
var unmeant = map[string]bool{"File": true, "Source": true, "Digest": true, "Pos": true}

// mutations walks a policy and lists all ways to change one field of it. What it finds depends on
// the policy's shape alone, so that the n-th of a copy is the n-th of the original.
func mutations(p *policy.Policy) (all []mutation) {
	walk(reflect.ValueOf(p).Elem(), "policy", func(path string, apply func()) {
		all = append(all, mutation{path, apply})
	})
	return all
}

func walk(v reflect.Value, path string, add func(string, func())) {
	switch value := v.Interface().(type) {
	case time.Time:
		add(path, func() { v.Set(reflect.ValueOf(value.AddDate(0, 0, 1))) })
		return
	case policy.Titles:
		add(path+"+", func() { v.Set(reflect.ValueOf(policy.Titles{"ar": value["ar"], "fr": "un titre"})) })
	case policy.Params:
		walkParams(value, path, add)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); !unmeant[f.Name] {
				walk(v.Field(i), path+"."+f.Name, add)
			}
		}
	case reflect.Slice:
		walkSlice(v, path, add)
	case reflect.Map:
		for _, k := range v.MapKeys() {
			add(fmt.Sprintf("%s[%v]", path, k), func() { v.SetMapIndex(k, reflect.ValueOf("another title")) })
		}
	case reflect.String:
		add(path, func() { v.SetString(v.String() + "x") })
	case reflect.Bool:
		add(path, func() { v.SetBool(!v.Bool()) })
	case reflect.Int, reflect.Int64:
		by := int64(1)
		if v.Type() == reflect.TypeFor[time.Duration]() {
			by = int64(time.Hour)
		}
		add(path, func() { v.SetInt(v.Int() + by) })
	default:
		panic("the walk knows no " + v.Kind().String() + " at " + path)
	}
}

func walkSlice(v reflect.Value, path string, add func(string, func())) {
	for i := range v.Len() {
		if v.Type().Elem().Kind() != reflect.String {
			walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), add)
		}
	}
	if v.Len() > 0 {
		add(path+"-", func() { v.Set(v.Slice(1, v.Len())) })
	}
	if v.Type().Elem().Kind() == reflect.String {
		more := reflect.New(v.Type().Elem()).Elem()
		more.SetString("more")
		add(path+"+", func() { v.Set(reflect.Append(v, more)) })
	}
}

func walkParams(params policy.Params, path string, add func(string, func())) {
	for _, name := range sortedKeys(params) {
		at := path + "." + name
		set := func(v any) func() { return func() { params[name] = v } }
		switch v := params[name].(type) {
		case string:
			add(at, set(v+"x"))
		case bool:
			add(at, set(!v))
		case int64:
			add(at, set(v+1))
		case time.Duration:
			add(at, set(v+time.Hour))
		case policy.Term:
			add(at, set(policy.Term{Form: v.Form, Count: v.Count + 1, Unit: v.Unit}))
		case []string:
			add(at+"+", set(append([]string{"more"}, v...)))
			add(at+"-", set(v[min(1, len(v)):]))
		default:
			panic(fmt.Sprintf("the walk knows no parameter such as %T at %s", v, at))
		}
		add(at+" left out", func() { delete(params, name) })
	}
}
