package app_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/passkey"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// handedOut says where what each table of a tenant tells of a person stands in the package of the right of access.
var handedOut = map[string]string{
	"subjects": "data.json: since, consents, objections, opt_outs, restricted, electronic_notice", "records": "data.json: data", "blobs": "the folder blobs", "ledger_chunks": "ledger.json",
	"consents": "consents", "requests": "requests", "clocks": "requests", "holds": "legal_holds", "accounts": "account", "account_codes": "account_codes", "sessions": "sessions",
	"passkeys": "passkeys", "handles": "identity_providers", "outbox": "messages", "written_notices": "written_notices", "agent_requests": "agent_requests",
	"incidents": "minor_reports", "incident_people": "minor_reports", "external_ids": "external_ids", "walks": "systems_told",
}

// leftOut are the tables of a tenant that are not in the package, each with the reason.
var leftOut = map[string]string{
	"tenant_keys":        "keys that wrap keys: they name nobody, and open what is encrypted",
	"lookups":            "keyed hashes of values that the records hold: nothing more is told by them, and a hash is there to be searched by",
	"idempotency":        "keyed hashes of calls of applications, and the ids of what they wrote, which the records hold; gone in a day",
	"sweeps":             "what is left to do for somebody who is erased: there is nobody left to hand it to",
	"certificates":       "they name somebody only while they are being erased, when there is no package",
	"walk_people":        "the external ids of those who are being erased, under a key of its own; of others they stand in external_ids",
	"ledger_heads":       "the size and the hashes of the ledger's edge: the excerpt proves itself by them",
	"sign_ins":           "hashes of a secret and of a browser, for the minutes in which somebody is at an identity provider: who found them could finish that sign-in",
	"spent_challenges":   "challenges that were answered, for minutes: they name nobody",
	"staff":              "of the company's own people, who are no people of the data",
	"staff_identities":   "of the company's own people",
	"grants":             "what staff may do: they name staff, and no person of the data",
	"alerts":             "what a clause's detection saw: of causes and clauses",
	"assurance":          "documents, reports of weaknesses and reviews: they name nobody of the data",
	"allowed_recipients": "what the tenant allows, the same for everybody; about.json names the recipients",
}

// TestEveryTableIsHandedOutOrNamesItsReason: whoever adds a table says what becomes of it in the package.
func TestEveryTableIsHandedOutOrNamesItsReason(t *testing.T) {
	var tables []string
	for _, table := range db.Tables() {
		_, out := handedOut[table.Name]
		_, left := leftOut[table.Name]
		names := slices.ContainsFunc(table.Columns, func(c db.Column) bool { return c.Name == "subject_id" })
		if (table.PerTenant || names) && out == left {
			t.Errorf("the table %s is neither handed out to the person nor left out for a reason, or both", table.Name)
		}
		tables = append(tables, table.Name)
	}
	for _, all := range []map[string]string{handedOut, leftOut} {
		for name := range all {
			if !slices.Contains(tables, name) {
				t.Errorf("there is no table %s", name)
			}
		}
	}
}

// TestAPackageHoldsAllThatIsStored: somebody of whom every table tells something finds it in data.json, in a table and
// on the page in their language, and no secret in any of it.
func TestAPackageHoldsAllThatIsStored(t *testing.T) { engines(t, allThatIsStored) }

