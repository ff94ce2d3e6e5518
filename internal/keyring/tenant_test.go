package keyring

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
)

// place is where a wrapped key was made for.
type place struct {
	ring            int
	tenant, subject string
	epoch           int64
	id              ID
}

// A wrapped key opens in its own place and in no other: another store, tenant, subject, epoch or id.
func TestWrappedKeysDoNotMove(t *testing.T) {
	ctx := context.Background()
	root := testRoot(t)
	rings := []*Ring{openRing(t, t.TempDir()+"/keys", root), openRing(t, t.TempDir()+"/keys", root)}
	for _, r := range rings {
		must(r.Turn(ctx, noon))(t)
	}
	names := rapid.SampledFrom([]string{"a", "b", "ab", "a\x00", "\x01a", "aa"})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) place {
			return place{
				ring: rapid.IntRange(0, 1).Draw(t, label+" ring"), tenant: names.Draw(t, label+" tenant"),
				subject: names.Draw(t, label+" subject"), epoch: rapid.Int64Range(1, 2).Draw(t, label+" epoch"),
			}
		}
		from, to := draw("from"), draw("to")
		tenant, wrappedTenant, err := rings[from.ring].NewTenantKey(from.tenant)
		if err != nil {
			t.Fatal(err)
		}
		from.epoch, from.id, to.id = 2, tenant.ID(), tenant.ID()
		if rapid.Bool().Draw(t, "another id") {
			to.id = NewID()
		}
		sameTenant := from.ring == to.ring && from.tenant == to.tenant && from.epoch == to.epoch && from.id == to.id
		_, err = rings[to.ring].OpenTenantKey(to.tenant, to.id, to.epoch, wrappedTenant)
		if (err == nil) != sameTenant || err != nil && !fault.Is(err, fault.Other) {
			t.Fatalf("from %+v to %+v: %v", from, to, err)
		}

		subject, wrapped, err := tenant.NewSubjectKey(from.subject)
		if err != nil {
			t.Fatal(err)
		}
		over, id := tenant, subject.ID()
		if rapid.Bool().Draw(t, "under another tenant key") {
			if over, _, err = rings[to.ring].NewTenantKey(to.tenant); err != nil {
				t.Fatal(err)
			}
		}
		if rapid.Bool().Draw(t, "as another subject key") {
			id = NewID()
		}
		_, err = over.OpenSubjectKey(to.subject, id, wrapped)
		same := over == tenant && id == subject.ID() && from.subject == to.subject
		if (err == nil) != same || err != nil && !fault.Is(err, fault.Other) {
			t.Fatalf("from %+v to %+v: %v", from, to, err)
		}
	})
}

