package second_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"clause.dev/clause/internal/identity/second"
)

// TestVectors are those of RFC 6238 appendix B, cut to six digits.
func TestVectors(t *testing.T) {
	s := second.Secret([]byte("12345678901234567890"))
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if step, ok := s.Match(code, time.Unix(at, 0), 0); !ok || step != at/30 {
			t.Errorf("at %d: step %d, %v", at, step, ok)
		}
	}
}

// TestAnApp: what an app makes of the URI opens, once, while it is shown and a step before and after.
func TestAnApp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := second.NewSecret()
		key, err := otp.NewKeyFromURL(s.URI("Clesaro", "hassan@example.ae"))
		if err != nil || key.Issuer() != "Clesaro" || key.AccountName() != "hassan@example.ae" {
			t.Fatal(key, err)
		}
		now := time.Unix(rapid.Int64Range(1e9, 4e9).Draw(t, "now"), 0)
		off := time.Duration(rapid.IntRange(-150, 150).Draw(t, "off")) * time.Second
		code, err := totp.GenerateCode(key.Secret(), now.Add(off))
		if err != nil {
			t.Fatal(err)
		}
		want := false // once in a million times a code is of a step farther away, and of one of these three too
		for near := range 3 {
			shown, err := totp.GenerateCode(key.Secret(), now.Add(time.Duration(near-1)*30*time.Second))
			want = want || shown == code && err == nil
		}
		step, ok := s.Match(" "+code[:3]+" "+code[3:], now, 0)
		if ok != want {
			t.Fatalf("%v off: %v", off, ok)
		}
		if !ok {
			return
		}
		if _, again := s.Match(code, now, step); again {
			t.Fatal("a code was taken twice")
		}
	})
}

func TestNoCode(t *testing.T) {
	s := second.NewSecret()
	for _, code := range []string{"", "12345", "1234567", "abcdef", "١٢٣٤٥٦", strings.Repeat("0", 1_000_000)} {
		if _, ok := s.Match(code, time.Unix(1e9, 0), 0); ok {
			t.Errorf("%.10q opens", code)
		}
	}
}

// TestRecovery: each code once, however it is typed, and no other.
func TestRecovery(t *testing.T) {
	codes, kept := second.NewRecovery()
	if len(codes) != second.RecoveryCodes || len(kept) != len(codes) {
		t.Fatal(len(codes), len(kept))
	}
	for i, code := range codes {
		typed := []string{code, strings.ToLower(code), " " + strings.ReplaceAll(code, "-", " "), strings.ReplaceAll(code, "0", "o"), strings.ReplaceAll(code, "1", "l")}[i%5]
		left, ok := second.Spend(kept, typed)
		if !ok || len(left) != len(kept)-1 {
			t.Fatalf("%q is not taken", typed)
		}
		if _, ok := second.Spend(left, code); ok {
			t.Fatalf("%q is taken twice", code)
		}
		kept = left
	}
	_, kept = second.NewRecovery()
	for _, code := range append(codes, "", "UUUUU-UUUUU", strings.Repeat("A", 100_000)) {
		if left, ok := second.Spend(kept, code); ok || len(left) != len(kept) {
			t.Errorf("%.12q opens", code)
		}
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("abcde-fghjk")
	f.Add("OIL\u00a0")
	f.Fuzz(func(t *testing.T, code string) {
		typed, err := second.Typed(code, 10)
		if err != nil {
			return
		}
		if again, err := second.Typed(typed, 10); err != nil || again != typed {
			t.Fatalf("%q became %q and then %q", code, typed, again)
		}
	})
}