func allThatIsStored(t *testing.T, o apptest.Options) {
	s := apptest.Start(t, o)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Client(t, s.Application(t, nil, "admin")).CreateTenant(t.Context(), newTenant("acme"))
	must(err)
	const password, place = "gentle copper walrus 41 moons", "192.0.2.7"
	accounts := s.App.Accounts
	must(accounts.Register(t.Context(), "acme", identity.Registration{
		Login: "amal@example.ae", Password: password, Language: "en", Born: s.Clock.Now().AddDate(-30, 0, 0),
		Fields: map[string]map[string]json.RawMessage{"identity": {"first_name": json.RawMessage(`"Amal"`)}},
	}, place))
	column := func(query string) (values []string) {
		t.Helper()
		must(s.App.DB.Read(t.Context(), "acme", func(tx *db.Tx) error {
			return tx.Each(query, []any{"acme"}, func(scan func(...any) error) error {
				var value string
				err := scan(&value)
				values = append(values, value)
				return err
			})
		}))
		if len(values) == 0 {
			t.Fatalf("%s gives nothing", query)
		}
		return values
	}
	code := accounts.CodeOf("acme", column(`SELECT code_id FROM account_codes WHERE tenant_id = $1`)[0])
	in, err := accounts.Verify(t.Context(), "acme", code, password, place, session.DeviceOf(place, "Firefox on Linux"))
	must(err)
	signed, err := accounts.Sessions.Check(t.Context(), "acme", in.Token, s.Clock.Now())
	must(err)
	factor, err := accounts.OfferTOTP(t.Context(), "acme", signed, password)
	must(err)
	must(accounts.Recover(t.Context(), "acme", "amal@example.ae", place)) // a code that waits
	sub := signed.Subject

	caller := vault.Caller{Credential: decision.Credential{ID: "app", Tenants: []string{"acme"}, Environment: s.App.Environment}, Scopes: []string{vault.ScopeData, vault.ScopeSubjects, vault.ScopeRights}}
	c := s.Client(t, s.Application(t, []string{"acme"}, "rights"))
	_, err = s.App.Vault.Consent(t.Context(), caller, "acme", sub, vault.Expression{Purpose: rights.Withdrawal.Purposes(s.App.Policy)[0], Given: true, Text: "May we?", Language: "en"})
	must(err)
	tells(t, s, sub)

	for _, language := range []string{"en", "ar"} {
		r, err := c.OpenRequest(t.Context(), "acme", api.NewRequest{Subject: sub, Right: "access", Language: language})
		must(err)
		answer, err := c.Answer(t.Context(), "acme", r.ID)
		must(err)
		body, err := c.Download(t.Context(), answer.Link)
		must(err)
		all := unzipped(t, body)
		must(body.Close())
		var data struct {
			Service map[string][]map[string]any `json:"service"`
		}
		must(json.Unmarshal([]byte(all["data.json"]), &data))
		page := all["index.html"]
		for table, part := range handedOut {
			if strings.Contains(part, ".") || strings.Contains(part, " ") {
				continue
			}
			if len(data.Service[part]) == 0 {
				t.Errorf("the package tells nothing of the table %s in %s", table, part)
			}
			if strings.Count(all["service/"+part+".csv"], "\n") < 1+len(data.Service[part]) {
				t.Errorf("there is no whole table of %s:\n%s", part, all["service/"+part+".csv"])
			}
		}
		for _, want := range []string{"my key ring", "known-there-77", "https://id.example", "May we?", "case-2041", "crm-4711", "agent.example", "policy-2027", "192.0.2.0/24", "account-verify"} {
			for _, name := range []string{"data.json", "index.html"} {
				if !strings.Contains(all[name], want) {
					t.Errorf("%s lacks %q", name, want)
				}
			}
		}
		for _, blank := range []string{`<th scope="col"></th>`, "<h3></h3>", "<no value>"} {
			if strings.Contains(page, blank) {
				t.Errorf("the page in %s holds %s", language, blank)
			}
		}
		secrets := []string{password, in.Token, code, string(factor[:]), base64.StdEncoding.EncodeToString(factor[:]), base32.StdEncoding.EncodeToString(factor[:]), "PUBLICKEY", "RAWKEYID", base64.StdEncoding.EncodeToString([]byte("PUBLICKEY")), base64.StdEncoding.EncodeToString([]byte("RAWKEYID")), "$2a$", "$argon2"}
		for _, query := range []string{
			`SELECT session_id FROM sessions WHERE tenant_id = $1`, `SELECT code_id FROM account_codes WHERE tenant_id = $1`,
			`SELECT passkey_id FROM passkeys WHERE tenant_id = $1`, `SELECT key_id FROM subjects WHERE tenant_id = $1`,
		} {
			secrets = append(secrets, column(query)...)
		}
		for name, body := range all {
			for _, secret := range secrets {
				if secret != "" && (strings.Contains(body, secret) || strings.Contains(body, hex.EncodeToString([]byte(secret)))) {
					t.Errorf("%s holds a secret: %s", name, secret)
				}
			}
		}
	}
}

