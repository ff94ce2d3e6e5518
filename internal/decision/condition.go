package decision

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"

	"clause.dev/clause/internal/fault"
)

// costLimit bounds a site condition, in CEL's units: a comparison costs about one. maxName is the
// longest value of a variable that the bound is reckoned with.
const (
	costLimit = 1000
	maxName   = 128
)

// conditions is the language of site conditions: CEL over what a decision knows. Hours are of UTC,
// weekdays ISO 8601's: Monday is 1.
type conditions struct{ env *cel.Env }

// condition is a purpose's compiled site condition; it may be evaluated by many at once.
type condition struct{ program cel.Program }

func newConditions() (*conditions, error) {
	env, err := cel.NewEnv(
		cel.Variable("purpose", cel.StringType),
		cel.Variable("data_set", cel.StringType),
		cel.Variable("op", cel.StringType),
		cel.Variable("environment", cel.StringType),
		cel.Variable("region", cel.StringType),
		cel.Variable("recipient", cel.StringType),
		cel.Variable("hour", cel.IntType),
		cel.Variable("weekday", cel.IntType),
		cel.Variable("fields", cel.IntType),
		cel.ParserExpressionSizeLimit(4096),
	)
	if err != nil {
		return nil, fault.As("decision.newConditions", fault.Other, err)
	}
	return &conditions{env}, nil
}

func (l *conditions) compile(text string) (*condition, error) {
	const op = "decision.condition"
	ast, issues := l.env.Compile(text)
	if issues.Err() != nil {
		return nil, fault.New(op, fault.Invalid, "the condition is not valid CEL: %s", issues.Err())
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fault.New(op, fault.Invalid, "the condition yields %s, not bool", ast.OutputType())
	}
	worst, err := l.env.EstimateCost(ast, sizes{})
	if err != nil || worst.Max > costLimit {
		return nil, fault.New(op, fault.Invalid, "the condition may cost more than a decision can spend")
	}
	program, err := l.env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "the condition cannot be evaluated: %s", err)
	}
	return &condition{program}, nil
}

// sizes tells CEL's estimate how long a variable may be; the rest it knows.
type sizes struct{}

// EstimateSize bounds variables.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if len(node.Path()) != 1 {
		return nil
	}
	return &cost.SizeEstimate{Max: maxName}
}

// EstimateCallCost returns nil: the standard costs hold.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// CheckCondition returns fault.Invalid if the text is no site condition of a purpose: CEL that
// yields a bool.
func CheckCondition(text string) error {
	language, err := newConditions()
	if err != nil {
		return err
	}
	_, err = language.compile(text)
	return err
}

// holds evaluates the condition; one that fails or costs too much does not hold.
func (w *condition) holds(r *Rules, q *Request, c *cell) bool {
	out, _, err := w.program.Eval(&facts{r, q, c})
	return err == nil && out == types.True
}

// facts are the variables of a condition.
type facts struct {
	rules *Rules
	q     *Request
	cell  *cell
}

// ResolveName returns the variable of the name.
func (f *facts) ResolveName(name string) (any, bool) {
	switch name {
	case "purpose":
		return types.String(f.rules.purposes[f.q.Purpose].id), true
	case "data_set":
		return types.String(f.rules.sets[f.q.DataSet].id), true
	case "op":
		return types.String(f.q.Op.String()), true
	case "environment":
		return types.String(f.q.Environment), true
	case "region":
		return types.String(f.rules.regions[f.q.Home].id), true
	case "recipient":
		return types.String(f.rules.recipients[f.q.Recipient].id), true
	case "hour":
		return types.Int(f.q.Now.UTC().Hour()), true
	case "weekday":
		return types.Int((f.q.Now.UTC().Weekday()+6)%7 + 1), true
	case "fields":
		return types.Int(f.fields().Count()), true
	}
	return nil, false
}

func (f *facts) fields() Fields {
	if f.q.Want != 0 {
		return f.q.Want
	}
	return f.cell.sees
}

// Parent returns nil: there are no other variables.
func (f *facts) Parent() cel.Activation { return nil }
