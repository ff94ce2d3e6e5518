package console

import (
	"net/http"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/incident"
)

// incidents are breaches of personal data, from suspicion to lessons.
func incidents() *matter {
	desk := func(v *visit) *incident.Desk { return v.door.Desks.Work.Incidents }
	exposed := func(v *visit) map[string][]string {
		return map[string][]string{"exposure.purpose": v.purposes(), "exposure.data_set": v.dataSets()}
	}
	return &matter{
		Name: "incidents", Columns: []string{"incident", "cause", "state", "risk", "suspected", "due"},
		list: listing(func(v *visit, cursor string) ([]api.Incident, string, error) {
			return desk(v).List(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, b *api.Incident) row {
			return row{ID: b.ID, Cells: []cell{id(b.ID), v.words(b.Cause), v.state(b.State), v.state(b.Risk), when(b.Suspected), maybe(nearest(b.Clocks))}}
		}),
		show: func(v *visit, one string) (thing, error) {
			b, err := desk(v).Get(v.context(), v.who.Caller, v.tenant, one)
			return v.incident(&b), err
		},
		acts: []act{
			opening(func(v *visit, in api.Suspicion) (api.Incident, error) {
				return desk(v).Suspect(v.context(), v.who.Caller, v.tenant, in)
			}, func(b api.Incident) string { return b.ID }).choosing(exposed),
			stepping("aware", func(v *visit, one string, in api.Awareness) (api.Incident, error) {
				return desk(v).Aware(v.context(), v.who.Caller, v.tenant, one, in)
			}),
			stepping("assess", func(v *visit, one string, in api.Assessment) (api.Incident, error) {
				return desk(v).Assess(v.context(), v.who.Caller, v.tenant, one, in)
			}).without("exposure"),
			stepping("authority", func(v *visit, one string, in api.AuthorityTold) (api.Incident, error) {
				return desk(v).TellAuthority(v.context(), v.who.Caller, v.tenant, one, in)
			}),
			stepping("people", func(v *visit, one string, in api.PeopleTold) (api.Incident, error) {
				return desk(v).TellPeople(v.context(), v.who.Caller, v.tenant, one, in)
			}).grave(),
			stepping("close", func(v *visit, one string, in api.Closing) (api.Incident, error) {
				return desk(v).Close(v.context(), v.who.Caller, v.tenant, one, in)
			}).grave(),
		},
	}
}

func (v *visit) dataSets() (all []string) {
	for i := range v.door.Policy.Data {
		all = append(all, v.door.Policy.Data[i].ID)
	}
	return all
}

// incident is an incident as its page shows it, with the steps that fit where it stands.
func (v *visit) incident(b *api.Incident) thing {
	t := thing{
		ID: b.ID, State: v.word(b.State), Tone: toneOf(b.State), Clocks: b.Clocks,
		Facts: facts(
			of("drill", v.words(yes(b.Drill))), of("nature", v.words(b.Nature...)), of("cause", v.words(b.Cause)), of("reference", id(b.Reference)),
			of("exposed", when(b.Exposure.From), when(b.Exposure.To)), of("credential", id(b.Exposure.Credential)), of("data-set", id(b.Exposure.DataSet)), of("purpose", id(b.Exposure.Purpose)),
			of("risk", v.state(b.Risk)), of("reasons", v.words(b.Reasons...)), of("consequences", v.words(b.Consequences...)), of("measures", v.words(b.Measures...)),
			of("lessons", ids(b.Lessons)...),
		),
	}
	if a := b.Affected; a != nil {
		t.Facts = append(t.Facts, facts(of("people", number(a.People)), of("records", number(a.Records)), of("through", ids(a.Credentials)...), of("recipients", ids(a.Recipients)...))...)
		for _, set := range a.Data {
			t.Facts = append(t.Facts, of("data-set", id(set.DataSet), number(set.People)))
		}
	}
	if b.People != nil {
		t.Facts = append(t.Facts, facts(of("reached", cell{Text: strconv.Itoa(b.People.Reached) + " / " + strconv.Itoa(b.People.People)}), of("public", id(b.People.Public)))...)
	}
	for i := range b.Authority {
		a := &b.Authority[i]
		t.Facts = append(t.Facts, facts(of("authority", id(a.Receipt), when(a.At), v.words(a.Delay)))...)
	}
	steps := []moment{{At: b.Suspected, Label: "suspected"}, {At: value(b.Aware), Label: "aware"}, {At: value(b.Assessed), Label: "assessed"}, {At: value(b.Closed), Label: "closed", Tone: "kept"}}
	for i := range b.Authority {
		steps = append(steps, moment{At: b.Authority[i].At, Label: "authority", Tone: "kept"})
	}
	if b.People != nil {
		steps = append(steps, moment{At: value(b.People.At), Label: "people", Tone: "kept"})
	}
	if due := nearest(b.Clocks); due != nil {
		steps = append(steps, moment{At: *due, Label: "due", Ahead: true})
	}
	t.Moments = v.moments(steps...)
	switch b.State {
	case "suspected":
		t.Acts = []string{"aware", "close"}
	case "aware":
		t.Acts = []string{"assess", "authority"}
	case "assessed":
		t.Acts = []string{"authority", "people", "assess", "close"}
	}
	if b.State != "suspected" {
		t.Links = []cell{{Text: v.phrase("incidents.form"), At: v.At("incidents", b.ID, "notification")}}
	}
	return t
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// notification is the form for the authority, to be printed. It is the desk's own page, which has no script and
// loads nothing.
func (v *visit) notification() error {
	body, err := v.door.Desks.Work.Incidents.Page(v.context(), v.who.Caller, v.tenant, v.r.PathValue("id"), v.lang)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox")
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(body)
	return nil
}
