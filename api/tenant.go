package api

import "time"

// NewTenant asks for a tenant.
type NewTenant struct {
	ID          string `json:"id" pattern:"^[a-z][a-z0-9-]{1,62}$" doc:"Chosen by the administrator; it stays with the tenant for good." example:"acme"`
	Title       string `json:"title" minLength:"1" maxLength:"200" doc:"The tenant's name for people."`
	Region      string `json:"region" minLength:"1" maxLength:"128" doc:"The policy's region that the tenant's data lives in." example:"uae-north"`
	Environment string `json:"environment" minLength:"1" maxLength:"128" doc:"One of the policy's environments." example:"production"`
}

// Tenant is a customer whose people's data is kept apart from all others'.
type Tenant struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Region      string    `json:"region"`
	Environment string    `json:"environment"`
	State       string    `json:"state" enum:"active,erased"`
	Created     time.Time `json:"created"`
}

// Tenants is a list of tenants.
type Tenants struct {
	Tenants []Tenant `json:"tenants" nullable:"false"`
}
