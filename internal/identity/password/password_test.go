package password_test

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the published form of the lists
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/password"
)

var quick = []password.Rule{{password.Bcrypt, 10}, {password.Argon2id, 2}}

// TestHashes: the right password and no other, in whatever form it was typed; the form is the usual one.
func TestHashes(t *testing.T) {
	for _, rule := range quick {
		h := password.NewHasher(rule, 2)
		hash, err := h.Hash(t.Context(), "caffe\u0301 latte zu zweit")
		if err != nil {
			t.Fatal(err)
		}
		if made, ok := password.Of(hash); !ok || made != rule {
			t.Errorf("%q reads as %v, made by %v", hash, made, rule)
		}
		for secret, want := range map[string]bool{
			"caffe\u0301 latte zu zweit":      true,
			"caffé latte zu zweit":            true, // the accent composed
			"caffé\u00a0latte\u3000zu zweit":  true, // other spaces, RFC 8265
			"caffe latte zu zweit":            false,
			"Caffé latte zu zweit":            false,
			"caffé latte zu zwei":             false,
			"":                                false,
			"\x00":                            false,
			strings.Repeat("long ", 1_000_00): false,
		} {
			ok, stale, err := h.Verify(t.Context(), hash, secret)
			if err != nil || ok != want || stale {
				t.Errorf("%v: %.30q matches: %v, stale %v, %v", rule, secret, ok, stale, err)
			}
		}
		other, _ := h.Hash(t.Context(), "caffé latte zu zweit")
		if other == hash {
			t.Error("two hashes of a password are alike: no salt")
		}
	}
}

// TestNobody: where there is no hash the same work is done, and the answer is no.
func TestNobody(t *testing.T) {
	h := password.NewHasher(quick[0], 1)
	for _, secret := range []string{"anything at all", "\x00", "no such password"} {
		if ok, _, err := h.Verify(t.Context(), "", secret); ok || err != nil {
			t.Errorf("%q is nobody's password, and matched: %v", secret, err)
		}
	}
	for _, hash := range []string{"plain text", "$2b$", "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5", "$argon2id$v=19$m=19456,t=2,p=1$$"} {
		if ok, _, err := h.Verify(t.Context(), hash, hash); ok || err != nil {
			t.Errorf("a stored %q opens with itself: %v", hash, err)
		}
	}
}

// TestWeakerTakesAsLong: who has an account whose hash is older than the rule, or of another algorithm, is not told
// from who has none by how soon a wrong password is refused.
func TestWeakerTakesAsLong(t *testing.T) {
	for weak, rule := range map[password.Rule]password.Rule{
		{password.Bcrypt, 4}: {password.Bcrypt, 7}, {password.Argon2id, 1}: {password.Argon2id, 4},
		{password.Bcrypt, 10}: {password.Argon2id, 1}, {password.Argon2id, 5}: {password.Bcrypt, 4},
	} {
		old, err := password.NewHasher(weak, 1).Hash(t.Context(), "caffé latte zu zweit")
		if err != nil {
			t.Fatal(err)
		}
		h := password.NewHasher(rule, 1)
		_, _, _ = h.Verify(t.Context(), old, "caffe latte") // from then on the server knows that there are such hashes
		quickest := func(least time.Duration, hash string) time.Duration {
			began := time.Now()
			if ok, _, err := h.Verify(t.Context(), hash, "caffe latte"); ok || err != nil {
				t.Fatal(ok, err)
			}
			return min(least, time.Since(began))
		}
		nobody, somebody := time.Hour, time.Hour
		apart := func() bool { return somebody < nobody/2 || somebody > nobody*2 }
		for n := 0; n < 5 || n < 100 && apart(); n++ { // in turn, and again where the machine did other things
			nobody, somebody = quickest(nobody, ""), quickest(somebody, old)
		}
		if apart() {
			t.Errorf("%v: a wrong password takes %s for somebody, %s for nobody", rule, somebody, nobody)
		}
	}
}

// TestStale: a hash weaker than the rule, or of another algorithm, is to be made anew; a stronger one not.
func TestStale(t *testing.T) {
	hash, _ := password.NewHasher(password.Rule{password.Bcrypt, 11}, 1).Hash(t.Context(), "correct horse staple")
	for rule, want := range map[password.Rule]bool{
		{password.Bcrypt, 10}: false, {password.Bcrypt, 11}: false, {password.Bcrypt, 12}: true, {password.Argon2id, 2}: true,
	} {
		ok, stale, err := password.NewHasher(rule, 1).Verify(t.Context(), hash, "correct horse staple")
		if !ok || stale != want || err != nil {
			t.Errorf("under %v: ok %v, stale %v, %v", rule, ok, stale, err)
		}
	}
}

