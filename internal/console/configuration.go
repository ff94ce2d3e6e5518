package console

import (
	"context"
	"net/http"

	"clause.dev/clause/internal/vault"
)

// Section is a part of how the server is set up, as it is shown: config.<Name> are its words.
type Section struct {
	Name     string
	Settings []Setting
}

// Setting is one value, or several. Name is a word of config.<section>.<name>, or an id where there is none. It is
// never a secret.
type Setting struct {
	Name   string
	Values []string
}

// Set makes a setting; values that are empty are none.
func Set(name string, values ...string) Setting {
	s := Setting{Name: name}
	for _, value := range values {
		if value != "" {
			s.Values = append(s.Values, value)
		}
	}
	return s
}

// Configured tells how the server is set up, to who may know it. It decides, and records, itself.
type Configured func(ctx context.Context, c vault.Caller) ([]Section, error)

func (v *visit) configuration() error {
	all, err := v.door.Desks.Configured(v.r.Context(), v.who.Caller)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "configuration", all, nil)
}
