package attack_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// words are wrong passwords with the right one among them, late.
func words(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for i := range 120 {
		if i == 100 {
			fmt.Fprintln(&b, secret)
		}
		fmt.Fprintf(&b, "a password that is wrong %d\n", i)
	}
	return file(t, b.String())
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// found reports whether hydra found a password: it says the host, the name and the password, each on a line of its own.
func found(said string) bool {
	return strings.Contains(said, "login: ") && strings.Contains(said, "password: ")
}

func hydra(t *testing.T, at, path string, names, passwords []string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	args := append(append([]string{"-t", "8", "-f", "-I", "-w", "5", "-s", u.Port()}, names...), passwords...)
	return tool(t, "hydra", append(args, u.Hostname(), "https-post-form", path+":login=^USER^&password=^PASS^:S=been signed in since")...)
}

// TestHydra: a password that is tried at once is found; one of a hundred is not, nor is one that fits one of a
// hundred people.
func TestHydra(t *testing.T) {
	t.Parallel()
	list := words(t)
	if said := hydra(t, weak(t), "/sign-in", []string{"-l", ana}, []string{"-P", list}); !found(said) {
		t.Fatalf("hydra does not find the password of what is weak:\n%s", said)
	}
	s := open(t, stage{friendly: true})
	s.join(ana)
	const path = "/account/en/sign-in"
	if said := hydra(t, s.at, path, []string{"-l", ana}, []string{"-p", secret}); !found(said) {
		t.Fatalf("hydra does not get in with the password:\n%s", said)
	}
	if said := hydra(t, s.at, path, []string{"-l", ana}, []string{"-P", list}); found(said) {
		t.Errorf("hydra guessed a password:\n%s", said)
	}
	var names strings.Builder
	for i := range 120 {
		if i == 100 {
			fmt.Fprintln(&names, ana)
		}
		fmt.Fprintf(&names, "somebody%d@example.ae\n", i)
	}
	if said := hydra(t, s.at, path, []string{"-L", file(t, names.String())}, []string{"-p", secret}); found(said) {
		t.Errorf("hydra found whose password it is:\n%s", said)
	}
	if s.seen[http.StatusTooManyRequests] < 60 {
		t.Errorf("the guesses were answered %v", s.seen)
	}
	s.unbroken(200)
}
