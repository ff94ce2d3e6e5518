package httpapi

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

func TestCheckJSON(t *testing.T) {
	var many strings.Builder
	for i := range 100 {
		many.WriteString(`"k` + strconv.Itoa(i) + `":1,`)
	}
	tests := []struct {
		name, in string
		ok       bool
	}{
		{"object", `{"a":1,"b":[true,false,null,"x\u00e9\n",-0.5e3]}`, true},
		{"space", " \t\r\n{ } ", true},
		{"pair", `"\ud83d\ude00"`, true},
		{"deepest", strings.Repeat("[", 16) + strings.Repeat("]", 16), true},
		{"largest", `[9223372036854775807,-9223372036854775808]`, true},
		{"many names", `{` + many.String() + `"z":1}`, true},
		{"empty", ``, false},
		{"trailing", `{} {}`, false},
		{"too deep", strings.Repeat("[", 17) + strings.Repeat("]", 17), false},
		{"bomb", strings.Repeat("[", 100000), false},
		{"duplicate", `{"a":1,"a":1}`, false},
		{"duplicate by escape", `{"a":1,"\u0061":1}`, false},
		{"duplicate within", `{"x":[{"a":1,"a":1}]}`, false},
		{"duplicate among many", `{` + many.String() + `"k7":1}`, false},
		{"beyond int64", `9223372036854775808`, false},
		{"below int64", `-9223372036854775809`, false},
		{"huge exponent", `1e999`, false},
		{"long number", `0.` + strings.Repeat("1", 40), false},
		{"leading zero", `01`, false},
		{"bare minus", `-`, false},
		{"no fraction", `1.`, false},
		{"no exponent", `1e`, false},
		{"plus", `+1`, false},
		{"NaN", `NaN`, false},
		{"invalid UTF-8", "\"\xff\"", false},
		{"control", "\"\x00\"", false},
		{"lone high surrogate", `"\ud800"`, false},
		{"lone low surrogate", `"\udc00"`, false},
		{"two high surrogates", `"\ud800\ud800"`, false},
		{"cut escape", `"\u12`, false},
		{"wrong escape", `"\q"`, false},
		{"no end", `{"a":"b`, false},
		{"comment", `{/**/}`, false},
		{"trailing comma", `[1,]`, false},
		{"single quotes", `{'a':1}`, false},
		{"byte order mark", "\ufeff{}", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := checkJSON([]byte(test.in))
			if (err == nil) != test.ok {
				t.Fatalf("got %v", err)
			}
			if err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("kind %v, want invalid", fault.KindOf(err))
			}
		})
	}
}

func TestContent(t *testing.T) {
	tests := []struct {
		in   string
		want string // the fields, or the status of the problem
	}{
		{`{"fields":{}}`, ``},
		{" {\n\"fields\" : { \"a\" : [1, {\"b\":2}] , \"c\":\"x\" } } ", `a=[1, {"b":2}] c="x"`},
		{`{"\u0066ields":{"a":1}}`, `a=1`},
		{``, `400`}, {`null`, `422`}, {`[]`, `422`}, {`{}`, `422`}, {`{"fields":null}`, `422`}, {`{"fields":[]}`, `422`},
		{`{"Fields":{}}`, `422`}, {`{"fields":{},"more":1}`, `422`}, {`{"fields":{},"fields":{}}`, `400`}, {`{"fields":{}} x`, `400`},
		{`{"fields":{"a":1,"a":2}}`, `400`}, {`{"fields":{"a":1}`, `400`}, {`{"fields":{"a":99999999999999999999}}`, `400`},
		{"{\"fields\":{\"a\":\"\xff\"}}", `400`}, {"{\"fields\":{}}\x00", `400`},
		{`{"fields":{"a":` + strings.Repeat("[", 14) + strings.Repeat("]", 14) + `}}`, "a=" + strings.Repeat("[", 14) + strings.Repeat("]", 14)},
		{`{"fields":{"a":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}}`, `400`},
	}
	for _, test := range tests {
		fields, err := content([]byte(test.in))
		got := told(fields)
		if err != nil {
			got = strconv.Itoa(problemFor(err).Status)
		}
		if got != test.want {
			t.Errorf("%q: got %s, want %s", test.in, got, test.want)
		}
	}
}

// content must take exactly what checkJSON and Go's decoder take of an api.Content.
func FuzzContent(f *testing.F) {
	for _, seed := range []string{`{"fields":{"a":1,"b":"x"}}`, `{"fields":{},"x":1}`, `{"fields":{}}{}`, `{"fields":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := content(data)
		if (err == nil) && checkJSON(data) != nil {
			t.Fatal("took what checkJSON refuses")
		}
		var want map[string]map[string]json.RawMessage
		fits := checkJSON(data) == nil && json.Unmarshal(data, &want) == nil && len(want) == 1 && want["fields"] != nil
		if fits != (err == nil) {
			t.Fatalf("error %v, but fits is %t", err, fits)
		}
		if fits && told(fields) != told(want["fields"]) {
			t.Fatalf("got %s, want %s", told(fields), told(want["fields"]))
		}
	})
}

// What the scanner lets pass, Go's decoder must read; what it refuses must have one of its reasons.
func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e-3,"\ud83d\ude00",null]}`, `{"a":1,"a":2}`, `[[[[]]]]`, `"\u0000"`, "\xff", `1e400`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := checkJSON(data)
		if err == nil && (!json.Valid(data) || !utf8.Valid(data)) {
			t.Fatal("let pass what is not JSON")
		}
		if err != nil && json.Valid(data) && utf8.Valid(data) {
			msg := err.Error()
			for _, reason := range []string{"deep", "repeats a name", "number", "surrogate", "escape"} {
				if strings.Contains(msg, reason) {
					return
				}
			}
			t.Fatalf("refused valid JSON: %v", err)
		}
	})
}
