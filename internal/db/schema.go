package db

// Table is one table of the store, for backup and restore.
type Table struct {
	Name      string
	Columns   []Column // in the order of the schema
	Key       []string // the primary key
	PerTenant bool     // tenant_id is its first key column and, on PostgreSQL, row-level security guards it
	Person    Person   // what becomes of the rows of a person who is erased
	Outlives  string   // which rows stay when their tenant is erased, as a condition; "" for none
}

// Person says what an erasure does to the rows that name the person as their subject_id.
type Person uint8

// What becomes of them. Where nothing is said, they name nobody, or the vault has its own way.
const (
	Nobody  Person = iota
	Goes           // they are deleted
	Unnamed        // they stay, and name nobody any more
)

// with says what becomes of the rows of an erased person.
func (t Table) with(p Person) Table { t.Person = p; return t }

// outliving says which rows stay when their tenant is erased: what proves the erasure, and no data of its
// people.
func (t Table) outliving(condition string) Table { t.Outlives = condition; return t }

// EveryRow is the condition of tables all of whose rows outlive their tenant.
const EveryRow = "1 = 1"

// Column is one column.
type Column struct {
	Name string
	Type Type
}

// Type is what a column holds.
type Type uint8

// The types of columns. None is ever NULL.
const (
	Text    Type = iota // string
	Integer             // int64; times are microseconds since 1970 UTC, 0 for none
	Bytes               // []byte
)

func text(names ...string) []Column    { return columns(Text, names) }
func integer(names ...string) []Column { return columns(Integer, names) }
func bytes(names ...string) []Column   { return columns(Bytes, names) }

func columns(t Type, names []string) []Column {
	list := make([]Column, len(names))
	for i, name := range names {
		list[i] = Column{name, t}
	}
	return list
}

