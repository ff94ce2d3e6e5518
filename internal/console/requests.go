package console

import (
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
)

// requests are what people ask by their rights.
func requests() *matter {
	desk := func(v *visit) *rights.Desk { return v.door.Desks.Work.Rights }
	open := opening(func(v *visit, in api.NewRequest) (rights.Request, error) {
		return desk(v).Open(v.context(), v.who.Caller, v.tenant, rights.Ask{Subject: in.Subject, Right: rights.Right(in.Right), Purposes: in.Purposes, Language: in.Language})
	}, func(r rights.Request) string { return r.ID }).choosing(func(v *visit) map[string][]string {
		return map[string][]string{"purposes": v.purposes()}
	})
	return &matter{
		Name: "requests", Columns: []string{"request", "right", "state", "opened", "due"},
		Filters: []string{"open", "received", "identity-check", "in-progress", "answered", "refused", "withdrawn"},
		list: listing(func(v *visit, cursor string) ([]rights.Request, string, error) {
			return desk(v).List(v.context(), v.who.Caller, v.tenant, v.query("state"), cursor, listed)
		}, func(v *visit, r *rights.Request) row {
			return row{ID: r.ID, Cells: []cell{id(r.ID), {Text: v.right(r.Right)}, v.state(string(r.State)), when(r.Opened), when(r.Due)}}
		}),
		show: func(v *visit, one string) (thing, error) {
			r, err := desk(v).Get(v.context(), v.who.Caller, v.tenant, one)
			return v.request(&r), err
		},
		acts: []act{
			open,
			pressing("acknowledge", func(v *visit, one string) (rights.Request, error) {
				return desk(v).Acknowledge(v.context(), v.who.Caller, v.tenant, one)
			}),
			stepping("identity", func(v *visit, one string, in proofWanted) (rights.Request, error) {
				return desk(v).AskIdentity(v.context(), v.who.Caller, v.tenant, one, in.Limit)
			}),
			pressing("proven", func(v *visit, one string) (rights.Request, error) {
				return desk(v).ProveIdentity(v.context(), v.who.Caller, v.tenant, one)
			}),
			stepping("extend", func(v *visit, one string, in api.MoreTime) (rights.Request, error) {
				return desk(v).Extend(v.context(), v.who.Caller, v.tenant, one, in.Reason)
			}),
			// The link to a package is for the person, who finds it in their account: it is not shown to staff.
			pressing("answer", func(v *visit, one string) (rights.Request, error) {
				r, _, err := desk(v).Answer(v.context(), v.who.Caller, v.tenant, one, nil)
				return r, err
			}).grave(),
			stepping("refuse", func(v *visit, one string, in api.Refusal) (rights.Request, error) {
				return desk(v).Refuse(v.context(), v.who.Caller, v.tenant, one, in.Ground)
			}).grave().choosing(func(*visit) map[string][]string { return map[string][]string{"ground": grounds()} }),
			pressing("withdraw", func(v *visit, one string) (rights.Request, error) {
				return desk(v).Withdraw(v.context(), v.who.Caller, v.tenant, one)
			}).grave(),
		},
	}
}

// proofWanted asks for proof of identity.
type proofWanted struct {
	Limit string `json:"limit" maxLength:"40"`
}

func (v *visit) right(r rights.Right) string { return v.Word("right", string(r)) }

func grounds() (all []string) {
	for _, g := range rights.Grounds() {
		all = append(all, g.ID)
	}
	return all
}

// request is a request as its page shows it, with the steps that fit where it stands.
func (v *visit) request(r *rights.Request) thing {
	t := thing{
		ID: r.ID, State: v.word(string(r.State)), Tone: toneOf(string(r.State)),
		Facts: facts(
			of("right", cell{Text: v.right(r.Right)}), of("subject", id(r.Subject)), of("purposes", v.titles(r.Purposes())),
			of("ground", cell{Text: v.because(r)}), of("due", when(r.Due)), of("promised-by", ids(r.Clauses)...),
			of("link-until", when(r.LinkUntil)), of("link-used", when(r.LinkUsed)),
		),
		Moments: v.moments(
			moment{At: r.Opened, Label: "opened"}, moment{At: r.Acknowledged, Label: "acknowledged"}, moment{At: r.Asked, Label: "identity-asked"},
			moment{At: r.Extended, Label: "extended"}, moment{At: r.Ended, Label: "ended", Tone: toneOf(string(r.State))}, moment{At: r.Due, Label: "due", Ahead: true},
		),
	}
	for i := range r.Clocks {
		t.Clocks = append(t.Clocks, wire(v, &r.Clocks[i]))
	}
	if !r.State.Open() {
		return t
	}
	if r.Acknowledged.IsZero() {
		t.Acts = append(t.Acts, "acknowledge")
	}
	if r.State == rights.IdentityCheck {
		t.Acts = append(t.Acts, "proven")
	} else if r.Asked.IsZero() && r.State != rights.CarryingOut {
		t.Acts = append(t.Acts, "identity")
	}
	if r.Extended.IsZero() && r.State != rights.CarryingOut {
		t.Acts = append(t.Acts, "extend")
	}
	if r.Right == rights.Rectification { // the corrections are personal data
		t.Note = "requests.corrections"
	} else if r.State != rights.IdentityCheck {
		t.Acts = append(t.Acts, "answer")
	}
	if r.State != rights.CarryingOut {
		t.Acts = append(t.Acts, "refuse", "withdraw")
	}
	return t
}

func wire(v *visit, c *obligation.Clock) api.Clock { return c.Wire(v.door.Now()) }

// titles are purposes in words.
func (v *visit) titles(purposes []string) cell {
	said := make([]string, 0, len(purposes))
	for _, one := range purposes {
		said = append(said, v.Choice("", "purposes", one))
	}
	return cell{Text: v.list(said)}
}

// because is the ground of a refusal, or why it takes longer.
func (v *visit) because(r *rights.Request) string {
	if r.Ground == "" && r.Reason == "" {
		return ""
	}
	for _, g := range rights.Grounds() {
		if g.ID == r.Ground {
			return titled(v.lang, g.Title, g.Titles)
		}
	}
	return v.word(r.Reason)
}

// moments are those of a timeline that there are, in their order; labels are the keys moment.<Label>.
func (v *visit) moments(all ...moment) []moment {
	all = slices.DeleteFunc(all, func(m moment) bool { return m.At.IsZero() })
	for i := range all {
		all[i].Label = v.phrase("moment." + all[i].Label)
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.At.Compare(b.At) })
	return all
}
