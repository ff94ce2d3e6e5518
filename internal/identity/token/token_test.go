package token

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func claims() Claims {
	return Claims{Application: "app1", Key: "key1", Scopes: []string{"data", "subjects"}, Issued: now, Expires: now.Add(10 * time.Minute)}
}

func TestATokenSaysWhatWasSigned(t *testing.T) {
	s := New([32]byte{1}, "https://clause.example")
	text := s.Sign(claims())
	got, ok := s.Read(text, now)
	if !ok || got.Application != "app1" || got.Key != "key1" || !slices.Equal(got.Scopes, claims().Scopes) || !got.Expires.Equal(claims().Expires) {
		t.Fatalf("got %+v, %t", got, ok)
	}
	if again := s.Sign(claims()); again == text {
		t.Error("two tokens are the same")
	}
	// As RFC 9068 has it: a stranger's reader finds type, algorithm and claims.
	parts := strings.Split(text, ".")
	var head, body map[string]any
	for i, into := range []*map[string]any{&head, &body} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			t.Fatal(err)
		}
	}
	if head["typ"] != "at+jwt" || head["alg"] != "EdDSA" {
		t.Errorf("the header is %v", head)
	}
	for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"} {
		if body[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestForgedTokens(t *testing.T) {
	s := New([32]byte{1}, "https://clause.example")
	text := s.Sign(claims())
	parts := strings.Split(text, ".")
	enc := func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }
	admin := enc(`{"iss":"https://clause.example","aud":"https://clause.example","sub":"app1","client_id":"app1","key":"key1","scope":"admin","iat":1772452800,"exp":1772453400}`)
	future := claims()
	future.Issued, future.Expires = now.Add(time.Hour), now.Add(2*time.Hour)
	for name, forged := range map[string]string{
		"empty": "", "no dots": "x", "no signature": parts[0] + "." + parts[1] + ".", "two parts": parts[0] + "." + parts[1],
		"alg none":                  enc(`{"alg":"none","typ":"at+jwt"}`) + "." + parts[1] + ".",
		"HMAC with the public key":  enc(`{"alg":"HS256","typ":"at+jwt"}`) + "." + parts[1] + "." + parts[2],
		"another type":              enc(`{"alg":"EdDSA","typ":"JWT"}`) + "." + parts[1] + "." + parts[2],
		"another's claims":          parts[0] + "." + admin + "." + parts[2],
		"a part more":               text + ".x",
		"padding":                   text + "=",
		"a space":                   " " + text,
		"too long":                  text + strings.Repeat("A", MaxLen),
		"another server's":          New([32]byte{2}, "https://clause.example").Sign(claims()),
		"another issuer's":          New([32]byte{1}, "https://other.example").Sign(claims()),
		"from the future":           s.Sign(future),
		"a signature of other bits": parts[0] + "." + parts[1] + "." + flip(parts[2]),
	} {
		if got, ok := s.Read(forged, now); ok || got.Application != "" {
			t.Errorf("%s is taken: %+v", name, got)
		}
	}
	for _, when := range []time.Time{now.Add(10 * time.Minute), now.Add(time.Hour)} {
		if _, ok := s.Read(text, when); ok {
			t.Errorf("an expired one is taken at %s", when)
		}
	}
	if _, ok := s.Read(text, now.Add(10*time.Minute-1)); !ok {
		t.Error("a live one is refused")
	}
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func FuzzRead(f *testing.F) {
	s := New([32]byte{1}, "https://clause.example")
	text := s.Sign(claims())
	for _, seed := range []string{"", text, text[:len(text)-1], header + "..", header + "." + strings.Repeat("A", 40) + "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if got, ok := s.Read(in, now); ok && (in != text && got.Application != "app1") {
			t.Errorf("%q is taken", in)
		}
	})
}