func join(parts ...[]Column) []Column {
	var all []Column
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// Tables returns the tables in an order in which they can be restored.
func Tables() []Table { return append(organisationTables(), tenantTables()...) }

// OffBoarding is the kind of what proves that a tenant was erased: the clock that ran, and the certificate.
const OffBoarding = "off-boarding"

func organisationTables() []Table {
	return []Table{
		{Name: "tenants", Key: []string{"tenant_id"},
			Columns: join(text("tenant_id", "title", "region", "environment", "state"), integer("created_at"))},
		{Name: "meta", Key: []string{"key"},
			Columns: join(text("key"), bytes("value"))},
		{Name: "credentials", Key: []string{"credential_id"},
			Columns: join(text("credential_id", "title", "tenants", "purposes", "scopes", "environment"), integer("expires_at", "revoked_at", "created_at"), text("certificate"))},
		{Name: "application_keys", Key: []string{"key_id"},
			Columns: join(text("key_id", "credential_id"), bytes("secret_hash"), integer("expires_at", "created_at"))},
		{Name: "evidence", Key: []string{"clause_id", "control", "probed_at"},
			Columns: join(text("clause_id", "control"), integer("probed_at"), text("outcome", "detail"))},
		{Name: "wakes", Key: []string{"name"},
			Columns: join(text("name"), integer("next_at"))},
		{Name: "agents", Key: []string{"registration_id"},
			Columns: join(text("registration_id", "agent_id", "business_id", "tenant_id", "title"), bytes("verify_key"),
				text("callback", "verification", "trusts", "within"), bytes("token_hash"), integer("paired_at", "created_at"))},
		{Name: "policy_versions", Key: []string{"version_id"},
			Columns: join(text("version_id", "digest", "base"), bytes("source"), text("state", "drill", "changes", "promises"),
				integer("asks", "effective_at", "registered_at", "passed_at", "told_at", "since_at"), text("recipients"))},
		{Name: "disclosures", Key: []string{"purpose", "recipient"},
			Columns: join(text("purpose", "recipient", "version_id"), integer("begins_at"))},
	}
}

func tenantTables() []Table {
	return []Table{
		perTenant("tenant_keys", []string{"key_id"},
			text("key_id"), integer("epoch"), bytes("wrapped"), integer("created_at", "retired_at")),
		perTenant("subjects", []string{"subject_id"},
			text("subject_id", "tenant_key_id", "key_id"), bytes("wrapped", "sealed"), integer("created_at")).with(Goes),
		perTenant("records", []string{"subject_id", "data_set", "record_id"},
			text("subject_id", "data_set", "record_id"), integer("version"), bytes("sealed"), integer("created_at", "updated_at")).with(Goes),
		perTenant("lookups", []string{"data_set", "field", "hash", "slot"},
			text("data_set", "field"), bytes("hash"), text("slot", "subject_id", "record_id", "tenant_key_id")).with(Goes),
		perTenant("blobs", []string{"blob_id"},
			text("blob_id", "subject_id", "state"), integer("size", "created_at")),
		perTenant("idempotency", []string{"credential_id", "key_hash"},
			text("credential_id"), bytes("key_hash", "request_hash"), text("subject_id"), bytes("outcome"), integer("created_at")).with(Goes),
		perTenant("sweeps", []string{"subject_id"},
			text("subject_id"), integer("requested_at", "done_at"), text("keys", "removed")).outliving(EveryRow),
		perTenant("ledger_heads", nil,
			integer("size"), bytes("edge"), integer("updated_at")).outliving(EveryRow),
		perTenant("ledger_chunks", []string{"first"},
			integer("first", "count"), bytes("entries", "hashes")).outliving(EveryRow),
		perTenant("clocks", []string{"clock_id"},
			text("clock_id", "kind", "clause_id", "about", "duty", "state"),
			integer("opened_at", "target_at", "due_at", "wake_at", "stage"), text("awaits"),
			integer("paused_at", "paused_until"), text("pause_reason"), integer("ended_at"), text("evidence_kind", "evidence")).outliving("kind = '" + OffBoarding + "'"),
		perTenant("outbox", []string{"message_id"},
			text("message_id", "event", "channel", "subject_id", "owner", "template", "language", "details", "state"),
			integer("tries", "created_at", "next_at", "ended_at"), text("outcome")).with(Goes).outliving("subject_id = ''"), // to staff
		perTenant("requests", []string{"request_id"},
			text("request_id", "subject_id", "right_id", "state", "clauses", "ground", "reason"), bytes("sealed"),
			integer("opened_at", "acknowledged_at", "asked_at", "extended_at", "ended_at"), bytes("link_hash"), integer("link_until", "link_used_at")).with(Unnamed),
		perTenant("holds", []string{"subject_id"},
			text("subject_id", "hold_id", "reason", "fields", "copy_id"), integer("placed_at", "until_at")),
		perTenant("certificates", []string{"certificate_id"},
			text("certificate_id", "kind", "about", "subject_id", "state", "keys", "removed", "entries"),
			integer("opened_at", "erased_at", "issued_at"), bytes("document")).outliving("kind = '" + OffBoarding + "'"),
		perTenant("incidents", []string{"incident_id"},
			text("incident_id", "kind", "state"), integer("opened_at", "wake_at"), text("details")).outliving("kind = 'breach'"), // GDPR art. 33(5)
		perTenant("external_ids", []string{"subject_id"},
			text("subject_id"), bytes("sealed"), integer("set_at")).with(Goes),
		perTenant("walks", []string{"walk_id"},
			text("walk_id", "about", "action", "state", "subject_id", "purposes"), integer("epoch"), text("key_id"), bytes("wrapped"),
			text("lines"), integer("people", "tries", "opened_at", "next_at", "ended_at")).with(Unnamed).outliving(EveryRow),
		perTenant("walk_people", []string{"walk_id", "part"},
			text("walk_id", "part"), bytes("sealed")).outliving(EveryRow),
		perTenant("incident_people", []string{"incident_id", "subject_id"},
			text("incident_id", "subject_id")).with(Goes),
		perTenant("alerts", []string{"alert_id"},
			text("alert_id", "kind", "cause", "state"), integer("raised_at", "wake_at"), text("details")),
		perTenant("assurance", []string{"item_id"},
			text("item_id", "kind", "state", "about", "reference"), integer("opened_at", "wake_at"), text("details"), integer("epoch"), bytes("sealed")),
		perTenant("agent_requests", []string{"exercise_id"}, // they name nobody: the request does
			text("exercise_id", "registration_id", "agent_id", "agent_request_id", "exercise", "regime", "request_id", "other_id", "denied"),
			bytes("digest"), text("callback"), bytes("told"), integer("tries", "received_at", "ended_at", "next_at")),
		perTenant("allowed_recipients", []string{"recipient"},
			text("recipient"), integer("allowed_at")),
		perTenant("written_notices", []string{"request_id"},
			text("request_id", "subject_id", "about"), integer("asked_at", "posted_at")),
		perTenant("accounts", []string{"subject_id"},
			text("subject_id", "state"), bytes("sealed"), integer("totp_step", "created_at", "verified_at", "expires_at")).with(Goes),
		perTenant("account_codes", []string{"code_id"},
			text("code_id", "subject_id", "kind"), integer("tries", "made_at", "until_at")).with(Goes),
		perTenant("sessions", []string{"session_id"},
			text("session_id", "subject_id"), bytes("secret_hash"), integer("half", "began_at", "seen_at", "strong_at", "until_at")).with(Goes),
		perTenant("staff", []string{"member_id"}, // they name no person of the data
			text("member_id", "state"), bytes("key_hash"), integer("until_at", "review_by", "created_at"), text("details")),
		perTenant("grants", []string{"grant_id"},
			text("grant_id", "holder", "state"), integer("asked_at", "until_at", "review_by", "wake_at", "uses", "used_at"), text("details")),
		perTenant("handles", []string{"kind", "hash"},
			text("kind"), bytes("hash"), text("subject_id"), bytes("sealed"), integer("made_at")).with(Goes),
		perTenant("sign_ins", []string{"state_hash"},
			bytes("state_hash"), text("provider"), bytes("browser"), text("subject_id", "back"), integer("until_at")).with(Goes),
		perTenant("staff_identities", []string{"identity_hash"}, // they name no person of the data
			bytes("identity_hash"), text("member_id"), integer("made_at")),
		perTenant("passkeys", []string{"passkey_id"},
			text("passkey_id", "subject_id"), bytes("sealed"), integer("added_at")).with(Goes),
		perTenant("spent_challenges", []string{"challenge_id"}, // they name nobody
			text("challenge_id"), integer("until_at")),
		perTenant("consents", []string{"subject_id", "consent_id"},
			text("subject_id", "consent_id"), bytes("sealed"), integer("at")).with(Goes),
	}
}

func perTenant(name string, key []string, columns ...[]Column) Table {
	return Table{
		Name: name, PerTenant: true,
		Key:     append([]string{"tenant_id"}, key...),
		Columns: join(append([][]Column{text("tenant_id")}, columns...)...),
	}
}
