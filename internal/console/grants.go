package console

import (
	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
)

// grants are leave to see a customer's data: asked for, approved by another member, allowed by the customer.
func grants() *matter {
	desk := func(v *visit) *access.Desk { return v.door.Desks.Work.Access }
	review := func(v *visit, one string, keep bool) (api.Grant, error) {
		return desk(v).ReviewGrant(v.context(), v.who.Caller, v.tenant, one, api.AccessReview{Keep: keep})
	}
	return &matter{
		Name: "grants", Columns: []string{"grant", "holder", "purposes", "state", "until", "uses"},
		list: listing(func(v *visit, cursor string) ([]api.Grant, string, error) {
			return desk(v).Grants(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, g *api.Grant) row {
			return row{ID: g.ID, Cells: []cell{id(g.ID), id(g.Holder), v.titles(g.Purposes), v.state(g.State), when(g.Until), number(g.Uses)}}
		}),
		show: func(v *visit, one string) (thing, error) {
			g, err := desk(v).Grant(v.context(), v.who.Caller, v.tenant, one)
			return v.grant(&g), err
		},
		acts: []act{
			opening(func(v *visit, in api.NewGrant) (api.Grant, error) {
				return desk(v).Request(v.context(), v.who.Caller, v.tenant, in)
			}, func(g api.Grant) string { return g.ID }).choosing(func(v *visit) map[string][]string {
				return map[string][]string{"purposes": v.purposes()}
			}),
			pressing("approve", func(v *visit, one string) (api.Grant, error) {
				return desk(v).Approve(v.context(), v.who.Caller, v.tenant, one)
			}),
			pressing("keep", func(v *visit, one string) (api.Grant, error) { return review(v, one, true) }),
			pressing("revoke", func(v *visit, one string) (api.Grant, error) { return review(v, one, false) }).grave(),
			pressing("withdraw", func(v *visit, one string) (api.Grant, error) {
				return desk(v).Withdraw(v.context(), v.who.Caller, v.tenant, one)
			}).grave(),
		},
	}
}

// grant is a grant as its page shows it. What only another than its holder may do is shown to others alone.
func (v *visit) grant(g *api.Grant) thing {
	t := thing{
		ID: g.ID, State: v.word(g.State), Tone: toneOf(g.State),
		Facts: facts(
			of("holder", id(g.Holder)), of("purposes", v.titles(g.Purposes)), of("why", id(g.Reason)), of("until", when(g.Until)),
			of("approved-by", id(g.ApprovedBy)), of("allowed-by", id(g.AllowedBy)), of("review-by", maybe(g.ReviewBy)), of("reviewed-by", id(g.ReviewedBy)),
			of("ended-by", id(g.EndedBy)), of("uses", number(g.Uses)),
		),
		Moments: v.moments(
			moment{At: g.Asked, Label: "asked"}, moment{At: value(g.Approved), Label: "approved"}, moment{At: value(g.Allowed), Label: "allowed"}, moment{At: value(g.From), Label: "began", Tone: "kept"},
			moment{At: value(g.Used), Label: "used"}, moment{At: value(g.Reviewed), Label: "kept"}, moment{At: value(g.Ended), Label: "ended"}, moment{At: g.Until, Label: "until", Ahead: true},
		),
	}
	other := g.Holder != v.who.Caller.Credential.ID
	switch {
	case g.State == "requested" && g.ApprovedBy == "" && other:
		t.Acts = []string{"approve", "withdraw"}
	case g.State == "live" && other:
		t.Acts = []string{"keep", "revoke", "withdraw"}
	case g.State == "requested" || g.State == "live":
		t.Acts = []string{"withdraw"}
	}
	switch {
	case g.State == "requested" && g.ApprovedBy == "":
		t.Note = "grants.waits-member"
	case g.State == "requested":
		t.Note = "grants.waits-customer"
	}
	return t
}
