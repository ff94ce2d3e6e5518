package incident_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
)

// A server that is cut short while it tells people goes on where it stood: everybody is told, and once.
func TestTellingIsCutShort(t *testing.T) {
	w := start(t, apptest.Options{}, "clesaro")
	ctx, began := t.Context(), w.now()
	const people = 1100 // three pages
	for i := range people {
		w.read(w.customer(fmt.Sprintf("p%d@example.com", i)))
	}
	in := w.suspect(began, w.now().Add(time.Second))
	_, err := w.officer.BeAware(ctx, tenant, in.ID, api.Awareness{})
	w.must(err)
	in, err = w.officer.AssessBreach(ctx, tenant, in.ID, weighed("high"))
	w.must(err)
	if in.Affected.People != people || in.Affected.Records != people {
		t.Fatalf("affected is %+v", in.Affected)
	}
	w.sql(`CREATE TRIGGER stop BEFORE INSERT ON outbox WHEN (SELECT COUNT(*) FROM outbox) > 1500 BEGIN SELECT RAISE(ABORT, 'cut short'); END`)
	if _, err = w.officer.TellPeople(ctx, tenant, in.ID, api.PeopleTold{}); err == nil {
		t.Fatal("nothing was cut short")
	}
	if got := w.outbox(in.ID); got["email"] == 0 || got["email"] == people {
		t.Fatalf("told are %v", got)
	}
	_, err = w.officer.CloseIncident(ctx, tenant, in.ID, api.Closing{})
	w.refused("closing while people are being told", err, 409)
	w.Clock.Move(10 * time.Minute)
	w.must0(w.desk().Run(ctx, w.now()) != nil, "a server that cannot write says nothing of it")
	w.sql(`DROP TRIGGER stop`)
	for range 2 {
		w.must(w.desk().Run(ctx, w.now()))
	}
	if got := w.outbox(in.ID); got["email"] != people || got["in-app"] != people {
		t.Errorf("told are %v", got)
	}
	in, err = w.officer.Incident(ctx, tenant, in.ID)
	if err != nil || in.People.At == nil || in.People.People != people {
		t.Errorf("%+v, %v", in.People, err)
	}
}

func (w *world) must0(ok bool, what string) {
	w.Helper()
	if !ok {
		w.Error(what)
	}
}

// A drill finds and tells its own people alone, makes no clause late, and leaves nothing when it is removed.
func TestADrillTouchesNobodyReal(t *testing.T) { each(t, "clesaro", aDrill) }

func aDrill(w *world) {
	ctx, began := w.Context(), w.now()
	made, real := w.customer("made@example.com"), w.customer("real@example.com")
	w.read(made)
	w.read(real)
	in, err := w.officer.SuspectBreach(ctx, tenant, api.Suspicion{
		Nature: []string{"confidentiality"}, Cause: "unknown", Exposure: api.Exposure{From: began, To: w.now().Add(time.Second)}, Drill: []string{made},
	})
	w.must(err)
	earlier := w.now().Add(-100 * time.Hour)
	_, err = w.officer.BeAware(ctx, tenant, in.ID, api.Awareness{At: &earlier})
	w.refused("a drill that was known of long ago", err, 400)
	for _, step := range []string{"aware", "high", "people"} {
		in, err = w.step(in.ID, step, 0)
		w.must(err)
	}
	if in.Affected.People != 1 || in.People.People != 1 || !in.Drill {
		w.Errorf("a drill found %+v and told %+v", in.Affected, in.People)
	}
	w.must(w.officer.RemoveDrill(ctx, tenant, in.ID))
	for _, table := range []string{"incidents", "incident_people", "outbox", "clocks"} {
		var n int
		w.must(w.App.DB.Get(ctx, tenant, `SELECT COUNT(*) FROM `+table+` WHERE tenant_id = $1`, []any{tenant}, &n))
		w.must0(n == 0, fmt.Sprintf("a removed drill left %d rows in %s", n, table))
	}
	var due int
	w.must(w.App.DB.Get(ctx, "", `SELECT COUNT(*) FROM wakes WHERE name = $1`, []any{"incidents/" + tenant}, &due))
	w.must0(due == 0, "a removed drill has left something to do")
	_, err = w.officer.Incident(ctx, tenant, in.ID)
	w.refused("a removed drill", err, 404)
}

// What a person is named in goes with the person.
func TestNobodyErasedIsNamed(t *testing.T) {
	w := start(t, apptest.Options{}, "clarus")
	one := w.trader("zaynab@example.com")
	m := w.demand(one, w.trader("noor@example.com"))
	w.must(w.app.EraseSubject(t.Context(), tenant, one))
	w.must(w.System().Store.Settle(t.Context()))
	found := 0
	w.must(w.System().Store.Rows(t.Context(), tenant, func(table string, columns map[string][]byte) error {
		for column, value := range columns {
			if strings.Contains(string(value), one) && !strings.HasPrefix(table, "sweeps") {
				t.Errorf("%s.%s names somebody erased", table, column)
			}
		}
		if table == "incident_people" {
			found++
		}
		return nil
	}))
	if found != 1 {
		t.Errorf("%d people are named, want 1, of %s", found, m.ID)
	}
}

// Every word that an application may send is one that the forms can say, in both languages.
func TestEveryWordIsSaid(t *testing.T) {
	w := start(t, apptest.Options{}, "clesaro")
	var words []string
	for _, of := range []any{api.Suspicion{}, api.Assessment{}, api.AuthorityTold{}} {
		typ := reflect.TypeOf(of)
		for i := range typ.NumField() {
			if enum := typ.Field(i).Tag.Get("enum"); enum != "" {
				words = append(words, strings.Split(enum, ",")...)
			}
		}
	}
	if len(words) < 50 {
		t.Fatalf("only %d words", len(words))
	}
	for _, word := range words {
		for _, language := range []string{"en", "ar"} {
			if said := w.desk().Say(word, language); said == word || said == "" {
				t.Errorf("%q cannot be said in %s", word, language)
			}
		}
	}
}

// What is stored of an incident and a demand names nobody but by ids.
func TestNothingPersonalIsStored(t *testing.T) {
	w := start(t, apptest.Options{}, "clarus")
	w.demand(w.trader("zaynab@example.com"))
	w.must(w.App.DB.Read(t.Context(), tenant, func(tx *db.Tx) error {
		return tx.Each(`SELECT details FROM incidents WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
			var details string
			err := scan(&details)
			if strings.Contains(details, "sub_") || strings.Contains(details, "zaynab") {
				t.Errorf("stored is %s", details)
			}
			return err
		})
	}))
}
