package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// On a terminal the worst is red; elsewhere there is no colour at all.
func TestCheckInColour(t *testing.T) {
	policy := `version: "1"
organisation: {name: Acme, role: owner, contact: privacy@acme.example}
`
	for _, colour := range []bool{true, false} {
		var out, errs bytes.Buffer
		e := &env{Stdin: strings.NewReader(policy), Stdout: &out, Stderr: &errs, Now: time.Now, Context: t.Context(), Colour: colour}
		if got := run([]string{"check", "-"}, e); got != 2 || errs.Len() > 0 {
			t.Errorf("status %d, %s", got, errs.String())
		}
		if strings.Contains(out.String(), "\x1b[31merror\x1b[0m: \x1b[1mrole cannot be") != colour || strings.Contains(out.String(), "\x1b") != colour {
			t.Errorf("with colours %v: %q", colour, out.String())
		}
	}
}

// What a file says is shown, not done: it must not steer the terminal.
func TestCheckOfAHostileFile(t *testing.T) {
	for name, src := range map[string]string{
		"escape": "version: \"\x1b[2J\"\n", "key": "\x1b]0;owned\x07: 1\n", "direction": "version: \"a\u202eb\"\n", "NUL": "version: \"a\x00b\"\n",
	} {
		for _, format := range []string{"text", "json", "sarif"} {
			var out bytes.Buffer
			e := &env{Stdin: strings.NewReader(src), Stdout: &out, Stderr: &out, Now: time.Now, Context: t.Context()}
			if got := run([]string{"check", "--format", format, "-"}, e); got != 2 || strings.ContainsAny(out.String(), "\x1b\x07\x00\u202e") {
				t.Errorf("%s in %s: status %d, %q", name, format, got, out.String())
			}
		}
	}
}
