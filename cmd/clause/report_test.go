package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

func testEnv() (e *env, out, errs *bytes.Buffer) {
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	return &env{Stdin: strings.NewReader(""), Stdout: out, Stderr: errs, Context: context.Background(),
		Now: func() time.Time { return time.Unix(0, 0).UTC() }}, out, errs
}

func TestReport(t *testing.T) {
	for name, f := range map[string]struct {
		err  error
		want int
		text string
	}{
		"nothing":      {nil, 0, ""},
		"told already": {notKept, 1, ""},
		"invalid":      {fault.New("x.Y", fault.Invalid, "no such day").WithHint("name another"), 2, "clause: no such day\n  → name another\n"},
		"inner":        {fault.Wrap("a.B", fault.New("x.Y", fault.Refused, "not for you")), 1, "clause: not for you\n"},
		"unavailable":  {fault.New("x.Y", fault.Unavailable, "the disk is full"), 3, "clause: the disk is full\n"},
		"locked":       {fault.New("x.Y", fault.Conflict, "another server has it"), 3, "clause: another server has it\n"},
		"unexpected":   {fault.As("x.Y", fault.Other, errors.New("short write")), 1, "clause: x.Y: short write\n"},
		"foreign":      {errors.New("boom"), 1, "clause: boom\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e, out, errs := testEnv()
			if got := report(e, f.err); got != f.want || errs.String() != f.text || out.Len() > 0 {
				t.Errorf("status %d and %q, want %d and %q", got, errs, f.want, f.text)
			}
		})
	}
}

func TestColours(t *testing.T) {
	const file = "../../examples/clesaro/policy.yaml"
	for _, colour := range []bool{false, true} {
		e, out, errs := testEnv()
		e.Colour = colour
		if got := run([]string{"check", file}, e); got != 0 {
			t.Fatalf("status %d: %s", got, errs)
		}
		if strings.Contains(out.String(), "\x1b[") != colour {
			t.Errorf("colours %v: %q", colour, out)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if colours(w) {
		t.Error("colours on a pipe")
	}
}
