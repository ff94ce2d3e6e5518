package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// report tells of a command's error, if there is one, and returns the exit status.
func report(e *env, err error) int {
	if err == nil {
		return 0
	}
	if s, ok := statusOf(err); ok {
		return int(s)
	}
	var problems policy.Problems
	if errors.As(err, &problems) {
		fmt.Fprintf(e.Stderr, "%s\n%s\n", problems.Error(), summary(problems))
		return 2
	}
	msg, hint := message(err)
	fmt.Fprintf(e.Stderr, "clause: %s\n", msg)
	if hint != "" {
		fmt.Fprintf(e.Stderr, "  → %s\n", hint)
	}
	return exitStatus(fault.KindOf(err))
}

func summary(problems policy.Problems) string {
	switch last := problems[len(problems)-1]; {
	case len(problems) == 1:
		return "1 problem."
	case last.Pos.Line == 0 && last.Code == policy.OverBound:
		return fmt.Sprintf("More than %d problems.", len(problems)-1)
	}
	return fmt.Sprintf("%d problems.", len(problems))
}

// message is what a person reads of an error, and what to do about it. What has no kind is
// unexpected, and told in full.
func message(err error) (msg, hint string) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error(), ""
	}
	if f.Kind == fault.Other {
		return err.Error(), f.Hint
	}
	return said(err), f.Hint
}

// said is what the faults of a chain say, the outermost first: where, then what.
func said(err error) string {
	var all []string
	rest := err
	for f := (*fault.Error)(nil); errors.As(rest, &f); rest = f.Err {
		if f.Msg != "" && !slices.Contains(all, f.Msg) {
			all = append(all, f.Msg)
		}
	}
	if len(all) > 0 {
		return strings.Join(all, ": ")
	}
	// What the machine refused is told to whoever sits at it, with the path.
	var path *fs.PathError
	var number syscall.Errno
	switch {
	case errors.As(err, &path):
		return path.Error()
	case errors.As(err, &number):
		return number.Error()
	}
	return fault.Public(err)
}

func exitStatus(kind fault.Kind) int {
	switch kind {
	case fault.Invalid, fault.TooLarge, fault.NotFound:
		return 2
	case fault.Unavailable, fault.TooMany, fault.Conflict:
		return 3
	default:
		return int(notKept)
	}
}

// usage makes a fault of a command line that kong did not understand.
func usage(err error) error {
	hint := "clause --help"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if command := strings.Fields(parse.Context.Command()); len(command) > 0 {
			hint = "clause " + command[0] + " --help"
		}
	}
	return fault.New("clause.usage", fault.Invalid, "%s", err.Error()).WithHint("%s tells how it is used", hint)
}

// colours reports whether the file is a terminal that is to show colours: https://no-color.org.
func colours(f *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// The colours of a terminal, by what they mean.
const (
	good   = "32"
	bad    = "31"
	warn   = "33"
	faint  = "2"
	strong = "1"
)

// paint gives text a colour where colours are shown.
func (e *env) paint(colour, text string) string {
	if !e.Colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// printf writes to the standard output. That nobody reads it is no failure of the command.
func (e *env) printf(format string, args ...any) { write(e.Stdout, format, args...) }

func write(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
