package console

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/fault"
)

func checks(v *visit) *assurance.Desk { return v.door.Desks.Work.Assurance }

// tests are security tests of applications.
func tests() *matter {
	return &matter{
		Name: "tests", Columns: []string{"test", "application", "state", "begins", "findings"},
		list: listing(func(v *visit, cursor string) ([]api.SecurityTest, string, error) {
			return checks(v).Tests(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, t *api.SecurityTest) row {
			return row{ID: t.ID, Cells: []cell{id(t.ID), {Text: t.Application}, v.state(t.State), when(t.Begins), number(t.Findings.Open)}}
		}),
		show: func(v *visit, one string) (thing, error) {
			t, err := checks(v).Test(v.context(), v.who.Caller, v.tenant, one)
			return v.test(&t), err
		},
		acts: []act{
			opening(func(v *visit, in api.NewSecurityTest) (api.SecurityTest, error) {
				return checks(v).PlanTest(v.context(), v.who.Caller, v.tenant, in)
			}, func(t api.SecurityTest) string { return t.ID }).choosing(promised),
			stepping("report", func(v *visit, one string, in api.SecurityTestReport) (api.SecurityTest, error) {
				return checks(v).ReportTest(v.context(), v.who.Caller, v.tenant, one, in)
			}).choosing(promised),
		},
	}
}

// promised are the words of the policy that the forms of tests, findings and exercises take.
func promised(v *visit) map[string][]string {
	rules := &checks(v).Rules
	all := map[string][]string{}
	add := func(field string, words ...string) {
		for _, w := range words {
			if w != "" && !slices.Contains(all[field], w) {
				all[field] = append(all[field], w)
			}
		}
	}
	for _, r := range rules.Tests {
		add("application", r.Applications...)
		add("qualification", r.By)
	}
	for _, s := range rules.Scopes {
		add("areas", s.Areas...)
	}
	for _, e := range rules.Exercises {
		add("teams", e.Teams...)
	}
	return all
}

func (v *visit) test(t *api.SecurityTest) thing {
	out := thing{
		ID: t.ID, State: v.word(t.State), Tone: toneOf(t.State), Clocks: t.Clocks,
		Facts: facts(
			of("application", cell{Text: t.Application}), of("tester", id(t.Tester)), of("qualification", cell{Text: t.Qualification}), of("begins", when(t.Begins)),
			of("report", id(t.Reference)), of("digest", id(t.Digest)), of("areas", cell{Text: v.list(t.Areas)}),
			of("open", number(t.Findings.Open)), of("closed", number(t.Findings.Closed)), of("dismissed", number(t.Findings.Dismissed)),
		),
		Moments: v.moments(moment{At: t.Planned, Label: "planned"}, moment{At: t.Begins, Label: "begins", Ahead: t.Begins.After(v.door.Now())}, moment{At: value(t.Reported), Label: "reported", Tone: "kept"}),
	}
	if t.State == "planned" {
		out.Acts = []string{"report"}
	}
	return out
}

// findings are weaknesses of applications, from when they are found until they were tested again.
func findings() *matter {
	return &matter{
		Name: "findings", Columns: []string{"finding", "application", "severity", "state", "found", "due"},
		list: listing(func(v *visit, cursor string) ([]api.Weakness, string, error) {
			return checks(v).Findings(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, f *api.Weakness) row {
			return row{ID: f.ID, Cells: []cell{id(f.ID), {Text: f.Application}, v.grade(f.Severity), v.state(f.State), when(f.Found), maybe(nearest(f.Clocks))}}
		}),
		show: func(v *visit, one string) (thing, error) {
			f, err := checks(v).Finding(v.context(), v.who.Caller, v.tenant, one)
			return v.finding(&f), err
		},
		acts: []act{
			opening(func(v *visit, in api.NewWeakness) (api.Weakness, error) {
				return checks(v).OpenFinding(v.context(), v.who.Caller, v.tenant, in)
			}, func(f api.Weakness) string { return f.ID }).choosing(promised),
			stepping("fix", func(v *visit, one string, in api.WeaknessFix) (api.Weakness, error) {
				return checks(v).FixFinding(v.context(), v.who.Caller, v.tenant, one, in)
			}),
			stepping("retest", func(v *visit, one string, in api.Retest) (api.Weakness, error) {
				return checks(v).RetestFinding(v.context(), v.who.Caller, v.tenant, one, in)
			}),
			stepping("dismiss", func(v *visit, one string, in api.WeaknessDismissal) (api.Weakness, error) {
				return checks(v).DismissFinding(v.context(), v.who.Caller, v.tenant, one, in)
			}).grave(),
		},
	}
}

func (v *visit) finding(f *api.Weakness) thing {
	t := thing{
		ID: f.ID, State: v.word(f.State), Tone: toneOf(f.State), Clocks: f.Clocks,
		Facts: facts(
			of("application", cell{Text: f.Application}), of("severity", v.grade(f.Severity)), of("reference", id(f.Reference)), of("source", id(f.Source)), of("finder", id(f.Finder)),
			of("change", id(f.Change)), of("retest", id(f.Retest)), of("failed", number(f.Failed)), of("reason", v.words(f.Reason)),
		),
		Moments: v.moments(moment{At: f.Found, Label: "found"}, moment{At: value(f.Fixed), Label: "fixed"}, moment{At: value(f.Retested), Label: "retested"}),
	}
	switch f.State {
	case "open":
		t.Acts = []string{"fix", "dismiss"}
	case "fixed":
		t.Acts = []string{"retest"}
	}
	return t
}

// exercises are of emergencies, and what followed from them.
func exercises() *matter {
	return &matter{
		Name: "exercises", Columns: []string{"exercise", "scenario", "state", "held", "todo"},
		list: listing(func(v *visit, cursor string) ([]api.Exercise, string, error) {
			return checks(v).Exercises(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, e *api.Exercise) row {
			return row{ID: e.ID, Cells: []cell{id(e.ID), id(e.Scenario), v.state(e.State), when(e.Held), number(len(undone(e)))}}
		}),
		show: func(v *visit, one string) (thing, error) {
			e, err := checks(v).Exercise(v.context(), v.who.Caller, v.tenant, one)
			return v.exercise(&e), err
		},
		acts: []act{
			opening(func(v *visit, in newExercise) (api.Exercise, error) {
				items, err := todo(in.Items)
				if err != nil {
					return api.Exercise{}, err
				}
				return checks(v).HoldExercise(v.context(), v.who.Caller, v.tenant, api.NewExercise{
					Scenario: in.Scenario, Held: in.Held, Teams: in.Teams, Minutes: in.Minutes, Digest: in.Digest, Items: items})
			}, func(e api.Exercise) string { return e.ID }).choosing(promised),
			{Name: "finish", in: reflect.TypeFor[itemDone](), do: finishItem},
		},
	}
}

// newExercise is an exercise as a form sends it: what has to be done is a line each.
type newExercise struct {
	Scenario string    `json:"scenario" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Held     time.Time `json:"held"`
	Teams    []string  `json:"teams"`
	Minutes  string    `json:"minutes" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Digest   string    `json:"digest" pattern:"^[0-9a-f]{64}$"`
	Items    []string  `json:"items"`
}

// todo reads what has to be done: ops-12,it,30-days.
func todo(lines []string) ([]api.NewExerciseItem, error) {
	items := []api.NewExerciseItem{}
	for _, line := range lines {
		parts := strings.Split(line, ",")
		if len(parts) != 3 {
			return nil, fault.New("console.todo", fault.Invalid, "each line is an id, a role and a time").WithField("items").WithHint("ops-12,it,30-days")
		}
		items = append(items, api.NewExerciseItem{Reference: parts[0], Owner: parts[1], Within: strings.ReplaceAll(parts[2], "-", " ")})
	}
	return items, nil
}

// itemDone is that something was done.
type itemDone struct {
	Number   string `json:"number" pattern:"^[0-9]{1,3}$"`
	Evidence string `json:"evidence" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
}

func finishItem(v *visit, one string, inputs []input) (string, bool, error) {
	in, err := filled[itemDone](inputs)
	if err != nil {
		return "", false, err
	}
	n, err := strconv.Atoi(in.Number)
	if err == nil {
		_, err = checks(v).FinishItem(v.context(), v.who.Caller, v.tenant, one, n, api.ExerciseItemDone{Evidence: in.Evidence})
	}
	return one, false, err
}

func undone(e *api.Exercise) (left []api.ExerciseItem) {
	for _, item := range e.Items {
		if item.Done == nil {
			left = append(left, item)
		}
	}
	return left
}

func (v *visit) exercise(e *api.Exercise) thing {
	t := thing{
		ID: e.ID, State: v.word(e.State), Tone: toneOf(e.State), Clocks: e.Clocks,
		Facts:   facts(of("scenario", id(e.Scenario)), of("teams", cell{Text: v.list(e.Teams)}), of("minutes", id(e.Minutes)), of("digest", id(e.Digest))),
		Moments: v.moments(moment{At: e.Held, Label: "held", Tone: "kept"}, moment{At: e.Entered, Label: "entered"}),
	}
	for _, item := range e.Items {
		cells := []cell{number(item.Number), id(item.Reference), id(item.Owner), id(item.Within)}
		if item.Done != nil {
			cells = append(cells, v.state("done"), id(item.Evidence))
		}
		t.Facts = append(t.Facts, of("item", cells...))
	}
	if len(undone(e)) > 0 {
		t.Acts = []string{"finish"}
	}
	return t
}
