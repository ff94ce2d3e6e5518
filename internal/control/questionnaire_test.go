package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestQuestionnaireCheck(t *testing.T) {
	checks(t, []check{{name: "it has no parameters", control: &control.Questionnaire{}}})
}

func questionnaireSabotages() []sabotage {
	const at = "/published/questionnaire.json"
	return []sabotage{
		{name: "an answer made better", says: at + " (en) is not what the policy says", front: editing(at, "Brazil South", "Brazil Southeast")},
		{name: "no questionnaire", says: at + " is not published", front: hiding(at)},
		{name: "the answers of a laxer policy", says: at + " (en) is not what the policy says", engine: func(p *policy.Policy) { p.Models[0].Trains = true }},
	}
}
