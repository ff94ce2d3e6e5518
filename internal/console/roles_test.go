package console_test

import (
	"testing"

	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/fault"
)

// A file of roles that cannot be meant is refused, and nothing is guessed.
func TestRoles(t *testing.T) {
	if r, err := console.ParseRoles([]byte(`{"a": {"scopes": ["audit"], "tenants": ["acme"]}, "b": {"scopes": ["duties", "rights", "subjects", "admin"]}}`)); err != nil || len(r) != 2 {
		t.Errorf("%v %v", r, err)
	}
	for name, src := range map[string]string{
		"nothing": ``, "null": `null`, "a list": `[]`, "no scopes": `{"a": {}}`, "no such scope": `{"a": {"scopes": ["all"]}}`,
		"data": `{"a": {"scopes": ["data"]}}`, "the customer's": `{"a": {"scopes": ["grants"]}}`, "an unknown key": `{"a": {"scopes": ["audit"], "tenant": "acme"}}`,
		"no name": `{"": {"scopes": ["audit"]}}`, "no tenant": `{"a": {"scopes": ["audit"], "tenants": ["a b"]}}`, "an empty tenant": `{"a": {"scopes": ["audit"], "tenants": [""]}}`,
		"more after it": `{"a": {"scopes": ["audit"]}} {}`, "the staff scope": `{"a": {"scopes": ["staff"]}}`,
	} {
		if r, err := console.ParseRoles([]byte(src)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v %v", name, r, err)
		}
	}
}

// FuzzRoles: whatever the file holds is read or refused.
func FuzzRoles(f *testing.F) {
	f.Add([]byte(roles))
	f.Add([]byte(`{"a": {"scopes": ["audit"], "tenants": []}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		r, err := console.ParseRoles(src)
		if (err == nil) == (r == nil) {
			t.Errorf("%v %v", r, err)
		}
		for name, role := range r {
			if name == "" || len(role.Scopes) == 0 {
				t.Errorf("%q: %+v", name, role)
			}
		}
	})
}
