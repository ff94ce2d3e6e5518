package identity

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestKeysAreRandom(t *testing.T) {
	seen := map[string]bool{}
	var letters [256]int
	const n = 2000
	for range n {
		id, key := newKey()
		got, ok := parseKey(key)
		if !ok || got != id || len(key) != keyLen || seen[id] || seen[key[keyLen-secretLen:]] {
			t.Fatalf("id %q, parsed %q (%v)", id, got, ok)
		}
		seen[id], seen[key[keyLen-secretLen:]] = true, true
		for _, c := range []byte(key[keyLen-secretLen:]) {
			letters[c]++
		}
	}
	// 86,000 letters, 1,387 each, deviation 37: seven deviations happen once in 10^10 runs. Taking
	// bytes modulo 62 would give the first eight letters 25% more.
	for _, c := range []byte(base62) {
		if got := letters[c]; got < 1387-260 || got > 1387+260 {
			t.Errorf("%c occurs %d times of %d", c, got, n*secretLen)
		}
	}
}

// bent is the key with another last letter: well formed, and wrong.
func bent(key string) string {
	last := "a"
	if strings.HasSuffix(key, last) {
		last = "b"
	}
	return key[:len(key)-1] + last
}

func FuzzParseKey(f *testing.F) {
	_, key := newKey()
	for _, s := range []string{key, key[:60] + "\x00" + key[61:], key[:60] + "_" + key[61:], "", "clause_", key[:40], key + "x", strings.Repeat("a", keyLen), "clause_\x00" + key[8:], "clause_é" + key[9:], prefix + strings.Repeat("_", keyLen-len(prefix))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := parseKey(s)
		if !ok {
			return
		}
		if len(s) != keyLen || len(id) != idLen || s[:len(prefix)+idLen+1] != prefix+id+"_" || strings.Count(s, "_") != 2 || !name(id) {
			t.Fatalf("%q is taken for a key of %q", s, id)
		}
	})
}

func TestCredential(t *testing.T) {
	rules, err := decision.Compile(&policy.Policy{Purposes: []policy.Purpose{{ID: "service", Basis: policy.Contract}, {ID: "tips", Basis: policy.Consent}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	app := Application{ID: "id", Tenants: []string{"acme"}, Purposes: []string{"dropped", "tips"}, Environment: "production", Expires: now}
	c := app.Credential(rules)
	if c.ID != "id" || len(c.Tenants) != 1 || c.Environment != "production" || !c.Expires.Equal(now) || c.Revoked {
		t.Errorf("got %+v", c)
	}
	if c.Purposes != (decision.Set{}.With(rules.Purpose("tips"))) {
		t.Errorf("holds %v", c.Purposes)
	}
	app.Revoked = now
	if !app.Credential(rules).Revoked {
		t.Error("revoked, yet not")
	}
}
