package notify

import (
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Tally is how many messages about one event are in a state, by the channel they take.
type Tally struct {
	Channel Channel
	State   string
	Count   int
}

// Tallies counts the messages to people about an event.
func Tallies(tx *db.Tx, event string) (all []Tally, err error) {
	err = tx.Each(`SELECT channel, state, COUNT(*) FROM outbox WHERE tenant_id = $1 AND event = $2 AND subject_id <> '' GROUP BY channel, state ORDER BY channel, state`,
		[]any{tx.Tenant(), event}, func(scan func(...any) error) error {
			var t Tally
			var channel string
			err := scan(&channel, &t.State, &t.Count)
			t.Channel = Channel(channel)
			all = append(all, t)
			return err
		})
	return all, fault.Wrap("notify.Tallies", err)
}

// Reached counts the people whom messages about an event are for, and those of them whom one has reached:
// it was sent, or if in the application, seen.
func Reached(tx *db.Tx, event string) (people, reached int, err error) {
	err = tx.One(`SELECT COUNT(*), COALESCE(SUM(told), 0) FROM (
		SELECT subject_id, MAX(CASE WHEN state = $3 OR (state = $4 AND channel <> $5) THEN 1 ELSE 0 END) AS told
		FROM outbox WHERE tenant_id = $1 AND event = $2 AND subject_id <> '' GROUP BY subject_id) AS one`,
		[]any{tx.Tenant(), event, Seen, Sent, string(InApp)}, &people, &reached)
	return people, reached, fault.Wrap("notify.Reached", err)
}

// Withdraw takes every message about an event out of the outbox: it was a drill.
func Withdraw(tx *db.Tx, event string) error {
	_, err := tx.Exec(`DELETE FROM outbox WHERE tenant_id = $1 AND event = $2`, tx.Tenant(), event)
	return fault.Wrap("notify.Withdraw", err)
}

// Phone is for people who are to be called: somebody of the staff does, from the list of Uncalled.
const Phone Channel = "phone"

// Uncalled lists people who are to be called about an event and were not yet, at most limit.
func Uncalled(tx *db.Tx, event string, limit int) (subjects []string, err error) {
	subjects = []string{}
	err = tx.Each(`SELECT subject_id FROM outbox WHERE tenant_id = $1 AND event = $2 AND channel = $3 AND state = $4 ORDER BY subject_id LIMIT $5`,
		[]any{tx.Tenant(), event, string(Phone), Waiting, limit}, func(scan func(...any) error) error {
			var subject string
			err := scan(&subject)
			subjects = append(subjects, subject)
			return err
		})
	return subjects, fault.Wrap("notify.Uncalled", err)
}

// Called notes that a person was spoken to. One who was not to be called is NotFound.
func Called(tx *db.Tx, event, subject string) error {
	const op = "notify.Called"
	n, err := tx.Exec(`UPDATE outbox SET state = $5, next_at = 0, ended_at = $6 WHERE tenant_id = $1 AND event = $2 AND subject_id = $3 AND channel = $4`,
		tx.Tenant(), event, subject, string(Phone), Sent, tx.Now().UnixMicro())
	if err == nil && n == 0 {
		return fault.New(op, fault.NotFound, "somebody named is not on the list of those to be called").WithField("called")
	}
	return fault.Wrap(op, err)
}