func TestRules(t *testing.T) {
	for rule, good := range map[password.Rule]bool{
		password.Default(): true, {password.Bcrypt, 9}: false, {password.Bcrypt, 17}: false, {password.Argon2id, 1}: false,
		{password.Argon2id, 16}: true, {"md5", 12}: false, {}: false,
	} {
		if err := rule.Check(); (err == nil) != good || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", rule, err)
		}
	}
}

// TestLongIsRefused: bcrypt would cut it silently, and accept another.
func TestLongIsRefused(t *testing.T) {
	h := password.NewHasher(quick[0], 1)
	if _, err := h.Hash(t.Context(), strings.Repeat("a", password.MaxBytes+1)); !fault.Is(err, fault.Invalid) {
		t.Errorf("73 bytes: %v", err)
	}
	if _, err := h.Hash(t.Context(), strings.Repeat("a", password.MaxBytes)); err != nil {
		t.Errorf("72 bytes: %v", err)
	}
}

// TestBounded: no more at a time than slots, no more waiting than the queue, and who gives up frees a place.
func TestBounded(t *testing.T) {
	h := password.NewHasher(password.Rule{password.Bcrypt, 10}, 1)
	const many = 200
	var mu sync.Mutex
	outcome := map[fault.Kind]int{}
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			_, err := h.Hash(t.Context(), "correct horse staple")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				outcome[255]++
			} else {
				outcome[fault.KindOf(err)]++
			}
		})
	}
	all.Wait()
	if outcome[255] == 0 || outcome[fault.TooMany] == 0 || outcome[255]+outcome[fault.TooMany] != many {
		t.Errorf("of a flood: %v", outcome)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // more than the queue holds: each gives its place back
		if _, err := h.Hash(ended, "correct horse staple"); err != nil && !fault.Is(err, fault.Unavailable) {
			t.Fatalf("who gave up: %v", err)
		}
	}
	if _, err := h.Hash(t.Context(), "correct horse staple"); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}

// TestStrangersDoNotCrowdOutOthers: however many strangers wait, who is known is next.
func TestStrangersDoNotCrowdOutOthers(t *testing.T) {
	h := password.NewHasher(password.Rule{password.Bcrypt, 10}, 1)
	hash, err := h.Hash(t.Context(), "correct horse staple")
	if err != nil {
		t.Fatal(err)
	}
	flood, end := context.WithCancel(t.Context())
	var strangers sync.WaitGroup
	var turned, served atomic.Int64
	for range 60 {
		strangers.Go(func() {
			for flood.Err() == nil {
				switch _, _, err := h.Verify(flood, hash, "wrong"); {
				case fault.Is(err, fault.TooMany):
					turned.Add(1)
					time.Sleep(time.Millisecond)
				case err == nil:
					served.Add(1)
				}
			}
		})
	}
	for turned.Load() == 0 { // until their queue is full
		time.Sleep(time.Millisecond)
	}
	for range 5 {
		if ok, _, err := h.VerifyKnown(t.Context(), hash, "correct horse staple"); !ok || err != nil {
			t.Errorf("in a flood: %v, %v", ok, err)
		}
		before := served.Load()
		_, err := h.Hash(t.Context(), "correct horse staple")  // their hash is made anew
		if n := served.Load() - before; err != nil || n > 16 { // of 32 who wait
			t.Errorf("in a flood %d strangers go first: %v", n, err)
		}
	}
	end()
	strangers.Wait()
	if ok, _, err := h.Verify(t.Context(), hash, "correct horse staple"); !ok || err != nil {
		t.Errorf("after it: %v, %v", ok, err)
	}
}

func TestGood(t *testing.T) {
	list := fmt.Sprintf("%X:7\r\n%X:2\n\n", sha1.Sum([]byte("zebra crossing under blue rain")), sha1.Sum([]byte("seen only twice by the river")))
	leaked, kept, err := password.BuildLeaked(strings.NewReader(list), 5, 10)
	if err != nil || kept != 1 {
		t.Fatal(kept, err)
	}
	for secret, want := range map[string]string{
		"short7!":                        "shorter",
		"password123":                    "easy to guess",
		"qwertyuiop":                     "easy to guess",
		"11111111111":                    "easy to guess",
		"Hassan1990":                     "easy to guess",
		"hassan.karimi":                  "easy to guess",
		"zebra crossing under blue rain": "leak",
		"seen only twice by the river":   "",
		"gentle copper walrus 41 moons":  "",
		"قهوة الصباح في دبي":             "",
		strings.Repeat("ab", 40):         "longer",
		"with\x07bell ring tone":         "cannot be typed",
	} {
		err := password.Good(secret, leaked, "hassan.karimi@example.ae", "Hassan")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", secret, err, want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
}

// TestMake: a bad password is not hashed, a good one opens.
func TestMake(t *testing.T) {
	h := password.NewHasher(quick[0], 1)
	if hash, err := h.Make(t.Context(), "password123", nil); hash != "" || !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad one: %q, %v", hash, err)
	}
	hash, err := h.Make(t.Context(), "gentle copper walrus 41 moons", nil)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, _ := h.Verify(t.Context(), hash, "gentle copper walrus 41 moons"); !ok {
		t.Error("a good one does not open")
	}
}

