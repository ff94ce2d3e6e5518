package incident_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/incident"
)

// A breach from suspicion to lessons: who was read, and nobody else, is found and told; each clock ends by
// its own evidence; and the incident is closed only once nothing of it is owed.
func TestABreachToItsEnd(t *testing.T) { each(t, "clesaro", aBreachToItsEnd) }

func aBreachToItsEnd(w *world) {
	ctx, began := w.Context(), w.now()
	hurt, spared, gone := w.customer("zaynab@example.com"), w.customer("amal@example.com"), w.customer("noor@example.com")
	w.read(hurt)
	w.read(hurt)
	w.read(gone)
	w.must(w.app.EraseSubject(ctx, tenant, gone))
	in := w.suspect(began, w.now().Add(time.Second))
	if in.State != "suspected" || len(in.Clocks) != 0 {
		w.Errorf("a suspicion is %+v", in)
	}
	_, err := w.officer.AssessBreach(ctx, tenant, in.ID, weighed("high"))
	w.refused("assessing before anybody is aware", err, 409)
	in, err = w.officer.BeAware(ctx, tenant, in.ID, api.Awareness{})
	w.must(err)
	authority, people := w.clock(in, "breach.authority"), w.clock(in, "breach.people")
	if authority.Limit != "72 hours" || !authority.Due.Equal(in.Aware.Add(72*time.Hour)) || !people.Target.Equal(in.Aware.Add(24*time.Hour)) || people.Limit != "72 hours" {
		w.Errorf("the clocks are %+v and %+v", authority, people)
	}
	_, err = w.officer.TellPeople(ctx, tenant, in.ID, api.PeopleTold{})
	w.refused("telling people of what nobody has assessed", err, 409)

	in, err = w.officer.AssessBreach(ctx, tenant, in.ID, weighed("high"))
	w.must(err)
	if a := in.Affected; a.People != 2 || a.Records != 2 || a.Approximate || len(a.Data) != 1 || a.Data[0].DataSet != "identity" || !slices.Equal(a.Data[0].Fields, []string{"first_name", "email"}) {
		w.Errorf("affected is %+v", in.Affected)
	}
	form, err := w.officer.Notification(ctx, tenant, in.ID)
	w.must(err)
	if form.Phase != 1 || form.Authority.Name != "UAE Data Office" || form.Contact.Contact != "privacy@clesaro.example" || form.Affected.People != 2 ||
		form.Limit != "72 hours" || form.Late || len(form.Missing) != 0 || !slices.Equal(form.PeopleCategories, []string{"customers"}) {
		w.Errorf("the form is %+v", form)
	}
	in, err = w.officer.TellAuthority(ctx, tenant, in.ID, api.AuthorityTold{Receipt: "dpa-1"})
	w.must(err)
	if c := w.clock(in, "breach.authority"); c.State != "done" || c.Evidence != "dpa-1" || c.Late {
		w.Errorf("after the receipt the clock is %+v", c)
	}
	_, err = w.officer.TellAuthority(ctx, tenant, in.ID, api.AuthorityTold{Receipt: "dpa-1"})
	w.refused("the same receipt again", err, 409)
	in, err = w.officer.TellAuthority(ctx, tenant, in.ID, api.AuthorityTold{Receipt: "dpa-2"})
	w.must(err)
	if len(in.Authority) != 2 || in.Authority[1].Phase != 2 || in.Authority[0].Told.Affected.People != 2 {
		w.Errorf("the phases are %+v", in.Authority)
	}

	in, err = w.officer.TellPeople(ctx, tenant, in.ID, api.PeopleTold{})
	w.must(err)
	if got := w.outbox(in.ID); got["email"] != 1 || got["in-app"] != 1 || in.People.People != 1 || in.People.Reached != 0 {
		w.Errorf("told are %v, %+v: one of two is erased", got, in.People)
	}
	_ = spared
	_, err = w.officer.CloseIncident(ctx, tenant, in.ID, api.Closing{})
	w.refused("closing while people are owed a notice", err, 409, "clesaro-breach")
	w.sql(`UPDATE outbox SET state = 'sent' WHERE tenant_id = $1 AND event = $2 AND channel = 'email'`, tenant, in.ID)
	w.Clock.Move(2 * time.Minute)
	w.must(w.desk().Run(ctx, w.now()))
	in, err = w.officer.Incident(ctx, tenant, in.ID)
	w.must(err)
	if c := w.clock(in, "breach.people"); c.State != "done" || in.People.Reached != 1 {
		w.Errorf("once everybody was reached the clock is %+v, %+v", c, in.People)
	}
	in, err = w.officer.CloseIncident(ctx, tenant, in.ID, api.Closing{Lessons: []string{"task-1"}})
	w.must(err)
	if in.State != "closed" || !slices.Equal(in.Lessons, []string{"task-1"}) {
		w.Errorf("closed is %+v", in)
	}
	for listed, err := range w.officer.Incidents(ctx, tenant) {
		if w.must(err); listed.ID != in.ID {
			w.Errorf("listed is %s", listed.ID)
		}
	}
	w.refused("removing what was no drill", w.officer.RemoveDrill(ctx, tenant, in.ID), 403)
}

