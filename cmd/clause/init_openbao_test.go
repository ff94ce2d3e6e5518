package main

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeTransit speaks as much of OpenBao's transit engine as Clause asks for. It seals nothing.
func fakeTransit(t *testing.T) *httptest.Server {
	answer := func(w http.ResponseWriter, field, value string) {
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{field: value}})
	}
	return httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		const prefix = "vault:v1:"
		switch {
		case r.Header.Get("X-Vault-Token") != "s.token":
			http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
		case strings.HasSuffix(r.URL.Path, "/transit/encrypt/clause"):
			answer(w, "ciphertext", prefix+base64.StdEncoding.EncodeToString([]byte(body["plaintext"]+" "+body["associated_data"])))
		case strings.HasSuffix(r.URL.Path, "/transit/decrypt/clause"):
			sealed, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(body["ciphertext"], prefix))
			plain, bound, _ := strings.Cut(string(sealed), " ")
			if bound != body["associated_data"] {
				http.Error(w, `{"errors":["cipher: message authentication failed"]}`, http.StatusBadRequest)
				return
			}
			answer(w, "plaintext", plain)
		default:
			http.Error(w, `{"errors":["encryption key not found"]}`, http.StatusBadRequest)
		}
	}))
}

func TestTheRootKeyStaysInOpenBao(t *testing.T) {
	bao := fakeTransit(t)
	defer bao.Close()
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	for name, content := range map[string][]byte{
		"token": []byte("s.token\n"), "wrong": []byte("s.other\n"),
		"bao.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: bao.Certificate().Raw}),
	} {
		if err := os.WriteFile(in(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do := func(want int, says string, args ...string) {
		t.Helper()
		args = append(args, "--policy", "../../examples/clesaro/policy.yaml", "--data", in("data"), "--openbao-addr", bao.URL, "--openbao-ca", in("bao.pem"))
		status, out, errs := at(t.Context(), time.Now, args...)
		if status != want || !strings.Contains(out+errs, says) {
			t.Errorf("%s ended with %d: %s%s", args[0], status, out, errs)
		}
	}
	do(3, "OpenBao refuses the token", "init", "--openbao-token-file", in("wrong"))
	do(0, "OpenBao at https://127.0.0.1", "init", "--openbao-token-file", in("token"))
	if _, err := os.Stat(in("root.key")); err == nil {
		t.Error("a root key file was made")
	}
	do(0, "backed up", "backup", "--openbao-token-file", in("token"), "--to", in("one.backup"))
	do(3, "OpenBao refuses the token", "backup", "--openbao-token-file", in("wrong"), "--to", in("two.backup"))
	do(3, "has no key of this name", "backup", "--openbao-token-file", in("token"), "--openbao-key", "missing", "--to", in("two.backup"))
}
