package httpapi

import (
	"context"
	"time"

	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

// postman stands for the desk of messages.
type postman struct{ f *fake }

func (p postman) note(id, state string) notify.Note {
	n := notify.Note{ID: id, Event: "req_1:received", Template: "request-received", State: state, Created: noon,
		Words: notify.Words{Language: "en", Subject: "We have your request req_1", Text: "Hello,\n"}}
	if state != notify.Sent {
		n.Ended = noon.Add(time.Hour)
	}
	return n
}

func (p postman) Inbox(_ context.Context, c vault.Caller, tenant, subject, language, cursor string, limit int) ([]notify.Note, string, error) {
	return []notify.Note{p.note("msg_1", notify.Sent)}, "1.msg_1", p.f.call("Inbox %s %s %s in %q after %q limit %d", c.Credential.ID, tenant, subject, language, cursor, limit)
}

func (p postman) See(_ context.Context, c vault.Caller, tenant, subject, id string) (notify.Note, error) {
	return p.note(id, notify.Seen), p.f.call("See %s %s %s %s", c.Credential.ID, tenant, subject, id)
}

func (p postman) Letters(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]notify.Note, string, error) {
	n, waits := p.note("msg_1", notify.Printed), p.note("msg_2", notify.Waiting)
	n.File, waits.Ended = notify.LetterFile(tenant, n.ID), time.Time{}
	return []notify.Note{n, waits}, "", p.f.call("Letters %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (p postman) LetterPage(_ context.Context, c vault.Caller, tenant, id string) (string, error) {
	return "<!doctype html>", p.f.call("LetterPage %s %s %s", c.Credential.ID, tenant, id)
}

func (p postman) MarkPrinted(_ context.Context, c vault.Caller, tenant, id string) (notify.Note, error) {
	return p.note(id, notify.Printed), p.f.call("MarkPrinted %s %s %s", c.Credential.ID, tenant, id)
}

func (p postman) Bounced(_ context.Context, c vault.Caller, b notify.Bounce) (bool, error) {
	return true, p.f.call("Bounced %s %s %s %s", c.Credential.ID, b.Token, b.Status, b.Action)
}

func (p postman) Posted(_ context.Context, c vault.Caller, tenant, id string) (notify.Note, error) {
	n := p.note(id, notify.Sent)
	n.Ended = noon.Add(time.Hour)
	return n, p.f.call("Posted %s %s %s", c.Credential.ID, tenant, id)
}
