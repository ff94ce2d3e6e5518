package httpapi

import (
	"context"
	"net/http"
	"regexp"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

const (
	messagesPath = subjectPath + "/messages"
	lettersPath  = "/v1/tenants/{tenant}/letters"
	letterPath   = lettersPath + "/{letter}"
)

var languageQuery = parameter{name: "language", doc: "en or ar; without it each message is in its own."}

func (s *service) messages(r *routes) {
	r.private(operation{
		method: "GET", path: messagesPath, id: "list-messages", tag: "messages", scope: api.ScopeSubjects,
		summary: "What a person is told", about: "In your application: show it to them, the newest first.", query: []parameter{languageQuery, cursorQuery, limitQuery}, out: api.Messages{},
	}, s.listMessages)
	r.private(operation{
		method: "POST", path: messagesPath + "/{message}/seen", id: "mark-seen", tag: "messages", scope: api.ScopeSubjects,
		summary: "Say that a message was shown", about: "Once it is seen it stays so.", out: api.Message{},
	}, s.markSeen)
	r.private(operation{
		method: "GET", path: lettersPath, id: "list-letters", tag: "messages", scope: api.ScopeDuties,
		summary: "Letters to be printed and posted", about: "Those that are printed lie in the folder that the operator named, if there is one.", query: []parameter{cursorQuery, limitQuery}, out: api.Letters{},
	}, s.listLetters)
	r.private(operation{
		method: "GET", path: letterPath, id: "get-letter", tag: "messages", scope: api.ScopeDuties,
		summary: "A letter as a page to print", about: "With the person's name and address, which the key must be allowed to read: it needs the scope data too, and the purpose of the policy's contacts.", out: api.LetterPage{},
	}, s.getLetter)
	r.private(operation{
		method: "POST", path: letterPath + "/printed", id: "mark-printed", tag: "messages", scope: api.ScopeDuties,
		summary: "Say that a letter was printed", out: api.Letter{},
	}, s.marking(s.Messages.MarkPrinted))
	r.private(operation{
		method: "POST", path: letterPath + "/posted", id: "mark-posted", tag: "messages", scope: api.ScopeDuties,
		summary: "Say that a letter was posted", about: "It counts as sent. Its page is removed from the folder.", out: api.Letter{},
	}, s.marking(s.Messages.Posted))
	r.private(operation{
		method: "POST", path: "/v1/bounces", id: "note-bounce", tag: "messages", scope: api.ScopeBounces,
		summary: "Say that a mail came back", about: "What was to be told to a person goes the next way that the policy names.", in: api.Bounce{}, out: api.BounceNoted{},
	}, s.noteBounce)
}

var languagePattern = regexp.MustCompile(`^(en|ar)?$`)

func (s *service) listMessages(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	language := x.URL.Query().Get("language")
	if !languagePattern.MatchString(language) {
		return invalid("language", "messages are written in en and ar")
	}
	page, next, err := s.Messages.Inbox(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), language, cursor, limit)
	if err != nil {
		return err
	}
	out := api.Messages{Messages: make([]api.Message, len(page)), Next: next}
	for i := range page {
		out.Messages[i] = message(&page[i])
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) markSeen(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	n, err := s.Messages.See(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), x.PathValue("message"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, message(&n))
}

func message(n *notify.Note) api.Message {
	m := api.Message{ID: n.ID, Kind: n.Template, About: n.Event, Language: n.Words.Language, Title: n.Words.Subject, Text: n.Words.Text, At: n.Created}
	if n.State == notify.Seen {
		m.Seen = api.Moment(n.Ended)
	}
	return m
}

func (s *service) listLetters(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	page, next, err := s.Messages.Letters(x.Context(), c, x.PathValue("tenant"), cursor, limit)
	if err != nil {
		return err
	}
	out := api.Letters{Letters: make([]api.Letter, len(page)), Next: next}
	for i := range page {
		out.Letters[i] = letter(&page[i])
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) getLetter(c vault.Caller, x *exchange) error {
	id := x.PathValue("letter")
	html, err := s.Messages.LetterPage(x.Context(), c, x.PathValue("tenant"), id)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.LetterPage{ID: id, HTML: html})
}

// marking serves a step of a letter.
func (s *service) marking(mark func(ctx context.Context, c vault.Caller, tenant, id string) (notify.Note, error)) action {
	return func(c vault.Caller, x *exchange) error {
		if err := x.nothing(); err != nil {
			return err
		}
		n, err := mark(x.Context(), c, x.PathValue("tenant"), x.PathValue("letter"))
		if err != nil {
			return err
		}
		return x.answer(http.StatusOK, letter(&n))
	}
}

func letter(n *notify.Note) api.Letter {
	l := api.Letter{ID: n.ID, Kind: n.Template, About: n.Event, State: n.State, At: n.Ended, File: n.File}
	if n.State == notify.Waiting {
		l.At = n.Created
	}
	return l
}

func (s *service) noteBounce(c vault.Caller, x *exchange) error {
	in, err := decode[api.Bounce](x)
	if err != nil {
		return err
	}
	b, err := bounce(in)
	if err != nil {
		return err
	}
	fresh, err := s.Messages.Bounced(x.Context(), c, b)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.BounceNoted{Noted: fresh})
}

// bounce reads a bounce, whichever way it is told.
func bounce(in api.Bounce) (notify.Bounce, error) {
	switch {
	case (in.Report == "") == (in.Message == "") || in.Report != "" && in.Status != "":
		return notify.Bounce{}, invalid("", "a bounce is a report, or a message and a status")
	case in.Report != "":
		return notify.ParseBounce([]byte(in.Report))
	}
	token := notify.TokenIn(in.Message)
	if token == "" || in.Status == "" {
		return notify.Bounce{}, invalid("message", "the message is named by its Message-ID, or by the address that it came back to, and has a status such as 5.1.1")
	}
	return notify.Bounce{Token: token, Status: in.Status, Action: "failed"}, nil
}