// desk is the server's, for what it does by itself.
func (w *world) desk() *incident.Desk {
	return &incident.Desk{Vault: w.App.Vault, Engine: w.App.Clocks, Ledger: w.App.Ledger, Policy: w.App.Policy, Rules: w.App.Plan.Incidents}
}

// Risk decides what is owed, also when it is seen otherwise later; what was missed stays late.
func TestRiskDecidesWhatIsOwed(t *testing.T) { each(t, "clesaro", riskDecides) }

func riskDecides(w *world) {
	ctx := w.Context()
	assess := func(id, risk string) api.Incident {
		w.Helper()
		in, err := w.officer.AssessBreach(ctx, tenant, id, weighed(risk))
		w.must(err)
		return in
	}
	want := func(in api.Incident, want ...string) {
		w.Helper()
		var got []string
		for _, c := range in.Clocks {
			state := c.Kind + " " + c.State
			if c.Late {
				state += " late"
			}
			got = append(got, state)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.Errorf("the clocks are %q, want %q", got, want)
		}
	}
	aware := func(at *time.Time) string {
		w.Helper()
		in := w.suspect(w.now().Add(-time.Hour), w.now())
		_, err := w.officer.BeAware(ctx, tenant, in.ID, api.Awareness{At: at})
		w.must(err)
		return in.ID
	}
	id := aware(nil)
	in := assess(id, "none")
	want(in, "breach.authority void", "breach.people void")
	if in.Clocks[0].Evidence != "risk-none" {
		w.Errorf("it is void for %q", in.Clocks[0].Evidence)
	}
	w.Clock.Move(time.Second)
	want(assess(id, "risk"), "breach.authority running", "breach.authority void", "breach.people void")
	w.Clock.Move(time.Second)
	want(assess(id, "high"), "breach.authority running", "breach.authority void", "breach.people running", "breach.people void")
	want(assess(id, "risk"), "breach.authority running", "breach.authority void", "breach.people void", "breach.people void")

	id = aware(nil)
	w.Clock.Move(80 * time.Hour)
	_, err := w.officer.TellAuthority(ctx, tenant, id, api.AuthorityTold{Receipt: "dpa-1"})
	w.refused("a late report that does not say why", err, 400)
	in, err = w.officer.TellAuthority(ctx, tenant, id, api.AuthorityTold{Receipt: "dpa-1", Delay: "facts-unclear"})
	w.must(err)
	want(in, "breach.authority done late", "breach.people running late")
	want(assess(id, "none"), "breach.authority done late", "breach.people done late")
	if _, err := w.officer.CloseIncident(ctx, tenant, id, api.Closing{}); err != nil {
		w.Error(err)
	}

	monday := w.now().Add(-100 * time.Hour)
	id = aware(&monday)
	in, err = w.officer.Incident(ctx, tenant, id)
	w.must(err)
	want(in, "breach.authority running late", "breach.people running late")
	in = w.suspect(w.now().Add(-time.Hour), w.now())
	tomorrow := w.now().Add(24 * time.Hour)
	_, err = w.officer.BeAware(ctx, tenant, in.ID, api.Awareness{At: &tomorrow})
	w.refused("awareness in the future", err, 400)
	_, err = w.officer.CloseIncident(ctx, tenant, in.ID, api.Closing{})
	w.refused("closing a suspicion as if it had been one", err, 409)
	in, err = w.officer.CloseIncident(ctx, tenant, in.ID, api.Closing{NoBreach: true})
	if err != nil || in.State != "closed" || !in.NoBreach {
		w.Errorf("an unfounded suspicion: %+v, %v", in, err)
	}
}

