package control

import "strings"

// shape is the part of a JSON schema that an example is made of.
type shape struct {
	Ref        string `json:"$ref"`
	Type       any    // a name, or a list of them
	Format     string
	Enum       []any
	Required   []string
	Properties map[string]*shape
	Items      *shape
	MinItems   int
	MinLength  int
	Minimum    float64
	Pattern    string
	Examples   []any
}

// digestForm is the form of a SHA-256.
const digestForm = "^[0-9a-f]{64}$"

// deepest bounds how far shapes that hold themselves are followed.
const deepest = 8

// example makes the least value of a shape: a request that holds it is refused for who asks, if it is.
func (d *described) example(s *shape, depth int) any {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	if s == nil || depth > deepest {
		return nil
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	kind, _ := s.Type.(string)
	if kinds, ok := s.Type.([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch kind {
	case "object":
		value := map[string]any{}
		for _, name := range s.Required {
			if p := s.Properties[name]; p != nil {
				value[name] = d.example(p, depth+1)
			}
		}
		return value
	case "array":
		value := []any{}
		for range s.MinItems {
			if s.Items != nil {
				value = append(value, d.example(s.Items, depth+1))
			}
		}
		return value
	case "integer", "number":
		return max(s.Minimum, 1)
	case "boolean":
		return true
	}
	if s.Format == "date-time" {
		return "2026-01-01T00:00:00Z"
	}
	if s.Pattern == digestForm {
		return strings.Repeat("0", 64)
	}
	return strings.Repeat("x", max(s.MinLength, 1))
}