func TestAlteredKeysAndDataDoNotOpen(t *testing.T) {
	r := testRing(t)
	tenant, wrappedTenant, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	subject, wrapped, err := tenant.NewSubjectKey("s1")
	if err != nil {
		t.Fatal(err)
	}
	data := must(tenant.Seal([]byte("here"), []byte("plain")))(t)
	row := must(subject.Seal(nil, []byte("here"), []byte("plain")))(t)
	epoch, backup, err := r.SealBackupKey([]byte("key"), []byte("here"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		sealed []byte
		kind   fault.Kind
		open   func(sealed []byte) error
	}{
		{"tenant key", wrappedTenant, fault.Other, func(b []byte) error { _, err := r.OpenTenantKey("acme", tenant.ID(), 1, b); return err }},
		{"subject key", wrapped, fault.Other, func(b []byte) error { _, err := tenant.OpenSubjectKey("s1", subject.ID(), b); return err }},
		{"tenant data", data, fault.Other, func(b []byte) error { _, err := tenant.Open([]byte("here"), b); return err }},
		{"record", row, fault.Other, func(b []byte) error { _, err := subject.Open(nil, []byte("here"), b); return err }},
		{"backup key", backup, fault.Invalid, func(b []byte) error { _, err := r.OpenBackupKey(epoch, b, []byte("here")); return err }},
	} {
		if err := c.open(c.sealed); err != nil {
			t.Fatal(c.name, err)
		}
		for i := range c.sealed {
			altered := bytes.Clone(c.sealed)
			altered[i] ^= 0x40
			wantKind(t, c.open(altered), c.kind)
			wantKind(t, c.open(c.sealed[:i]), c.kind)
		}
		wantKind(t, c.open(append(bytes.Clone(c.sealed), 0)), c.kind)
	}
	_, err = tenant.Open([]byte("there"), data)
	wantKind(t, err, fault.Other)
	_, err = subject.Open(nil, []byte("there"), row)
	wantKind(t, err, fault.Other)
	_, err = r.OpenBackupKey(epoch, backup, []byte("there"))
	wantKind(t, err, fault.Invalid)
}

func TestKeysNeedAnOwner(t *testing.T) {
	r := testRing(t)
	_, _, err := r.NewTenantKey("")
	wantKind(t, err, fault.Invalid)
	tenant, _, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = tenant.NewSubjectKey("")
	wantKind(t, err, fault.Invalid)
}

// A destroyed tenant key refuses at once what is still in memory, too.
func TestDestroyedTenantKeyIsDeadInMemory(t *testing.T) {
	r := testRing(t)
	tenant, wrappedTenant, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	subject, wrapped, err := tenant.NewSubjectKey("s1")
	if err != nil {
		t.Fatal(err)
	}
	data := must(tenant.Seal(nil, []byte("plain")))(t)
	if err := r.Destroy([]ID{tenant.ID()}, noon); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"open tenant":  func() error { _, err := r.OpenTenantKey("acme", tenant.ID(), 1, wrappedTenant); return err },
		"open subject": func() error { _, err := tenant.OpenSubjectKey("s1", subject.ID(), wrapped); return err },
		"new subject":  func() error { _, _, err := tenant.NewSubjectKey("s2"); return err },
		"rewrap":       func() error { _, err := tenant.Rewrap("s1", subject); return err },
		"seal":         func() error { _, err := tenant.Seal(nil, nil); return err },
		"open":         func() error { _, err := tenant.Open(nil, data); return err },
	} {
		if err := try(); !fault.Is(err, fault.Erased) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, _, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	must(other.Rewrap("s1", subject))(t) // the subject's own key is not destroyed: it may move
	if err := r.Destroy([]ID{subject.ID()}, noon); err != nil {
		t.Fatal(err)
	}
	_, err = other.Rewrap("s1", subject)
	wantKind(t, err, fault.Erased)
	_, err = subject.Seal(nil, nil, nil)
	wantKind(t, err, fault.Erased)
}

func TestBackupKeyDiesWithItsEpoch(t *testing.T) {
	ctx, r := context.Background(), testRing(t)
	epoch, sealed, err := r.SealBackupKey([]byte("key"), []byte("backup of May"))
	if err != nil {
		t.Fatal(err)
	}
	must(r.Turn(ctx, noon))(t)
	if key := must(r.OpenBackupKey(epoch, sealed, []byte("backup of May")))(t); string(key) != "key" {
		t.Fatalf("got %q", key)
	}
	_, err = r.OpenBackupKey(2, sealed, []byte("backup of May"))
	wantKind(t, err, fault.Invalid)
	if err := r.DestroyEpoch(ctx, epoch, noon); err != nil {
		t.Fatal(err)
	}
	_, err = r.OpenBackupKey(epoch, sealed, []byte("backup of May"))
	wantKind(t, err, fault.Erased)
	_, err = r.OpenBackupKey(9, sealed, nil)
	wantKind(t, err, fault.Unavailable)
}

func TestLookupTellsPlacesApart(t *testing.T) {
	r := testRing(t)
	tenants := make([]*TenantKey, 2)
	for i := range tenants {
		var err error
		if tenants[i], _, err = r.NewTenantKey("acme"); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[[32]byte]string{}
	for i, tenant := range tenants {
		for _, at := range [][3]string{{"a", "b", "c"}, {"a", "bc", ""}, {"ab", "c", ""}, {"a", "b", ""}, {"", "ab", "c"}, {"b", "a", "c"}, {"a", "b", "C"}} {
			where := string(rune('0'+i)) + at[0] + "|" + at[1] + "|" + at[2]
			hash := tenant.Lookup(at[0], at[1], at[2])
			if before, taken := seen[hash]; taken {
				t.Fatalf("%q and %q have one hash", before, where)
			}
			seen[hash] = where
			if tenant.Lookup(at[0], at[1], at[2]) != hash {
				t.Fatal("the hash is not stable")
			}
		}
	}
}

// The definition, written out: HMAC-SHA-256 under HKDF of the tenant key.
func TestLookupIsWhatItSays(t *testing.T) {
	raw := [keySize]byte{7}
	k := testRing(t).tenantKey("acme", NewID(), 1, &raw)
	base := must(hkdf.Expand(sha256.New, raw[:], "clause tenant key: look-up v1", 32))(t)
	key := must(hkdf.Expand(sha256.New, base, "clause look-up v1\x06people\x05email", 32))(t)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("a@b.example"))
	want := mac.Sum(nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				if got := k.Lookup("people", "email", "a@b.example"); !bytes.Equal(got[:], want) {
					t.Error("another hash")
				}
			}
		})
	}
	group.Wait()
}

// What runs on every request allocates nothing.
func TestSealOpenLookupDoNotAllocate(t *testing.T) {
	tenant, _, err := testRing(t).NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := tenant.NewSubjectKey("s1")
	if err != nil {
		t.Fatal(err)
	}
	bound, plain := make([]byte, 80), make([]byte, 300)
	sealed := must(s.Seal(nil, bound, plain))(t)
	tenant.Lookup("people", "email", "a@b.example")
	for name, run := range map[string]func(){
		"seal":      func() { sealed, _ = s.Seal(sealed[:0], bound, plain) },
		"open":      func() { plain, _ = s.Open(plain[:0], bound, sealed) },
		"destroyed": func() { tenant.ring.Destroyed(s.id) },
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
