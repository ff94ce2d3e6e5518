package app_test

import "clause.dev/clause/api"

func newTenant(id string) api.NewTenant {
	return api.NewTenant{ID: id, Title: id, Region: "uae-north", Environment: "production"}
}
