package main

import (
	"os"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/sso"
)

// readProviders reads the file of identity providers that --sign-in names; none without.
func readProviders(path string) ([]sso.Provider, error) {
	if path == "" {
		return nil, nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return sso.Parse(src, os.LookupEnv)
}

// offered refuses providers of a door that is not served: a clause would be shown as kept that nobody can use.
func offered(c *app.Config) error {
	for _, p := range c.SignIn {
		if p.Door == sso.People && c.PeopleURL == "" || p.Door == sso.Staff && c.ConsoleURL == "" {
			return fault.New("clause.offered", fault.Invalid, "--sign-in names %s for the door of %s, which is not served", p.ID, p.Door).WithHint("--people for people, --console for staff")
		}
	}
	return nil
}
