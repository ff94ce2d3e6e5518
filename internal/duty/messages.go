package duty

import (
	"context"

	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

// Messages is the desk at which applications read what people are told, for callers with the scope
// subjects, and mark it as seen; at which staff print letters and mark them as posted, for the scope duties; and at
// which a mail server hands in what came back, for the scope bounces. Each call is admitted, and that recorded, before it does anything.
type Messages struct {
	Vault  *vault.Vault
	Outbox *notify.Outbox
	// Reach reads how a person is reached, for a channel, in a caller's name.
	Reach func(ctx context.Context, c vault.Caller, tenant, subject string, by notify.Channel) (notify.Address, error)
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

// Letters returns a page of the letters that are to be printed or posted, and the cursor of the next page,
// "" on the last.
func (m *Messages) Letters(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]notify.Note, string, error) {
	if err := m.Vault.Admit(ctx, c, "letter.list", tenant, vault.ScopeDuties); err != nil {
		return nil, "", err
	}
	return m.Outbox.Letters(ctx, tenant, cursor, limit)
}

// LetterPage returns a letter as a page to print. Whose it is and where they live is read in the caller's
// own name: the vault decides, and records, as for anybody.
func (m *Messages) LetterPage(ctx context.Context, c vault.Caller, tenant, id string) (string, error) {
	if err := m.Vault.Admit(ctx, c, "letter.read", tenant, vault.ScopeDuties); err != nil {
		return "", err
	}
	_, html, err := m.Outbox.LetterPage(ctx, tenant, id, func(ctx context.Context, tenant, subject string, by notify.Channel) (notify.Address, error) {
		return m.Reach(ctx, c, tenant, subject, by)
	})
	return html, err
}

// MarkPrinted marks a letter as printed.
func (m *Messages) MarkPrinted(ctx context.Context, c vault.Caller, tenant, id string) (notify.Note, error) {
	if err := m.Vault.Admit(ctx, c, "letter.printed", tenant, vault.ScopeDuties); err != nil {
		return notify.Note{}, err
	}
	return m.Outbox.MarkPrinted(ctx, tenant, id, c.Credential.ID)
}

// Posted marks a letter as posted.
func (m *Messages) Posted(ctx context.Context, c vault.Caller, tenant, id string) (notify.Note, error) {
	if err := m.Vault.Admit(ctx, c, "letter.posted", tenant, vault.ScopeDuties); err != nil {
		return notify.Note{}, err
	}
	return m.Outbox.Posted(ctx, tenant, id, c.Credential.ID)
}

// Bounced notes that a mail came back, whosever it was: the caller need not know, and is not told. It
// reports whether that was new.
func (m *Messages) Bounced(ctx context.Context, c vault.Caller, b notify.Bounce) (bool, error) {
	if err := m.Vault.Admit(ctx, c, "mail.bounced", "", vault.ScopeBounces); err != nil {
		return false, err
	}
	return m.Outbox.Bounced(ctx, c.Credential.ID, b)
}
