package notify

import (
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Again has messages that were given up tried once more: an address may have come since. Mail that came
// back is not sent again to where nobody takes it.
func Again(tx *db.Tx, messages ...string) error {
	now := tx.Now().UnixMicro()
	for _, id := range messages {
		_, err := tx.Exec(`UPDATE outbox SET state = $3, next_at = $4, ended_at = 0 WHERE tenant_id = $1 AND message_id = $2 AND state = $5 AND outcome NOT LIKE $6`,
			tx.Tenant(), id, Waiting, now, Failed, bounced+"%")
		if err != nil {
			return fault.Wrap("notify.Again", err)
		}
	}
	if len(messages) == 0 {
		return nil
	}
	return fault.Wrap("notify.Again", wakes.By(tx, now))
}
