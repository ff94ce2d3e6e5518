package keyring

import (
	"context"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

const testToken = "s.do-not-print-me"

// fakeBao speaks OpenBao's transit API: encrypt/<key> and decrypt/<key>, with its texts and statuses.
type fakeBao struct {
	mount, key, namespace string
	versions              []cipher.AEAD
	oldest                int // min_decryption_version
	status                int // answers only this, if set
	hang                  chan struct{}
	calls                 int
}

func newFakeBao() *fakeBao {
	key := newKey()
	return &fakeBao{mount: "transit", key: "clause", versions: []cipher.AEAD{newAEAD(key[:])}, oldest: 1}
}

func (b *fakeBao) rotate() {
	key := newKey()
	b.versions = append(b.versions, newAEAD(key[:]))
}

func (b *fakeBao) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.calls++
	if b.hang != nil {
		<-b.hang
		return
	}
	var body struct{ Plaintext, Ciphertext, Associated_data string }
	action, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"+b.mount+"/"), "/")
	switch {
	case b.status != 0:
		fail(w, b.status, "Vault is sealed")
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		fail(w, http.StatusMethodNotAllowed, "unsupported operation")
	case r.Header.Get("X-Vault-Token") != testToken:
		fail(w, http.StatusForbidden, "permission denied")
	case !strings.HasPrefix(r.URL.Path, "/v1/"+b.mount+"/") || r.Header.Get("X-Vault-Namespace") != b.namespace:
		fail(w, http.StatusNotFound, "no handler for route "+r.URL.Path)
	case json.NewDecoder(r.Body).Decode(&body) != nil:
		fail(w, http.StatusBadRequest, "failed to parse JSON input")
	case name != b.key:
		fail(w, http.StatusBadRequest, "encryption key not found")
	case action == "encrypt":
		b.encrypt(w, body.Plaintext, body.Associated_data)
	case action == "decrypt":
		b.decrypt(w, body.Ciphertext, body.Associated_data)
	}
}

func (b *fakeBao) encrypt(w http.ResponseWriter, text, bound string) {
	plain, err := base64.StdEncoding.DecodeString(text)
	data, err2 := base64.StdEncoding.DecodeString(bound)
	if err != nil || err2 != nil {
		fail(w, http.StatusBadRequest, "illegal base64 data at input byte 4")
		return
	}
	version := len(b.versions)
	sealed := b.versions[version-1].Seal(nil, nil, plain, data)
	answer(w, map[string]any{
		"ciphertext":  fmt.Sprintf("vault:v%d:%s", version, base64.StdEncoding.EncodeToString(sealed)),
		"key_version": version,
	})
}

func (b *fakeBao) decrypt(w http.ResponseWriter, text, bound string) {
	var version int
	var encoded string
	if _, err := fmt.Sscanf(text, "vault:v%d:%s", &version, &encoded); err != nil {
		fail(w, http.StatusBadRequest, "invalid ciphertext: no prefix")
		return
	}
	if version > len(b.versions) {
		fail(w, http.StatusBadRequest, "invalid ciphertext: version is too new")
		return
	}
	if version < b.oldest {
		fail(w, http.StatusBadRequest, "ciphertext or signature version is disallowed by policy (too old)")
		return
	}
	sealed, err := base64.StdEncoding.DecodeString(encoded)
	data, err2 := base64.StdEncoding.DecodeString(bound)
	if err != nil || err2 != nil {
		fail(w, http.StatusBadRequest, "invalid ciphertext: could not decode base64")
		return
	}
	plain, err := b.versions[version-1].Open(nil, nil, sealed, data)
	if err != nil {
		fail(w, http.StatusBadRequest, "cipher: message authentication failed")
		return
	}
	answer(w, map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain)})
}

func answer(w http.ResponseWriter, data map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"request_id": "1", "lease_duration": 0, "renewable": false, "data": data})
}

func fail(w http.ResponseWriter, status int, texts ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": texts})
}

func startBao(t *testing.T, b *fakeBao) string {
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return server.URL
}

func TestTransitRootCarriesAKeyFolder(t *testing.T) {
	bao, dir := newFakeBao(), filepath.Join(t.TempDir(), "keys")
	root := must(TransitRoot(startBao(t, bao), testToken, "/transit/", "clause"))(t)
	r := openRing(t, dir, root)
	tenant, wrapped, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	bao.rotate() // OpenBao's own rotation: older versions still open
	must(r.Turn(context.Background(), noon.Add(time.Hour)))(t)
	again := openRing(t, dir, root)
	must(again.OpenTenantKey("acme", tenant.ID(), 1, wrapped))(t)

	other := newFakeBao()
	wrong := must(TransitRoot(startBao(t, other), testToken, "transit", "clause"))(t)
	other.rotate()
	_, err = Open(context.Background(), dir, wrong, noon)
	wantKind(t, err, fault.Invalid)
	if fault.Public(err) == "" || !strings.Contains(err.Error(), "the root key does not match this key folder") {
		t.Fatal(err)
	}
}

