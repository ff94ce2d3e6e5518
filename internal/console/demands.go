package console

import (
	"errors"
	"reflect"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/incident"
)

// demands are those of courts and authorities for data.
func demands() *matter {
	desk := func(v *visit) *incident.Desk { return v.door.Desks.Work.Incidents }
	return &matter{
		Name: "demands", Columns: []string{"demand", "kind", "issuer", "state", "received"},
		list: listing(func(v *visit, cursor string) ([]api.Demand, string, error) {
			return desk(v).ListDemands(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, m *api.Demand) row {
			return row{ID: m.ID, Cells: []cell{id(m.ID), v.words(m.Kind), id(m.Issuer), v.state(m.State), when(m.Received)}}
		}),
		show: func(v *visit, one string) (thing, error) {
			m, err := desk(v).GetDemand(v.context(), v.who.Caller, v.tenant, one)
			return v.demand(&m), err
		},
		acts: []act{
			opening(func(v *visit, in api.LegalDemand) (api.Demand, error) {
				return desk(v).Demand(v.context(), v.who.Caller, v.tenant, in)
			}, func(m api.Demand) string { return m.ID }),
			stepping("review", func(v *visit, one string, in api.Review) (api.Demand, error) {
				return desk(v).Review(v.context(), v.who.Caller, v.tenant, one, in)
			}),
			stepping("refuse", func(v *visit, one string, in api.Denial) (api.Demand, error) {
				return desk(v).Deny(v.context(), v.who.Caller, v.tenant, one, in)
			}).grave(),
			{Name: "release", Grave: true, in: reflect.TypeFor[sealedTo](), do: release},
		},
	}
}

// sealedTo hands an answer over sealed: nobody here reads it. A release to a recipient in the clear is for an
// application.
type sealedTo struct {
	SealTo string `json:"seal_to" pattern:"^age1[a-z0-9]{20,100}$"`
}

func release(v *visit, one string, inputs []input) (string, bool, error) {
	in, err := filled[sealedTo](inputs)
	if err != nil {
		return "", false, err
	}
	out, err := v.door.Desks.Work.Incidents.Release(v.context(), v.who.Caller, v.tenant, one, api.Handover{SealTo: in.SealTo})
	if err != nil {
		return "", false, err
	}
	if out.Sealed == "" {
		return "", false, errors.New("console: an answer that was to be sealed is not")
	}
	v.send(one+".age", "application/octet-stream", []byte(out.Sealed))
	return "", true, nil
}

// demand is a demand as its page shows it, with the steps that fit where it stands.
func (v *visit) demand(m *api.Demand) thing {
	t := thing{
		ID: m.ID, State: v.word(m.State), Tone: toneOf(m.State), Clocks: m.Clocks,
		Facts: facts(
			of("drill", v.words(yes(m.Drill))), of("kind", v.words(m.Kind)), of("issuer", id(m.Issuer)), of("reference", id(m.Reference)),
			of("subjects", number(len(m.Subjects))), of("asked", ids(m.Asked)...), of("granted", ids(m.Granted)...), of("entered-by", id(m.EnteredBy)),
			of("reviewer", id(m.Reviewer)), of("ground", v.words(m.Ground)), of("citation", cell{Text: m.Citation}), of("not-before", maybe(m.NotBefore)),
			of("gagged-until", maybe(m.Gagged)), of("reason", v.words(m.Reason)),
		),
	}
	steps := []moment{{At: m.Received, Label: "received"}, {At: value(m.Reviewed), Label: "reviewed"}, {At: value(m.Noticed), Label: "noticed"}, {At: value(m.NotBefore), Label: "not-before", Ahead: true}}
	for i := range m.Releases {
		steps = append(steps, moment{At: m.Releases[i].At, Label: "released", Tone: "kept"})
	}
	t.Moments = v.moments(steps...)
	switch m.State {
	case "received":
		t.Acts = []string{"review", "refuse"}
	case "reviewed":
		t.Acts = []string{"release", "refuse"}
	case "released":
		t.Acts = []string{"release"}
	}
	return t
}
