package retention

import "clause.dev/clause/internal/db"

// Begin is the first step of an off-boarding, as a server leaves it that dies right after.
func (d *Desk) Begin(tx *db.Tx, by string) error { return d.begin(tx, by) }
