package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
)

func basic(id, key string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+key))
}

func TestToken(t *testing.T) {
	const form, good = "Content-Type: application/x-www-form-urlencoded", "grant_type=client_credentials"
	me := basic("app_data", dataKey)
	for _, c := range []struct {
		name, body string
		header     []string
		status     int
		code       string
	}{
		{"all scopes", good, []string{me, form}, 200, ""},
		{"some", good + "&scope=data", []string{me, form + "; charset=UTF-8"}, 200, ""},
		{"more than it has", good + "&scope=admin", []string{me, form}, 400, "invalid_scope"},
		{"nobody", good, []string{form}, 401, "invalid_client"},
		{"a key as a bearer", good, []string{asData, form}, 401, "invalid_client"},
		{"another's id", good, []string{basic("app_admin", dataKey), form}, 401, "invalid_client"},
		{"a wrong key", good, []string{basic("app_data", "clause_wrong"), form}, 401, "invalid_client"},
		{"a huge key", good, []string{basic("app_data", strings.Repeat("x", 5000)), form}, 401, "invalid_client"},
		{"two proofs", good + "&client_secret=" + dataKey, []string{me, form}, 400, "invalid_request"},
		{"an assertion besides", good + "&client_assertion=x", []string{me, form}, 400, "invalid_request"},
		{"a parameter twice", good + "&scope=data&scope=admin", []string{me, form}, 400, "invalid_request"},
		{"no grant", "scope=data", []string{me, form}, 400, "invalid_request"},
		{"a password", "grant_type=password&username=zoe&password=x", []string{me, form}, 400, "unsupported_grant_type"},
		{"JSON", `{"grant_type":"client_credentials"}`, []string{me, isJSONl}, 400, "invalid_request"},
		{"broken", "grant_type=%zz", []string{me, form}, 400, "invalid_request"},
		{"too long", good + "&x=" + strings.Repeat("x", maxForm), []string{me, form}, 400, "invalid_request"},
	} {
		s := set(t)
		w := s.send("POST", tokenPath, c.body, c.header...)
		if w.Code != c.status || w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), dataKey) || strings.Contains(w.Body.String(), "zoe") {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
			continue
		}
		var got api.AccessToken
		var failure api.OAuthError
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &failure); err != nil || failure.Error != c.code {
			t.Errorf("%s: %s", c.name, w.Body)
		}
		if (got.Token != "") != (c.status == 200) || c.status == 200 && (got.Type != "Bearer" || got.Life != 600) {
			t.Errorf("%s: %+v", c.name, got)
		}
		if c.status == http.StatusUnauthorized && !strings.HasPrefix(w.Header().Get("Www-Authenticate"), "Basic ") {
			t.Errorf("%s: no way is shown to prove oneself", c.name)
		}
	}
}

// The key cannot be guessed at the token's address faster than elsewhere.
func TestTokenGuesses(t *testing.T) {
	s := set(t, func(c *Config) { c.Limits = Limits{FailureBurst: 3} })
	got := map[int]int{}
	for range 10 {
		got[s.send("POST", tokenPath, "grant_type=client_credentials", basic("app_data", "wrong"), "Content-Type: "+formType).Code]++
	}
	if got[401] > 5 || got[429] < 5 {
		t.Errorf("got %v", got)
	}
}

// A form that does not come is cut off as any body is.
func TestSlowForm(t *testing.T) {
	server := set(t, func(c *Config) { c.Limits = Limits{BodyWithin: 200 * time.Millisecond} }).serve(t)
	began := time.Now()
	answer, err := raw(t, server, 0, "POST "+tokenPath+" HTTP/1.1\r\nHost: x\r\n"+basic("app_data", dataKey)+"\r\nContent-Type: "+formType+"\r\nContent-Length: 100\r\n\r\n")
	if err != nil || answer.StatusCode != 400 {
		t.Errorf("%v %v", answer, err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestOAuthMetadata(t *testing.T) {
	w := set(t).send("GET", oauthMetadata, "")
	var got api.OAuthMetadata
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Issuer != "https://clause.example" || got.TokenEndpoint != "https://clause.example/oauth/token" || got.ResponseTypes == nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	none := set(t, func(c *Config) { c.Issuer = "" })
	if w := none.send("POST", tokenPath, "grant_type=client_credentials"); w.Code != 404 {
		t.Errorf("a server without an address gives tokens: %d", w.Code)
	}
}
