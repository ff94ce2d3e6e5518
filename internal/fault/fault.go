// Package fault is the one error type of Clause: what was being done, what kind of failure it
// was, and, where a policy refused, the clause that did.
//
// A message never holds personal data or a secret: it may be logged, and is shown to callers.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind classes a failure by what the caller can do about it.
type Kind uint8

// The kinds. Other is the zero kind: a failure of ours or of the machine.
const (
	Other           Kind = iota // unexpected: a bug, or the environment
	Invalid                     // the request or file is malformed
	Unauthenticated             // no valid credential
	Refused                     // the policy refuses; Clause names why
	NotFound                    // no such thing, or not for this caller
	Conflict                    // exists already, or is being changed
	Stale                       // the version named is no longer the current one
	Erased                      // the subject or tenant was erased; its keys are gone
	TooLarge                    // over a published bound
	TooMany                     // over a rate bound
	Unavailable                 // cannot be recorded or decided now; try again
)

var kindNames = [...]string{
	"internal failure", "invalid", "not authenticated", "refused", "not found", "conflict", "stale version",
	"erased", "too large", "too many requests", "unavailable",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown kind"
}

// Error is a failure: Op is "package.function" in the domain's words, Clause the id of the clause
// that refused (for Refused), Field the input at fault (for Invalid), Hint what to do about it.
type Error struct {
	Op     string
	Kind   Kind
	Clause string
	Field  string
	Msg    string
	Hint   string
	Err    error
}

// New returns an error of a kind with a formatted message.
func New(op string, kind Kind, format string, args ...any) *Error {
	return &Error{Op: op, Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// Wrap adds an operation to err and keeps its kind, clause, field and hint. It returns nil for nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	wrapped := &Error{Op: op, Err: err}
	var inner *Error
	if errors.As(err, &inner) {
		wrapped.Kind, wrapped.Clause, wrapped.Field, wrapped.Hint = inner.Kind, inner.Clause, inner.Field, inner.Hint
	}
	return wrapped
}

// As wraps err with a kind, for errors of other packages whose meaning is known here.
func As(op string, kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// WithHint returns e with advice for the person who reads it.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithClause returns e with the clause that refused.
func (e *Error) WithClause(id string) *Error {
	e.Clause = id
	return e
}

// WithField returns e with the input at fault, as a path such as "fields.income".
func (e *Error) WithField(path string) *Error {
	e.Field = path
	return e
}

func (e *Error) Error() string {
	var parts []string
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	switch {
	case e.Msg != "":
		parts = append(parts, e.Msg)
	case e.Err == nil:
		parts = append(parts, e.Kind.String())
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost fault in err's chain, Other if there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}

// Is reports whether err is a fault of the kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// ClauseOf returns the clause that refused, or "".
func ClauseOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Clause
	}
	return ""
}

// Public returns what a caller may read: the innermost message, without operations or causes of
// other packages, which may hold paths, SQL or values.
func Public(err error) string {
	msg := ""
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		if e.Msg != "" {
			msg = e.Msg
		} else if msg == "" {
			msg = e.Kind.String()
		}
		if e.Err == nil {
			break
		}
	}
	return msg
}

// FieldOf returns the input at fault, or "".
func FieldOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// HintOf returns the advice for the person who reads it, or "".
func HintOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}
