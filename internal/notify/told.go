package notify

import (
	"maps"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Told are the messages to a person after a cursor, by any channel, the oldest first, and the cursor of the rest, "" if
// that is all. Their words are those of today; there are none where today's lack something.
func (l *Library) Told(tx *db.Tx, subject, cursor string, limit int) (page []Note, next string, err error) {
	const op = "notify.Told"
	after, err := db.ParseCursor(cursor, db.Oldest)
	if err != nil {
		return nil, "", fault.Wrap(op, err)
	}
	page, err = notes(tx, `subject_id = $2 AND (created_at, message_id) > ($3, $4) ORDER BY created_at, message_id LIMIT $5`, subject, after.At, after.ID, int64(limit))
	if err != nil {
		return nil, "", fault.Wrap(op, err)
	}
	for i := range page {
		n := &page[i]
		if n.details[Code] != "" {
			n.Event = "" // it names the code by its id
		}
		if words, err := l.Render(&Message{Template: n.Template, Language: n.Language, Details: n.details}, ""); err == nil {
			n.Words = words
		}
	}
	if len(page) == limit {
		last := &page[limit-1]
		next = db.Cursor{At: db.Micros(last.Created), ID: last.ID}.String()
	}
	return page, next, nil
}

// Details are what the words are about: ids and figures, without the id of a code.
func (n *Note) Details() map[string]string {
	all := maps.Clone(n.details)
	delete(all, Code)
	return all
}