func TestTransitRootBindsData(t *testing.T) {
	ctx := context.Background()
	root := must(TransitRoot(startBao(t, newFakeBao()), testToken, "transit", "clause"))(t)
	sealed := must(root.Seal(ctx, []byte("key"), []byte("epoch 1")))(t)
	if plain := must(root.Open(ctx, sealed, []byte("epoch 1")))(t); string(plain) != "key" {
		t.Fatalf("got %q", plain)
	}
	_, err := root.Open(ctx, sealed, []byte("epoch 2"))
	wantKind(t, err, fault.Invalid)
	_, err = root.Open(ctx, []byte("rubbish"), nil)
	wantKind(t, err, fault.Invalid)
}

func TestTransitRootFailures(t *testing.T) {
	for _, c := range []struct {
		name       string
		token, key string
		change     func(*fakeBao)
		want       string
	}{
		{"wrong token", "s.wrong-token", "clause", nil, "refuses the token"},
		{"unknown key", testToken, "other", nil, "no key of this name"},
		{"wrong mount", testToken, "clause", func(b *fakeBao) { b.mount = "elsewhere" }, "no transit engine"},
		{"sealed", testToken, "clause", func(b *fakeBao) { b.status = 503 }, "sealed or in maintenance"},
		{"broken", testToken, "clause", func(b *fakeBao) { b.status = 500 }, "status 500"},
		{"version too old", testToken, "clause", func(b *fakeBao) { b.rotate(); b.oldest = 2 }, "version of its key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bao := newFakeBao()
			addr := startBao(t, bao)
			good := must(TransitRoot(addr, testToken, "transit", "clause"))(t)
			sealed := must(good.Seal(context.Background(), []byte("key"), nil))(t)
			if c.change != nil {
				c.change(bao)
			}
			root := must(TransitRoot(addr, c.token, "transit", c.key))(t)
			_, err := root.Open(context.Background(), sealed, nil)
			wantKind(t, err, fault.Unavailable)
			if !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v does not say %q", err, c.want)
			}
			if strings.Contains(err.Error(), c.token) {
				t.Fatal("the error shows the token")
			}
		})
	}
}

// A proxy that answers with the request it got must not bring the token or the key into our errors.
func TestTransitRootKeepsSecretsOutOfErrors(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		r.Write(w)
	}))
	defer server.Close()
	root := must(TransitRoot(server.URL, testToken, "transit", "clause"))(t)
	_, err := root.Seal(context.Background(), []byte("the key itself"), nil)
	wantKind(t, err, fault.Unavailable)
	secret := base64.StdEncoding.EncodeToString([]byte("the key itself"))
	if text := fmt.Sprintf("%+v %s", err, fault.Public(err)); strings.Contains(text, testToken) || strings.Contains(text, secret) {
		t.Fatal(text)
	}
}

func TestTransitRootIsBoundedInTime(t *testing.T) {
	bao := newFakeBao()
	bao.hang = make(chan struct{})
	addr := startBao(t, bao)
	defer close(bao.hang)
	root := must(TransitRoot(addr, testToken, "transit", "clause", TransitTimeout(50*time.Millisecond)))(t)
	_, err := root.Seal(context.Background(), []byte("key"), nil)
	wantKind(t, err, fault.Unavailable)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = root.Open(ctx, []byte("vault:v1:"), nil)
	wantKind(t, err, fault.Unavailable)
}

func TestTransitRootNamespaceAndEnvironment(t *testing.T) {
	t.Setenv("BAO_TOKEN", "s.from-environment")
	t.Setenv("BAO_ADDR", "https://elsewhere.invalid:8200")
	t.Setenv("BAO_NAMESPACE", "elsewhere")
	bao := newFakeBao()
	bao.namespace = "team"
	root := must(TransitRoot(startBao(t, bao), testToken, "transit", "clause", TransitNamespace("team")))(t)
	must(root.Seal(context.Background(), []byte("key"), nil))(t)
	if bao.calls != 1 {
		t.Fatalf("%d calls", bao.calls)
	}
}

func TestTransitRootRefusesSettings(t *testing.T) {
	for _, c := range []struct{ addr, mount, key string }{
		{"http://bao.internal:8200", "transit", "clause"}, // in the clear
		{"http://10.0.0.1:8200", "transit", "clause"},
		{"https://user:secret@bao.internal", "transit", "clause"},
		{"bao.internal:8200", "transit", "clause"},
		{"https://bao.internal:8200", "", "clause"},
		{"https://bao.internal:8200", "transit", ""},
		{"https://bao.internal:8200", "transit", "a/b"},
		{"https://bao.internal:8200", "transit?x", "a"},
	} {
		_, err := TransitRoot(c.addr, testToken, c.mount, c.key)
		wantKind(t, err, fault.Invalid)
		if strings.Contains(err.Error(), "secret") {
			t.Fatal("the error shows the address's password")
		}
	}
	_, err := TransitRoot("https://bao.internal:8200", testToken, "transit", "clause", TransitCA([]byte("no pem")))
	wantKind(t, err, fault.Invalid)
	must(TransitRoot("https://bao.internal:8200", testToken, "transit", "clause"))(t)
}
