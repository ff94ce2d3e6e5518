package console

import (
	"time"

	"clause.dev/clause/internal/vault"
)

// holds are legal holds on people: what is kept of them if they are erased. Placing and releasing one concerns a
// customer's data, and needs a live grant.
func holds() *matter {
	return &matter{
		Name: "holds", Columns: []string{"subject", "case", "fields", "keeps", "placed", "until"},
		list: listing(func(v *visit, cursor string) ([]vault.Hold, string, error) {
			return v.door.Desks.Work.Vault.Holds(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, h *vault.Hold) row {
			return row{ID: h.Subject, Cells: []cell{id(h.Subject), id(h.Reason), {Text: v.list(h.Fields), ID: true}, {Text: v.list(h.Keeps), ID: true}, when(h.Placed), when(h.Until)}}
		}),
		acts: []act{
			opening(func(v *visit, in newHold) (vault.Hold, error) {
				return v.door.Desks.Work.Vault.PlaceHold(v.context(), v.who.Caller, v.tenant, in.Subject, in.Reason, in.Fields, in.Until)
			}, func(vault.Hold) string { return "" }).choosing(func(v *visit) map[string][]string {
				return map[string][]string{"fields": v.door.Desks.Work.Vault.Retained.Fields}
			}),
			pressing("release", func(v *visit, one string) (struct{}, error) {
				return struct{}{}, v.door.Desks.Work.Vault.ReleaseHold(v.context(), v.who.Caller, v.tenant, one)
			}).grave(),
		},
	}
}

// newHold is a hold on somebody.
type newHold struct {
	Subject string    `json:"subject" maxLength:"128"`
	Reason  string    `json:"reason" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Fields  []string  `json:"fields" minItems:"1"`
	Until   time.Time `json:"until"`
}
