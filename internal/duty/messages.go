package duty

import (
	"context"

	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

// Messages is the desk at which applications read what people are told, for callers with the scope
// subjects, and mark it as seen; and at which staff mark letters as posted, for the scope duties. Each
// call is admitted, and that recorded, before it does anything.
type Messages struct {
	Vault  *vault.Vault
	Outbox *notify.Outbox
}

// Inbox returns a page of a person's in-app messages, the newest first, in a language if one is given,
// and the cursor of the next page, "" on the last.
func (m *Messages) Inbox(ctx context.Context, c vault.Caller, tenant, subject, language, cursor string, limit int) ([]notify.Note, string, error) {
	if err := m.Vault.Admit(ctx, c, "message.list", tenant, vault.ScopeSubjects); err != nil {
		return nil, "", err
	}
	return m.Outbox.Inbox(ctx, tenant, subject, language, cursor, limit)
}

// See marks an in-app message of a person as seen.
func (m *Messages) See(ctx context.Context, c vault.Caller, tenant, subject, id string) (notify.Note, error) {
	if err := m.Vault.Admit(ctx, c, "message.see", tenant, vault.ScopeSubjects); err != nil {
		return notify.Note{}, err
	}
	return m.Outbox.See(ctx, tenant, subject, id)
}

// Letters returns a page of the letters that are printed and not posted, and the cursor of the next page,
// "" on the last.
func (m *Messages) Letters(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]notify.Note, string, error) {
	if err := m.Vault.Admit(ctx, c, "letter.list", tenant, vault.ScopeDuties); err != nil {
		return nil, "", err
	}
	return m.Outbox.Letters(ctx, tenant, cursor, limit)
}

// Posted marks a letter as posted.
func (m *Messages) Posted(ctx context.Context, c vault.Caller, tenant, id string) (notify.Note, error) {
	if err := m.Vault.Admit(ctx, c, "letter.posted", tenant, vault.ScopeDuties); err != nil {
		return notify.Note{}, err
	}
	return m.Outbox.Posted(ctx, tenant, id)
}
