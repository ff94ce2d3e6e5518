package control_test

import (
	"bytes"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestExerciseCheck(t *testing.T) {
	checks(t, []check{
		{name: "yearly", control: &control.Exercise{Every: yearly, Teams: []string{"IT"}}},
		{name: "once", control: &control.Exercise{Every: policy.Term{Form: policy.Prompt}}, param: "every", finds: []string{"how often"}},
	})
}

func TestExercisePlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("exercise", policy.Params{"every": yearly, "teams": []string{"IT"}})))
	if err != nil || len(plan.Assurance.Exercises) != 1 || plan.Assurance.Exercises[0].Duty.Clause != "promise" || plan.Assurance.Exercises[0].Duty.Limit != yearly || plan.Assurance.Exercises[0].Teams[0] != "IT" {
		t.Errorf("planned as %+v, %v", plan.Assurance.Exercises, err)
	}
}

func exerciseSabotages() []sabotage {
	return []sabotage{
		unowed("exercise", "No clock of exercises"),
		{name: "exercises are owed less often", says: "which is not what the clause says", engine: changing("exercise", func(p policy.Params) {
			p["every"] = policy.Term{Form: policy.Every, Count: 5, Unit: policy.Year}
		})},
		{name: "a team may stay away", says: "An exercise without IT was allowed", front: pleasing(ending("/exercises"))},
		{name: "what has to be done is owed by no time", says: "has no clock", front: altering("/exercises", func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"exercise.item"`), []byte(`"no-item"`))
		})},
		{name: "what has to be done is voided", says: "by hand was allowed", front: pleasing(ending("/void"))},
		{name: "the minutes discharge nothing", says: "The minutes have discharged no clock", front: altering("/exercises", func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"state":"done"`), []byte(`"state":"void"`))
		})},
	}
}