// TestLeakedKeepsAll: none on the list is missed, also after writing and reading, and few others are hit.
func TestLeakedKeepsAll(t *testing.T) {
	const n = 20_000
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%X:%d\n", sha1.Sum(fmt.Appendf(nil, "leaked %d", i)), i+1)
	}
	made, _, err := password.BuildLeaked(strings.NewReader(list.String()), 1, n)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := made.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	read, err := password.ReadLeaked(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	mistaken := 0
	for i := range n {
		if !read.Has(fmt.Sprintf("leaked %d", i)) {
			t.Fatalf("leaked %d is missed", i)
		}
		if read.Has(fmt.Sprintf("good %d", i)) {
			mistaken++
		}
	}
	if mistaken > n/250 {
		t.Errorf("%d of %d good ones are taken for leaked", mistaken, n)
	}
	for _, cut := range []int{0, 1, 30, 60, len(whole) - 1} {
		if _, err := password.ReadLeaked(bytes.NewReader(whole[:cut]), int64(cut)); !fault.Is(err, fault.Invalid) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestBadLists(t *testing.T) {
	for _, list := range []string{"password\n", "ABC:1\n", strings.Repeat("A", 40) + ":many\n", strings.Repeat("A", 100_000)} {
		if _, _, err := password.BuildLeaked(strings.NewReader(list), 1, 10); !fault.Is(err, fault.Invalid) {
			t.Errorf("%.20q: %v", list, err)
		}
	}
	if _, _, err := password.BuildLeaked(strings.NewReader(strings.Repeat(strings.Repeat("A", 40)+"\n", 11)), 1, 10); !fault.Is(err, fault.TooLarge) {
		t.Errorf("more than said: %v", err)
	}
}

// TestPreparedIsStable: preparing again changes nothing, else what was accepted once could be refused later.
func TestPreparedIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once, err := password.Prepare(rapid.String().Draw(t, "password"))
		if err != nil {
			return
		}
		if twice, err := password.Prepare(once); err != nil || twice != once {
			t.Fatalf("%q became %q: %v", once, twice, err)
		}
	})
}

func FuzzGood(f *testing.F) {
	for _, s := range []string{"", "p@ssw0rd!!", "ÀÀÀ\u0301", "abcdefg9876", "\xff\xfe", strings.Repeat("a1!", 24)} {
		f.Add(s, "Name")
	}
	f.Fuzz(func(t *testing.T, secret, about string) {
		if err := password.Good(secret, nil, about); err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatalf("%q: %v", secret, err)
		}
	})
}

func FuzzOf(f *testing.F) {
	f.Add("$2b$12$abcdefghijklmnopqrstuv")
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5")
	f.Fuzz(func(t *testing.T, hash string) {
		if r, ok := password.Of(hash); ok && r.Cost < 1 {
			t.Fatalf("%q costs %d", hash, r.Cost)
		}
	})
}

func FuzzReadLeaked(f *testing.F) {
	made, _, _ := password.BuildLeaked(strings.NewReader(strings.Repeat("A", 40)+"\n"), 1, 10)
	var file bytes.Buffer
	_, _ = made.WriteTo(&file)
	f.Add(file.Bytes())
	f.Fuzz(func(_ *testing.T, data []byte) {
		if l, err := password.ReadLeaked(bytes.NewReader(data), int64(len(data))); err == nil {
			l.Has("anything")
			_, _ = l.WriteTo(io.Discard)
		}
	})
}

// BenchmarkVerify says what the bounds and the preparation cost beside bare bcrypt.
func BenchmarkVerify(b *testing.B) {
	h := password.NewHasher(password.Rule{password.Bcrypt, 10}, 2)
	hash, _ := h.Hash(b.Context(), "correct horse staple")
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			_ = bcrypt.CompareHashAndPassword([]byte(hash), []byte("correct horse staple"))
		}
	})
	b.Run("hasher", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = h.Verify(b.Context(), hash, "correct horse staple")
		}
	})
}
