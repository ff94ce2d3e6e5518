package sso_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
)

// TestUserInfo: what the ID token leaves out is asked for, and believed of the same person alone.
func TestUserInfo(t *testing.T) {
	w := openWorld(t, nil)
	w.provider.Claims = map[string]any{"sub": "ana-1"}
	w.provider.Info = map[string]any{"sub": "ana-1", "email": "ana@acme.example", "email_verified": true, "amr": []string{"mfa"}}
	who, err := w.signIn()
	if err != nil || who.Email != "ana@acme.example" || !who.Strong {
		t.Errorf("%+v, %v", who, err)
	}
	w.provider.Claims["amr"] = []string{"pwd"}
	if who, err = w.signIn(); err != nil || who.Strong {
		t.Errorf("what the ID token says does not count: %+v, %v", who, err)
	}
	w.provider.Info["sub"] = "eve-1"
	_, err = w.signIn()
	w.refuses(fault.Unauthenticated, "somebody else", err)
}

// TestWhatAProviderWritesIsNotLogged: in words about somebody may stand who they are.
func TestWhatAProviderWritesIsNotLogged(t *testing.T) {
	for _, path := range []string{"/token", "/userinfo"} {
		for _, body := range []string{"ana@acme.example is away", `{"error": "server_error", "error_description": "ana@acme.example is away"}`, strings.Repeat("x", 10_000)} {
			w := openWorld(t, nil)
			w.provider.Claims, w.provider.Info = map[string]any{"sub": "ana-1"}, ana()
			w.says = map[string]string{path: body}
			_, err := w.signIn()
			w.refuses(fault.Unavailable, "does not answer", err)
			if all := strings.Join(w.logged, "\n"); len(w.logged) != 1 || strings.Contains(all, "ana@") || len(all) > 400 || !strings.Contains(strings.ToLower(all), path[1:]) {
				t.Errorf("%s %.50q: the log has %q", path, body, all)
			}
		}
	}
}
