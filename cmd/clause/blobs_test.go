package main

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"clause.dev/clause/internal/vault/objects"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// buckets are the object stores of the stories.
type buckets struct {
	t     *testing.T
	named map[string]*objectstest.Store // by their URL
}

// start is "bucket NAME": it starts an object store and sets $NAME to its address.
func (b *buckets) start(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: bucket name")
	}
	store := objectstest.New(b.t)
	b.named[store.URL()] = store
	ts.Setenv(args[0], store.URL())
}

// holds is "holds N URL": it wants N objects in the store, its mark among them.
func (b *buckets) holds(ts *testscript.TestScript, neg bool, args []string) {
	n := number(ts, args, 2)
	if names := b.named[args[1]].Names(b.t); (len(names) == n) == neg {
		ts.Fatalf("the bucket holds %s", strings.Join(names, " "))
	}
}

// A key of one family of variables and a secret of another fit nothing.
func TestKeysOfVariables(t *testing.T) {
	for name, c := range map[string]struct {
		set  map[string]string
		want [3]string // none: refused
	}{
		"ours":        {map[string]string{"CLAUSE_S3_ACCESS_KEY": "a", "CLAUSE_S3_SECRET_KEY": "b", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_SESSION_TOKEN": "z"}, [3]string{"a", "b"}},
		"AWS's":       {map[string]string{"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_SESSION_TOKEN": "z"}, [3]string{"x", "y", "z"}},
		"none":        {},
		"half":        {set: map[string]string{"CLAUSE_S3_ACCESS_KEY": "a", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}},
		"half AWS's":  {set: map[string]string{"AWS_SECRET_ACCESS_KEY": "y"}},
		"a lone word": {set: map[string]string{"CLAUSE_S3_SECRET_KEY": "b"}},
	} {
		var p objects.Place
		err := keysOf(&p, func(name string) string { return c.set[name] })
		if got := [3]string{p.AccessKey, p.SecretKey, p.SessionToken}; err == nil && got != c.want || (err == nil) != (c.want != [3]string{}) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}
