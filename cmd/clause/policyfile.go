package main

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// vocabulary is the catalogue of controls with the language of conditions.
type vocabulary struct{ policy.Vocabulary }

// Condition checks a purpose's condition.
func (vocabulary) Condition(text string) error { return decision.CheckCondition(text) }

// readPolicy reads and checks the policy file at path, "-" for the standard input. Its error is
// policy.Problems where the file is wrong.
func readPolicy(e *env, path string) (*policy.Policy, error) {
	p, problems, err := inspectPolicy(e, path)
	switch {
	case err != nil:
		return nil, err
	case len(problems) > 0:
		return nil, problems
	}
	return p, nil
}

// inspectPolicy is readPolicy for who wants to look further at a policy that cannot run: it comes back
// beside its problems, unless it cannot be read at all.
func inspectPolicy(e *env, path string) (*policy.Policy, policy.Problems, error) {
	name, from := path, e.Stdin
	if path == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, cannotRead(path, err)
		}
		defer f.Close()
		from = f
	}
	// One byte more than allowed tells the parser that there is more, and no more is read.
	src, err := io.ReadAll(io.LimitReader(from, policy.MaxBytes+1))
	if err != nil {
		return nil, nil, cannotRead(path, err)
	}
	p, problems := policy.Inspect(name, src, vocabulary{control.Catalogue()})
	if len(problems) > 0 {
		return p, problems, nil
	}
	problems, err = contradictions(p)
	return p, problems, err
}

// contradictions finds what only all clauses together show, such as two that leave no region.
func contradictions(p *policy.Policy) (policy.Problems, error) {
	plan, err := control.PlanOf(p)
	if err != nil {
		return nil, fault.Wrap("clause.contradictions", err)
	}
	if _, err := decision.Compile(p, plan.Grounds); err != nil {
		return policy.Problems{{File: p.File, Code: policy.Contradiction, Msg: fault.Public(err),
			Hint: "the clauses, each sound alone, cannot all be kept: change one of them"}}, nil
	}
	return nil, nil
}

func cannotRead(path string, err error) error {
	const op = "clause.readPolicy"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(op, fault.Invalid, "there is no file %q", path).
			WithHint("name a policy file, for example examples/clesaro/policy.yaml")
	case errors.Is(err, fs.ErrPermission):
		return fault.New(op, fault.Invalid, "the file %q may not be read", path).WithHint("look at its permissions")
	}
	return fault.New(op, fault.Invalid, "%q cannot be read: %v", path, rootCause(err)).WithHint("is it a file?")
}

// rootCause is the error without the operation and path that the os package adds.
func rootCause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
