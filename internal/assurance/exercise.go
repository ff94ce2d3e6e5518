package assurance

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// The states of an exercise.
const (
	held    = "held"
	allDone = "done"
)

// exercise is what is stored of an exercise beside its columns.
type exercise struct {
	row `json:"-"`

	Scenario string
	Held     time.Time
	Teams    []string
	Digest   string
	Items    []exerciseItem
}

// exerciseItem is something to be done after it.
type exerciseItem struct {
	Reference, Owner, Within string
	Done                     time.Time
	Evidence                 string
}

// itemAbout is what the clock of an item is about.
func (e *exercise) itemAbout(i int) string { return e.id + ":" + strconv.Itoa(i+1) }

// clockAbout is what the clocks of the rhythm are about: of a drill, the exercise itself.
func (e *exercise) clockAbout(tenant string) string {
	if drill(tenant) {
		return e.id
	}
	return exercises
}

// maxItems bounds what has to be done after one exercise.
const maxItems = 100

// HoldExercise enters an exercise that was held. Its minutes discharge the clock of the rhythm, and each
// thing to be done has a clock of its own.
func (d *Desk) HoldExercise(ctx context.Context, c vault.Caller, tenant string, in api.NewExercise) (out api.Exercise, err error) {
	const op = "assurance.HoldExercise"
	if err := d.admit(ctx, c, "exercise.hold", tenant); err != nil {
		return out, err
	}
	if err := checks(reference(op, "scenario", in.Scenario), reference(op, "minutes", in.Minutes), digest(op, in.Digest), d.tookPart(op, in.Teams)); err != nil {
		return out, err
	}
	if in.Held.IsZero() || len(in.Items) > maxItems {
		return out, invalid(op, "held", "an exercise has a day on which it was held, and at most %d things to be done", maxItems)
	}
	e := &exercise{row: row{kind: exerciseKind, id: newID("exe_"), state: held, reference: in.Minutes},
		Scenario: in.Scenario, Held: instant(in.Held), Teams: in.Teams, Digest: in.Digest, Items: []exerciseItem{}}
	owed, err := d.items(op, e, in.Items)
	if err != nil {
		return out, err
	}
	return d.tabletops().step(ctx, tenant, e.id, func(tx *db.Tx) error {
		if e.Held.After(tx.Now()) {
			return invalid(op, "held", "an exercise is entered once it was held")
		}
		e.opened = db.Micros(tx.Now())
		if len(e.Items) == 0 {
			e.state = allDone
		}
		if err := insert(tx, e); err != nil {
			return err
		}
		err := told(tx, "exercise.held", c.Credential.ID, e.id, "", d.exerciseClauses(), "scenario", e.Scenario, "minutes", e.reference, "digest", e.Digest, "items", strconv.Itoa(len(e.Items)))
		if err != nil {
			return err
		}
		for _, p := range d.Rules.Exercises {
			if err := d.done(tx, e.clockAbout(tenant), p.Duty, e.reference); err != nil {
				return err
			}
		}
		for i, duty := range owed {
			if _, err := d.Engine.Open(tx, duty, e.itemAbout(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// items reads what has to be done, and what of it is owed: by the first clause that promises exercises, for
// a clock belongs to one.
func (d *Desk) items(op string, e *exercise, in []api.NewExerciseItem) (owed []obligation.Duty, err error) {
	for i, item := range in {
		field := fmt.Sprintf("items[%d]", i)
		within, err := span(op, field+".within", item.Within)
		if err != nil {
			return nil, err
		}
		if err := checks(reference(op, field+".reference", item.Reference), reference(op, field+".owner", item.Owner)); err != nil {
			return nil, err
		}
		e.Items = append(e.Items, exerciseItem{Reference: item.Reference, Owner: item.Owner, Within: within.String()})
		if len(d.Rules.Exercises) == 0 {
			continue
		}
		owed = append(owed, obligation.Duty{
			Kind: ItemDuty, Clause: d.Rules.Exercises[0].Duty.Clause, Limit: within, Again: policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day},
			Owners: []string{item.Owner}, Evidence: ItemDone,
		})
	}
	return owed, nil
}

// tookPart finds teams that were promised to take part and did not, or that no clause names.
func (d *Desk) tookPart(op string, teams []string) error {
	var promised []string
	for _, p := range d.Rules.Exercises {
		for _, team := range p.Teams {
			if !slices.Contains(teams, team) {
				return fault.New(op, fault.Refused, "%s did not take part", team).WithField("teams").WithClause(p.Duty.Clause)
			}
		}
		promised = append(promised, p.Teams...)
	}
	for _, team := range teams {
		if !slices.Contains(promised, team) {
			return invalid(op, "teams", "it names a team that no clause of the policy does")
		}
	}
	return nil
}

func (d *Desk) exerciseClauses() (clauses []string) {
	for _, p := range d.Rules.Exercises {
		clauses = append(clauses, p.Duty.Clause)
	}
	return clauses
}

// FinishItem notes that something was done.
func (d *Desk) FinishItem(ctx context.Context, c vault.Caller, tenant, id string, number int, in api.ExerciseItemDone) (out api.Exercise, err error) {
	const op = "assurance.FinishItem"
	if err := d.admit(ctx, c, "exercise.item-done", tenant); err != nil {
		return out, err
	}
	if err := reference(op, "evidence", in.Evidence); err != nil {
		return out, err
	}
	return d.tabletops().step(ctx, tenant, id, func(tx *db.Tx) error {
		e := &exercise{}
		if err := load(tx, exerciseKind, id, e); err != nil {
			return err
		}
		if number < 1 || number > len(e.Items) {
			return fault.New(op, fault.NotFound, "the exercise has no such item")
		}
		item := &e.Items[number-1]
		if !item.Done.IsZero() {
			return wrong(op, allDone, "it was done already")
		}
		item.Done, item.Evidence = tx.Now(), in.Evidence
		if !slices.ContainsFunc(e.Items, func(i exerciseItem) bool { return i.Done.IsZero() }) {
			e.state = allDone
		}
		if err := told(tx, "exercise.item-done", c.Credential.ID, e.id, "", d.exerciseClauses(), "number", strconv.Itoa(number), "evidence", in.Evidence); err != nil {
			return err
		}
		if err := d.Engine.DischargeOf(tx, e.itemAbout(number-1), ItemDone, in.Evidence); err != nil {
			return err
		}
		return save(tx, e)
	})
}

// tabletops are the exercises of a tenant.
func (d *Desk) tabletops() sort[*exercise, api.Exercise] {
	return sort[*exercise, api.Exercise]{d, exerciseKind, func() *exercise { return &exercise{} }, d.showExercise}
}

// Exercise returns an exercise.
func (d *Desk) Exercise(ctx context.Context, c vault.Caller, tenant, id string) (api.Exercise, error) {
	return d.tabletops().one(ctx, c, tenant, id)
}

// Exercises returns a page of the exercises, the newest first, and the cursor of the next, "" on the last.
func (d *Desk) Exercises(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Exercise, string, error) {
	return d.tabletops().page(ctx, c, tenant, cursor, limit)
}

// RemoveExercise deletes a drill with its clocks.
func (d *Desk) RemoveExercise(ctx context.Context, c vault.Caller, tenant, id string) error {
	return d.remove(ctx, c, tenant, id, &exercise{}, exerciseKind)
}

func (d *Desk) showExercise(tx *db.Tx, e *exercise) (api.Exercise, error) {
	out := api.Exercise{
		ID: e.id, State: e.state, Drill: drill(tx.Tenant()), Scenario: e.Scenario, Held: e.Held, Entered: e.openedAt(), Teams: e.Teams,
		Minutes: e.reference, Digest: e.Digest, Items: []api.ExerciseItem{},
	}
	abouts := []string{e.clockAbout(tx.Tenant())}
	for i, item := range e.Items {
		out.Items = append(out.Items, api.ExerciseItem{Number: i + 1, Reference: item.Reference, Owner: item.Owner, Within: item.Within, Done: api.Moment(item.Done), Evidence: item.Evidence})
		abouts = append(abouts, e.itemAbout(i))
	}
	var err error
	out.Clocks, err = d.Engine.WireOf(tx, abouts...)
	return out, err
}
