package main

import (
	"os"

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
