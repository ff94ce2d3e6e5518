package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/vault"
)

func (s *service) entries(r *routes) {
	r.private(operation{
		method: "GET", path: "/v1/tenants/{tenant}/entries", id: "list-entries", tag: "ledger", scope: api.ScopeAudit,
		summary: "Read a ledger", about: "Newest entry first. The organisation's own log is that of the tenant _org, and open to the scope admin too.",
		query: []parameter{cursorQuery, limitQuery}, out: api.Entries{},
	}, s.listEntries)
}

// audit guards the entries of a log.
func (x *exchange) audit(c vault.Caller, tenant string) error {
	if tenant == db.Organisation {
		return x.service.Vault.Admit(x.Context(), c, "ledger.read", "", api.ScopeAudit, api.ScopeAdmin)
	}
	return x.service.Vault.Admit(x.Context(), c, "ledger.read", tenant, api.ScopeAudit)
}

func (s *service) listEntries(c vault.Caller, x *exchange) error {
	tenant := x.PathValue("tenant")
	if err := x.audit(c, tenant); err != nil {
		return err
	}
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	before := int64(0)
	if cursor != "" {
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before < 1 {
			return invalid("cursor", "the cursor is none of this server's")
		}
	}
	page, err := s.Ledger.Page(x.Context(), tenant, "", before, limit)
	if err != nil {
		return err
	}
	out := api.Entries{Entries: make([]api.Entry, len(page.Entries))}
	for i, e := range page.Entries {
		out.Entries[i] = api.Entry(e)
	}
	if page.Before > 0 {
		out.Next = strconv.FormatInt(page.Before, 10)
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) logs(r *routes) {
	const root = "/ledger/{tenant}"
	r.public(operation{
		method: "GET", path: root + "/checkpoint", id: "get-checkpoint", tag: "ledger",
		summary: "The signed head of a ledger", about: "As c2sp.org/tlog-checkpoint.", outType: "text/plain",
	}, s.openLog("checkpoint"))
	r.public(operation{
		method: "GET", path: root + "/key", id: "get-ledger-key", tag: "ledger",
		summary: "The key that verifies a ledger's heads", about: "As c2sp.org/signed-note.", outType: "text/plain",
	}, s.openLog("key"))
	r.public(operation{
		method: "GET", path: root + "/tile/{path...}", id: "get-tile", tag: "ledger",
		summary: "A tile of a ledger", about: "As c2sp.org/tlog-tiles. Hash tiles are for anybody; tile/entries/… needs a key with the scope audit.",
		outType: anyType,
	}, s.tile)
}

// openLog serves what anybody may read of a log.
func (s *service) openLog(what string) page {
	return func(x *exchange) error { return s.resource(x, what) }
}

// tile serves hash tiles to anybody, and all else to auditors: what is not known to be a hash
// tile is guarded.
func (s *service) tile(x *exchange) error {
	path := x.PathValue("path")
	if level, _, ok := strings.Cut(path, "/"); !ok || !number(level) {
		c, err := x.authenticate()
		if err != nil {
			return err
		}
		if err := x.audit(c, x.PathValue("tenant")); err != nil {
			return err
		}
	}
	return s.resource(x, "tile/"+path)
}

func number(s string) bool {
	n, err := strconv.ParseUint(s, 10, 8)
	return err == nil && n < 64
}

func (s *service) resource(x *exchange, path string) error {
	tenant := x.PathValue("tenant")
	if !isID(tenant) || x.URL.RawQuery != "" {
		return notFound()
	}
	r, err := s.Ledger.Serve(x.Context(), tenant, path)
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, r.ContentType, "", r.Body)
}
