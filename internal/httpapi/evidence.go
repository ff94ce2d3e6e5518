package httpapi

import (
	"net/http"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// probesWithin bounds a run of every probe.
const probesWithin = 10 * time.Minute

func (s *service) evidence(r *routes) {
	r.private(operation{
		method: "GET", path: "/v1/evidence", id: "get-evidence", tag: "evidence",
		summary: "The status of every clause", about: "Any key may read it; /trust.json tells the public.", out: api.Evidence{},
	}, s.listEvidence)
	r.private(operation{
		method: "POST", path: "/v1/probes", id: "run-probes", tag: "evidence", scope: api.ScopeAdmin,
		summary: "Run every probe now", about: "May take minutes. The findings become the newest evidence.", out: api.Findings{},
	}, s.runProbes)
}

func (s *service) listEvidence(_ vault.Caller, x *exchange) error {
	statuses, err := s.Probes.Statuses(x.Context())
	if err != nil {
		return err
	}
	if statuses == nil {
		statuses = []api.ClauseStatus{}
	}
	return x.answer(http.StatusOK, api.Evidence{Clauses: statuses})
}

func (s *service) runProbes(c vault.Caller, x *exchange) error {
	if err := s.Vault.Administer(x.Context(), c, "probes.run"); err != nil {
		return err
	}
	if err := x.nothing(); err != nil {
		return err
	}
	x.patient(probesWithin)
	findings, err := s.Probes.Run(x.Context(), c.Credential.ID)
	if err != nil {
		return err
	}
	if findings == nil {
		findings = []api.Finding{}
	}
	return x.answer(http.StatusOK, api.Findings{Findings: findings})
}
