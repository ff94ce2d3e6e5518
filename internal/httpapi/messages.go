package httpapi

import (
	"net/http"
	"regexp"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

const (
	messagesPath = subjectPath + "/messages"
	lettersPath  = "/v1/tenants/{tenant}/letters"
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
		summary: "Letters to be posted", about: "They lie, ready to print, in the folder that the operator named.", query: []parameter{cursorQuery, limitQuery}, out: api.Letters{},
	}, s.listLetters)
	r.private(operation{
		method: "POST", path: lettersPath + "/{letter}/posted", id: "mark-posted", tag: "messages", scope: api.ScopeDuties,
		summary: "Say that a letter was posted", about: "Its page is removed from the folder.", out: api.Letter{},
	}, s.markPosted)
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
		m.Seen = moment(n.Ended)
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
		out.Letters[i] = letter(x.PathValue("tenant"), &page[i])
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) markPosted(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	n, err := s.Messages.Posted(x.Context(), c, x.PathValue("tenant"), x.PathValue("letter"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, letter(x.PathValue("tenant"), &n))
}

func letter(tenant string, n *notify.Note) api.Letter {
	l := api.Letter{ID: n.ID, Kind: n.Template, About: n.Event, State: n.State, At: n.Ended}
	if n.State == notify.Printed {
		l.File = notify.LetterFile(tenant, n.ID)
	}
	return l
}
