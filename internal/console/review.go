package console

import (
	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/db"
)

// review is what is left of the review of who has access: members here, and grants on their own pages.
func review() *matter {
	desk := func(v *visit) *access.Desk { return v.door.Desks.Work.Access }
	member := func(v *visit, one string, keep bool) (api.Member, error) {
		return desk(v).ReviewMember(v.context(), v.who.Caller, db.Organisation, one, api.AccessReview{Keep: keep})
	}
	return &matter{
		Name: "review", Central: true, Columns: []string{"access", "tenant", "holder", "since", "lapses", "what"},
		list: func(v *visit, _ string) (out lines, err error) {
			left, err := desk(v).State(v.context(), v.who.Caller)
			out.clocks = left.Clocks
			for i := range left.Members {
				m := &left.Members[i]
				out.rows = append(out.rows, row{ID: m.ID, Cells: []cell{id(m.ID), id(""), id(m.ID), when(m.Enrolled), maybe(m.ReviewBy), {Text: v.list(m.Roles)}}, Own: m.ID == v.who.Caller.Credential.ID})
			}
			for i := range left.Grants {
				g := &left.Grants[i]
				grant := id(g.Grant.ID)
				grant.At = v.Of(g.Tenant, "grants", g.Grant.ID)
				out.rows = append(out.rows, row{ID: g.Grant.ID, Cells: []cell{grant, id(g.Tenant), id(g.Grant.Holder), maybe(g.Grant.From), maybe(g.Grant.ReviewBy), v.titles(g.Grant.Purposes)}, Own: true})
			}
			return out, err
		},
		acts: []act{
			pressing("keep", func(v *visit, one string) (api.Member, error) { return member(v, one, true) }),
			pressing("end", func(v *visit, one string) (api.Member, error) { return member(v, one, false) }).grave(),
			{Name: "new", New: true, do: func(v *visit, _ string, _ []input) (string, bool, error) {
				_, err := desk(v).Close(v.context(), v.who.Caller)
				return "", false, err
			}},
		},
	}
}
