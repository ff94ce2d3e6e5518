package api

import "time"

// ExternalIDs are the ids by which systems outside the vault know a person.
type ExternalIDs struct {
	IDs map[string][]string `json:"ids" nullable:"false" doc:"By the identifier that connectors name, exactly as the systems keep them. An empty list says that the person has none there: it is known, and they are not."`
}

// ConnectedSystem is a system outside the vault that holds data of a tenant's people.
type ConnectedSystem struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind" enum:"sql,webhook"`
	Identifier string          `json:"identifier" doc:"By which of a person's external ids it knows them."`
	Data       []string        `json:"data" nullable:"false" doc:"The data sets that it holds copies of."`
	Takes      []string        `json:"takes" nullable:"false" doc:"What else than access and erasure is passed on to it: rectification, restriction, objection, withdrawal."`
	Checked    *time.Time      `json:"checked,omitempty" doc:"When this server last looked; missing if it has not yet."`
	Works      bool            `json:"works" doc:"The last look found that it could do its work."`
	Remarks    []ConnectedNote `json:"remarks" nullable:"false" doc:"What the last look found."`
}

// ConnectedNote is something that a look at a system found.
type ConnectedNote struct {
	Table string `json:"table,omitempty"`
	Fails bool   `json:"fails" doc:"The connector cannot do its work; else it works, but see."`
	Msg   string `json:"message"`
}

// ConnectedSystems are the systems in the order in which they are walked.
type ConnectedSystems struct {
	Systems []ConnectedSystem `json:"systems" nullable:"false"`
}

// SystemLine says what was done in one table of a system, or in a system behind a webhook.
type SystemLine struct {
	System string `json:"system"`
	Table  string `json:"table,omitempty"`
	Did    string `json:"did" doc:"count, export, delete, empty, erase, rectification, restriction, objection, withdrawal; or not-known, of an off-boarding: rows are then people whose id there nobody told."`
	Rows   int64  `json:"rows" doc:"That were the person's."`
	State  string `json:"state" enum:"done,working,open,failed,by-hand,settled" doc:"by-hand: the system does not take it, staff see to it there; settled: staff have, for the reason given."`
	Why    string `json:"why,omitempty"`
}

// Settlement says that a system needs no more for a request, an erasure or an off-boarding.
type Settlement struct {
	About  string `json:"about" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"The id of the request, or of the certificate." example:"req_01kz"`
	Reason string `json:"reason" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of why, or of who saw to it there. No name and no text." example:"ticket-77"`
}

// SystemLines are what was done outside the vault.
type SystemLines struct {
	Systems []SystemLine `json:"systems" nullable:"false"`
}
