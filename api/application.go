package api

import "time"

// NewApplication asks for a credential: what an application may do, at most.
type NewApplication struct {
	Title       string    `json:"title" minLength:"1" maxLength:"200" doc:"The application's name for people."`
	Tenants     []string  `json:"tenants,omitempty" nullable:"false" maxItems:"1000" doc:"The tenants whose data it may ask for."`
	Purposes    []string  `json:"purposes,omitempty" nullable:"false" maxItems:"256" doc:"The purposes it may name."`
	Scopes      []string  `json:"scopes" nullable:"false" minItems:"1" maxItems:"8" enum:"data,subjects,audit,duties,rights,bounces,grants,admin" doc:"The parts of the interface it may use."`
	Environment string    `json:"environment" minLength:"1" maxLength:"128" doc:"The one environment it belongs to." example:"production"`
	Expires     time.Time `json:"expires,omitzero" doc:"When its key stops working; absent: never."`
	Certificate string    `json:"certificate,omitempty" maxLength:"200" doc:"A name of the client certificate, without which its keys and tokens do not work: a DNS name or a URI of its alternative names." example:"billing.acme.example"`
}

// Application is a program that may call the server.
type Application struct {
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	Tenants     []string   `json:"tenants" nullable:"false"`
	Purposes    []string   `json:"purposes" nullable:"false"`
	Scopes      []string   `json:"scopes" nullable:"false"`
	Environment string     `json:"environment"`
	Expires     time.Time  `json:"expires,omitzero" doc:"Absent: never."`
	Revoked     *time.Time `json:"revoked,omitempty"`
	Created     time.Time  `json:"created"`
	Certificate string     `json:"certificate,omitempty" doc:"The client certificate's name, which it has to show."`
}

// CreatedApplication is a new application with its key, which is shown this once.
type CreatedApplication struct {
	Application Application `json:"application"`
	Key         string      `json:"key" doc:"The secret for the Authorization header. It cannot be shown again."`
}

// Applications is a list of applications.
type Applications struct {
	Applications []Application `json:"applications" nullable:"false"`
}

// NewKey asks for a key that takes the place of an application's others.
type NewKey struct {
	OldEnd  time.Time `json:"old_end" doc:"When the keys before it stop working, within 90 days; a time that has passed: now."`
	Expires time.Time `json:"expires,omitzero" doc:"When the new key stops working; absent: with the application."`
}

// ApplicationKey is one of an application's keys, without its secret.
type ApplicationKey struct {
	ID      string    `json:"id" doc:"The part of the key after clause_."`
	Expires time.Time `json:"expires,omitzero" doc:"Absent: with the application."`
	Created time.Time `json:"created"`
}

// CreatedKey is a new key, which is shown this once.
type CreatedKey struct {
	ApplicationKey ApplicationKey `json:"application_key"`
	Key            string         `json:"key" doc:"The secret for the Authorization header. It cannot be shown again."`
}

// ApplicationKeys are an application's keys, the oldest first.
type ApplicationKeys struct {
	Keys []ApplicationKey `json:"keys" nullable:"false"`
}