// A promise that names channels is kept by each of them: letters, and calls that somebody makes.
func TestEveryChannelPromised(t *testing.T) {
	w := start(t, apptest.Options{}, "clari")
	ctx := t.Context()
	id := w.person("account", "account", map[string]any{"name": "Zaynab", "email": "zaynab@example.com"})
	began := w.now()
	if _, err := w.app.Get(ctx, target(id, "account", "account")); err != nil {
		t.Fatal(err)
	}
	in := w.suspect(began, w.now().Add(time.Second))
	for _, step := range []func() (api.Incident, error){
		func() (api.Incident, error) { return w.officer.BeAware(ctx, tenant, in.ID, api.Awareness{}) },
		func() (api.Incident, error) { return w.officer.AssessBreach(ctx, tenant, in.ID, weighed("none")) },
		func() (api.Incident, error) { return w.officer.TellPeople(ctx, tenant, in.ID, api.PeopleTold{}) },
	} {
		var err error
		if in, err = step(); err != nil {
			t.Fatal(err)
		}
	}
	if c := w.clock(in, "breach.people"); c.State != "running" || c.Limit != "2 days" {
		t.Errorf("Clari tells of every breach, whatever the risk: %+v", c)
	}
	if got := w.outbox(in.ID); len(got) != 4 || got["email"] != 1 || got["phone"] != 1 || got["letter"] != 1 || got["in-app"] != 1 {
		t.Errorf("told by %v", got)
	}
	calls, err := w.officer.Calls(ctx, tenant, in.ID)
	if err != nil || !slices.Equal(calls, []string{id}) {
		t.Errorf("to be called are %v, %v", calls, err)
	}
	_, err = w.officer.TellPeople(ctx, tenant, in.ID, api.PeopleTold{Called: []string{"sub_none"}})
	w.refused("having called somebody else", err, 404)
	in, err = w.officer.TellPeople(ctx, tenant, in.ID, api.PeopleTold{Called: calls})
	w.must(err)
	if c := w.clock(in, "breach.people"); c.State != "done" || in.People.Reached != 1 {
		t.Errorf("after the call: %+v %+v", c, in.People)
	}
}

// The form is in the reader's language, and holds nothing that people entered.
func TestTheFormIsPrinted(t *testing.T) {
	w := start(t, apptest.Options{}, "clesaro")
	began := w.now()
	w.read(w.customer("zaynab@example.com"))
	in := w.suspect(began, w.now().Add(time.Second))
	_, err := w.officer.BeAware(t.Context(), tenant, in.ID, api.Awareness{})
	w.must(err)
	form, err := w.officer.Notification(t.Context(), tenant, in.ID)
	if err != nil || !slices.Equal(form.Missing, []string{"consequences", "measures", "risk", "affected"}) {
		t.Errorf("before the assessment is missing %v, %v", form.Missing, err)
	}
	_, err = w.officer.AssessBreach(t.Context(), tenant, in.ID, weighed("high"))
	w.must(err)
	for language, words := range map[string][]string{
		"en": {`dir="ltr"`, "Notification of a personal data breach", "Who you are", "First name, Email address", "Fraud", "Access was revoked", "People with an account", "72 hours"},
		"ar": {`dir="rtl"`, "إخطار بخرق بيانات شخصية", "من أنت", "الاسم الأول، البريد الإلكتروني", "احتيال", "أصحاب الحسابات"},
	} {
		page, err := w.officer.NotificationPage(t.Context(), tenant, in.ID, language)
		w.must(err)
		for _, word := range append(words, in.ID) {
			if !strings.Contains(string(page), word) {
				t.Errorf("the form in %s lacks %q", language, word)
			}
		}
		for _, secret := range []string{"zaynab", "Zaynab", "form-", "<script"} {
			if strings.Contains(string(page), secret) {
				t.Errorf("the form in %s holds %q", language, secret)
			}
		}
	}
	_, err = w.officer.NotificationPage(t.Context(), tenant, in.ID, "fr")
	w.refused("a form in French", err, 400)
}
