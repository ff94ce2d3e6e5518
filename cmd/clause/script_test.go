package main

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"clause.dev/clause/internal/notify/notifytest"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"clause": main, "call": call})
}

// TestScripts runs the stories in testdata: what a person types, and what comes back.
func TestScripts(t *testing.T) {
	p := params(t)
	p.Dir = "testdata"
	testscript.Run(t, p)
}

// params are the words of the stories. $EXAMPLES is the folder of example policies.
func params(t *testing.T) testscript.Params {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	stores := buckets{t, map[string]*objectstest.Store{}}
	letters := post{t, map[string]*notifytest.Sink{}}
	return testscript.Params{
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("CLAUSE_LISTEN", "127.0.0.1:0") // scripts run side by side
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"repeat":      repeat,
			"unhex":       unhex,
			"replace":     replace,
			"status":      exitsWith,
			"await":       await,
			"within":      exitsWithin,
			"capture":     capture,
			"cut":         cut,
			"flip":        flip,
			"halve":       halve,
			"certificate": certificate,
			"mailserver":  letters.start,
			"returned":    letters.returned,
			"pathless":    pathless,
			"pdf":         isPDF,
			"bucket":      stores.start,
			"holds":       stores.holds,
		},
	}
}

// exitsWith is "status N command…": it runs the command and wants the exit status N.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	want := number(ts, args, 2)
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if (got == want) == neg {
		ts.Fatalf("exit status is %d", got)
	}
}

// repeat is "repeat N file text": it writes the text and a line end, N times.
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	n := number(ts, args, 3)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bytes.Repeat([]byte(args[2]+"\n"), n), 0o600))
}

// unhex is "unhex file digits": it writes the bytes.
func unhex(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: unhex file digits")
	}
	raw, err := hex.DecodeString(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}

// replace is "replace from to old new": it copies a file, with old, which must be there, made new.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: replace from to old new")
	}
	src, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	if !bytes.Contains(src, []byte(args[2])) {
		ts.Fatalf("%s does not hold %q", args[0], args[2])
	}
	changed := bytes.Replace(src, []byte(args[2]), []byte(args[3]), 1)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), changed, 0o600))
}

func number(ts *testscript.TestScript, args []string, least int) int {
	if len(args) < least {
		ts.Fatalf("too few arguments")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	return n
}
