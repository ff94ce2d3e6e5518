package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
)

// TestPostgresScripts runs the stories that need PostgreSQL, each with two new databases: $STORE and
// $MIGRATE are the first as the server's role and the owner's, $STORE2 and $MIGRATE2 the second;
// $SUPER is the first as a superuser.
func TestPostgresScripts(t *testing.T) {
	stories, err := filepath.Glob("testdata/postgres/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, story := range stories {
		one, two := dbtest.Postgres(t), dbtest.Postgres(t)
		p := params(t)
		p.Files = []string{story}
		setup := p.Setup
		p.Setup = func(env *testscript.Env) error {
			env.Setenv("STORE", one.URL)
			env.Setenv("MIGRATE", one.Migrate)
			env.Setenv("STORE2", two.URL)
			env.Setenv("MIGRATE2", two.Migrate)
			env.Setenv("SUPER", dbtest.As(t, one, dbtest.Superuser))
			return setup(env)
		}
		testscript.Run(t, p)
	}
}

// TestPairScripts runs the stories that need a store of two nodes: "takeover" ends the first, once the second
// has been written to for a while.
func TestPairScripts(t *testing.T) {
	pair := dbtest.NewPair(t)
	p := params(t)
	p.Dir = "testdata/pair"
	p.Cmds["takeover"] = func(*testscript.TestScript, bool, []string) {
		time.Sleep(3 * time.Second)
		pair.SwitchOver(t)
	}
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("STORE", pair.URL)
		env.Setenv("MIGRATE", pair.Migrate)
		return setup(env)
	}
	testscript.Run(t, p)
}

// call is the program "call METHOD PATH KEYFILE [FILE]": it calls the server $CLAUSE_URL for the
// purpose $PURPOSE, account if there is none, and prints the answer.
func call() {
	answer, err := answerTo(os.Args[1], os.Args[2], os.Args[3], os.Args[4:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(answer)
}

func answerTo(method, path, keyFile string, bodies []string) (string, error) {
	key, err := readSecret("a key", keyFile)
	if err != nil {
		return "", err
	}
	var body io.Reader
	for _, name := range bodies {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		body = bytes.NewReader(data)
	}
	q, err := http.NewRequest(method, os.Getenv("CLAUSE_URL")+path, body)
	if err != nil {
		return "", err
	}
	q.Header.Set("Authorization", "Bearer "+key)
	q.Header.Set("Clause-Purpose", cmp.Or(os.Getenv("PURPOSE"), "account"))
	q.Header.Set("Content-Type", "application/json")
	through, err := (&remote{CA: os.Getenv("CLAUSE_CA")}).http()
	if err != nil {
		return "", err
	}
	a, err := through.Do(q)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode >= 300 {
		err = fmt.Errorf("%d %s", a.StatusCode, text)
	}
	return string(text), err
}

// certificate is "certificate NAME FROM TO": it makes NAME.pem for localhost, good from and to that
// many days from now, and NAME.key.
func certificate(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: certificate name from to")
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().AddDate(0, 0, number(ts, args[1:], 1)), NotAfter: time.Now().AddDate(0, 0, number(ts, args[2:], 1)),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	ts.Check(err)
	key, err := x509.MarshalPKCS8PrivateKey(private)
	ts.Check(err)
	for name, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: key}} {
		ts.Check(os.WriteFile(ts.MkAbs(args[0]+name), pem.EncodeToMemory(block), 0o600))
	}
}

// await is "await FILE": it waits for the file that a server writes once it serves, and sets $URL to
// the server's address.
func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: await file")
	}
	path := ts.MkAbs(args[0])
	for range 2400 {
		if at, err := os.ReadFile(path); err == nil {
			ts.Setenv("URL", "https://"+strings.TrimSpace(string(at)))
			ts.Check(os.Remove(path))
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("nothing serves: %s", args[0])
}

// exitsWithin is "within command…": it repeats the command until it succeeds, for half a minute.
func exitsWithin(ts *testscript.TestScript, _ bool, args []string) {
	var err error
	for range 100 {
		if err = ts.Exec(args[0], args[1:]...); err == nil {
			return
		}
		time.Sleep(300 * time.Millisecond)
	}
	ts.Fatalf("still %v", err)
}

// capture is "capture NAME PATTERN": it sets $NAME to what the first group of the pattern matches in
// the last command's output.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: capture NAME pattern")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("%q does not match", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// cut is "cut from to N": it copies all but the last N bytes of a file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: cut from to bytes")
	}
	n := number(ts, args[2:], 1)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data[:len(data)-n], 0o600))
}

// flip is "flip from to N": it copies a file with one bit of its N-th last byte changed.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: flip from to byte")
	}
	n := number(ts, args[2:], 1)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	data[len(data)-n] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// halve is "halve FILE": it leaves a SQLite store as a restore does that was killed.
func halve(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: halve file")
	}
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: "sqlite:" + ts.MkAbs(args[0]), Now: time.Now})
	ts.Check(err)
	ts.Check(d.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ('restoring', $1)`, []byte{1})
		return err
	}))
	ts.Check(d.Close())
}
