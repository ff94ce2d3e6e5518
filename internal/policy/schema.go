package policy

import (
	"encoding/json"

	"clause.dev/clause/internal/fault"
)

// Schema returns the language as a JSON Schema (draft 2020-12), for editors that complete and
// check as one types. It comes from the same description as the parser, but cannot follow
// references: Parse refuses more than it does.
func Schema(v Vocabulary) ([]byte, error) {
	s := policyForm(&Policy{}).schema(v)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Clause policy"
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fault.As("policy.Schema", fault.Other, err)
	}
	return append(out, '\n'), nil
}