// tells has every other table tell something of a person.
func tells(t *testing.T, s *apptest.Server, sub string) {
	t.Helper()
	err := s.App.DB.Write(t.Context(), "acme", func(tx *db.Tx) error {
		who, err := s.App.Vault.DataSubject(tx, sub)
		if err != nil {
			return err
		}
		if err := s.App.Vault.Handle(tx, sub, "sign-in", "https://id.example\nknown-there-77"); err != nil {
			return err
		}
		key, _ := json.Marshal(passkey.Key{ID: []byte("RAWKEYID"), Public: []byte("PUBLICKEY"), Name: "my key ring", Added: tx.Now()})
		sealed, err := who.Seal("passkey", "kept-key-id-1", key)
		if err != nil {
			return err
		}
		ids, err := who.Seal("external-ids", sub, []byte(`{"customer":["crm-4711"]}`))
		if err != nil {
			return err
		}
		const request = "req_00000000000000000000000001"
		now, none := tx.Now().UnixMicro(), []byte{}
		asked, err := who.Seal("request", request, []byte(`{"language":"en"}`))
		if err != nil {
			return err
		}
		for _, row := range []struct {
			insert string
			values []any
		}{
			{`passkeys (tenant_id, passkey_id, subject_id, sealed, added_at)`, []any{"kept-key-id-1", sub, sealed, now}},
			{`external_ids (tenant_id, subject_id, sealed, set_at)`, []any{sub, ids, now}},
			{`holds (tenant_id, subject_id, hold_id, reason, fields, copy_id, placed_at, until_at)`, []any{sub, "hold_1", "case-2041", `["identity.email"]`, "", now, now + int64(time.Hour/time.Microsecond)}},
			{`walks (tenant_id, walk_id, about, action, state, subject_id, purposes, epoch, key_id, wrapped, lines, people, tries, opened_at, next_at, ended_at)`,
				[]any{"walk_1", "", "objection", "done", sub, "", int64(0), "", none, `[{"system":"crm","did":"objection","rows":1,"state":"done"}]`, int64(1), int64(0), now, int64(0), now}},
			{`written_notices (tenant_id, request_id, subject_id, about, asked_at, posted_at)`, []any{"written-1", sub, "policy-2027", now, int64(0)}},
			{`incidents (tenant_id, incident_id, kind, state, opened_at, wake_at, details)`, []any{"min_1", "minor", "reported", now, int64(0), `{}`}},
			{`incident_people (tenant_id, incident_id, subject_id)`, []any{"min_1", sub}},
			{`requests (tenant_id, request_id, subject_id, right_id, state, clauses, ground, reason, sealed, opened_at, acknowledged_at, asked_at, extended_at, ended_at, link_hash, link_until, link_used_at)`,
				[]any{request, sub, "objection", "answered", "clesaro-rights", "", "", asked, now, int64(0), int64(0), int64(0), now, none, int64(0), int64(0)}},
			{`agent_requests (tenant_id, exercise_id, registration_id, agent_id, agent_request_id, exercise, regime, request_id, other_id, denied, digest, callback, told, tries, received_at, ended_at, next_at)`,
				[]any{"exercise-1", "reg-1", "agent.example", "theirs-1", "sale:opt_out", "ccpa", request, "", "", none, "", none, int64(0), now, now, int64(0)}},
		} {
			places := "$1"
			for i := range row.values {
				places += ", $" + strconv.Itoa(i+2)
			}
			if _, err := tx.Exec(`INSERT INTO `+row.insert+` VALUES (`+places+`)`, append([]any{"acme"}, row.values...)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
