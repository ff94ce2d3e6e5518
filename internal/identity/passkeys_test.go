package identity_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	virtual "github.com/descope/virtualwebauthn"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/passkey"
	"clause.dev/clause/internal/identity/session"
)

// device is somebody's telephone, at a site.
type device struct {
	*world
	at   *passkey.Party
	site virtual.RelyingParty
	auth virtual.Authenticator
	key  virtual.Credential
}

func (w *world) device() *device {
	w.Helper()
	at, err := passkey.New("Clesaro", "https://app.example.ae", [32]byte{3})
	w.must(err)
	return &device{
		world: w, at: at, site: virtual.RelyingParty{ID: "app.example.ae", Name: "Clesaro", Origin: "https://app.example.ae"},
		auth: virtual.NewAuthenticator(), key: wholeKey(),
	}
}

// wholeKey is a key as authenticators encode it, in 77 bytes (RFC 9053 section 7.1.1): the virtual one leaves out zeros
// at the front of a coordinate, once in 128 times.
func wholeKey() virtual.Credential {
	for {
		if c := virtual.NewCredential(virtual.KeyTypeEC2); len(c.Key.AttestationData()) == 77 {
			return c
		}
	}
}

// makes answers an offer.
func (d *device) makes(offer []byte) []byte {
	d.Helper()
	asked, err := virtual.ParseAttestationOptions(string(offer))
	d.must(err)
	d.auth.Options.UserHandle = []byte(asked.UserID)
	return []byte(virtual.CreateAttestationResponse(d.site, d.auth, d.key, *asked))
}

// add makes a passkey of somebody signed in.
func (d *device) add(s session.Session) {
	d.Helper()
	offer, err := d.OfferPasskey(d.Context(), tenant, d.at, s, strong, "My telephone")
	d.must(err)
	d.must(d.AddPasskey(d.Context(), tenant, d.at, s, "My telephone", d.makes(offer)))
}

func (d *device) asked() virtual.AssertionOptions {
	d.Helper()
	ask, err := d.AskPasskey(tenant, d.at)
	d.must(err)
	asked, err := virtual.ParseAssertionOptions(string(ask))
	d.must(err)
	return *asked
}

// signs answers what is asked to sign in.
func (d *device) signs() []byte {
	d.Helper()
	return []byte(virtual.CreateAssertionResponse(d.site, d.auth, d.key, d.asked()))
}

func (d *device) enter(answer []byte) (identity.SignedIn, error) {
	return d.SignInPasskey(d.Context(), tenant, d.at, answer, place, session.Device{})
}

// out checks that an answer signs nobody in.
func (d *device) out(why string, answer []byte) {
	d.Helper()
	d.forward(time.Minute) // it is not the number of attempts
	in, err := d.enter(answer)
	if !fault.Is(err, fault.Unauthenticated) || in.Token != "" {
		d.Errorf("%s: %v", why, err)
	}
}

// TestPasskeys: made, used in place of the password and the second factor, listed, removed.
func TestPasskeys(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in, d := w.join(ana, strong), w.device()
		_, err := w.OfferPasskey(t.Context(), tenant, d.at, in.Session, other, "My telephone")
		w.refused(fault.Refused, err)
		for _, name := range []string{"", "  ", strings.Repeat("a", 65), "a\u202eb", "\xff"} {
			_, err := w.OfferPasskey(t.Context(), tenant, d.at, in.Session, strong, name)
			w.refused(fault.Invalid, err)
		}
		w.forward(time.Hour)
		d.add(in.Session)
		w.last("account-passkey")
		got, err := d.enter(d.signs())
		w.must(err)
		if w.who(got.Token) != in.Session.Subject || got.Half || got.Session.Strong.IsZero() {
			t.Errorf("signed in as %+v", got)
		}
		list, err := w.Passkeys(t.Context(), tenant, got.Session)
		w.must(err)
		if len(list) != 1 || list[0].Name != "My telephone" || list[0].Used.IsZero() || list[0].Synced || list[0].Copied {
			t.Errorf("%+v", list)
		}
		if bytes.Contains(w.passkeyRows(), []byte("telephone")) || bytes.Contains(w.passkeyRows(), []byte(base64.StdEncoding.EncodeToString(d.key.ID))) {
			t.Error("a passkey is stored in the clear")
		}
		second := w.device()
		second.add(in.Session)
		if list, _ = w.Passkeys(t.Context(), tenant, in.Session); len(list) != 2 {
			t.Errorf("%+v", list)
		}
		offer, err := w.OfferPasskey(t.Context(), tenant, d.at, in.Session, strong, "My telephone")
		w.must(err)
		if asked, err := virtual.ParseAttestationOptions(string(offer)); err != nil || !d.key.IsExcludedForAttestation(*asked) || !second.key.IsExcludedForAttestation(*asked) {
			t.Errorf("a device is asked for a second passkey: %v", err)
		}
		w.must(w.DropPasskey(t.Context(), tenant, in.Session, list[0].ID))
		if w.who(got.Token) != "" || w.who(in.Token) == "" {
			t.Error("the sessions that end are the others")
		}
		d.out("removed", d.signs())
		w.refused(fault.NotFound, w.DropPasskey(t.Context(), tenant, in.Session, list[0].ID))
		_, err = second.enter(second.signs())
		w.must(err)
	})
}

// passkeyRows is every byte of the passkeys stored.
func (w *world) passkeyRows() []byte {
	w.Helper()
	var all bytes.Buffer
	w.must(w.DB.Read(w.Context(), tenant, func(tx *db.Tx) error {
		all.Reset()
		return tx.Each(`SELECT passkey_id, sealed FROM passkeys WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
			var id string
			var sealed []byte
			err := scan(&id, &sealed)
			all.WriteString(id)
			all.Write(sealed)
			return err
		})
	}))
	return all.Bytes()
}

// TestPasskeyAttacks: what is not the owner's answer to what was asked here and now signs nobody in.
func TestPasskeyAttacks(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in, d := w.join(ana, strong), w.device()
		d.add(in.Session)
		bob := w.join("bob@example.ae", other)
		thief := w.device()
		{ // Bob's own passkey, with Bob's password
			offer, err := w.OfferPasskey(t.Context(), tenant, thief.at, bob.Session, other, "Mine")
			w.must(err)
			w.must(w.AddPasskey(t.Context(), tenant, thief.at, bob.Session, "Mine", thief.makes(offer)))
		}
		answer := d.signs()
		_, err := d.enter(answer)
		w.must(err)
		d.out("the same answer again", answer)
		w.forward(5 * time.Minute)
		d.out("the same answer a while later", answer)

		for name, bend := range map[string]func(*device){
			"asked at another site":                   func(x *device) { x.site.Origin = "https://app.example.ae.evil.example" },
			"asked at a site of a like name":          func(x *device) { x.site.Origin = "https://xapp.example.ae" },
			"asked over plain HTTP":                   func(x *device) { x.site.Origin = "http://app.example.ae" },
			"asked at another port":                   func(x *device) { x.site.Origin = "https://app.example.ae:8443" },
			"the origin with somebody before":         func(x *device) { x.site.Origin = "https://evil@app.example.ae" },
			"the origin with a path":                  func(x *device) { x.site.Origin = "https://app.example.ae/evil" },
			"a key of another site":                   func(x *device) { x.site.ID = "evil.example" },
			"a key of the domain above":               func(x *device) { x.site.ID = "example.ae" },
			"nobody was recognised":                   func(x *device) { x.auth.Options.UserNotVerified = true },
			"nobody was there":                        func(x *device) { x.auth.Options.UserNotPresent = true },
			"another's name on one's own key":         func(x *device) { x.auth.Options.UserHandle = []byte(bob.Session.Subject) },
			"another's key under one's own name":      func(x *device) { x.key.ID = thief.key.ID },
			"one's own key under another's id":        func(x *device) { x.key.Key = thief.key.Key },
			"a key that nobody registered":            func(x *device) { x.key = virtual.NewCredential(virtual.KeyTypeEC2) },
			"nobody's name":                           func(x *device) { x.auth.Options.UserHandle = []byte("sub_none") },
			"no name":                                 func(x *device) { x.auth.Options.UserHandle = nil },
			"a synced key, where one was not, is one": func(x *device) { x.auth.Options.BackupEligible = true },
		} {
			bent := *d
			bend(&bent)
			bent.out(name, bent.signs())
		}
		for name, challenge := range map[string]func(virtual.AssertionOptions) []byte{
			"no challenge":        func(virtual.AssertionOptions) []byte { return nil },
			"a made-up challenge": func(virtual.AssertionOptions) []byte { return bytes.Repeat([]byte{7}, 56) },
			"a longer time": func(o virtual.AssertionOptions) []byte {
				c := slices.Clone(o.Challenge)
				c[18]++
				return c
			},
			"another signature": func(o virtual.AssertionOptions) []byte { c := slices.Clone(o.Challenge); c[55] ^= 1; return c },
			"of another server": func(virtual.AssertionOptions) []byte {
				foreign, _ := passkey.New("Clesaro", "https://app.example.ae", [32]byte{4})
				ask, _ := foreign.Ask(tenant, w.now())
				o, _ := virtual.ParseAssertionOptions(string(ask))
				return o.Challenge
			},
			"of another tenant": func(virtual.AssertionOptions) []byte {
				ask, _ := w.AskPasskey("elsewhere", d.at)
				o, _ := virtual.ParseAssertionOptions(string(ask))
				return o.Challenge
			},
			"for making one": func(virtual.AssertionOptions) []byte {
				offer, err := w.OfferPasskey(t.Context(), tenant, d.at, in.Session, strong, "x")
				w.must(err)
				o, _ := virtual.ParseAttestationOptions(string(offer))
				return o.Challenge
			},
		} {
			o := d.asked()
			o.Challenge = challenge(o)
			d.out(name, []byte(virtual.CreateAssertionResponse(d.site, d.auth, d.key, o)))
		}
		late := d.signs()
		w.forward(11 * time.Minute)
		d.out("too late", late)
		for _, broken := range []string{"", "null", "{}", `{"id":"x"}`, "[]", strings.Repeat(" ", 20<<10), strings.Repeat("[", 10000)} {
			d.out("what cannot be read", []byte(broken))
		}
		var said map[string]any
		w.must(json.Unmarshal(d.signs(), &said))
		said["response"].(map[string]any)["signature"] = "AAAA"
		forged, _ := json.Marshal(said)
		d.out("a forged signature", forged)

		_, err = d.enter(d.signs()) // and nobody locked its owner out
		w.must(err)
	})
}

// TestCopiedPasskey: a count that goes back says that there is a copy. Neither it nor the key is taken from then on.
func TestCopiedPasskey(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in, d := w.join(ana, strong), w.device()
		d.key.Counter = 4
		d.add(in.Session)
		d.key.Counter = 9
		_, err := d.enter(d.signs())
		w.must(err)
		copied := *d
		copied.key.Counter = 6
		copied.out("a copy", copied.signs())
		w.last("account-passkey-copied")
		mails := len(w.mails)
		d.key.Counter = 10
		d.out("the key that was copied", d.signs())
		if len(w.mails) != mails {
			t.Error("its owner is mailed again and again")
		}
		list, err := w.Passkeys(t.Context(), tenant, in.Session)
		w.must(err)
		if len(list) != 1 || !list[0].Copied {
			t.Errorf("%+v", list)
		}
		w.must(w.DropPasskey(t.Context(), tenant, in.Session, list[0].ID))
	})
}

// TestPasskeysAreMadeByTheirOwners: what was not asked of this session, with its password, is not taken.
func TestPasskeysAreMadeByTheirOwners(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in, d := w.join(ana, strong), w.device()
		bob := w.join("bob@example.ae", other)
		elsewhere, err := w.signIn(ana, strong)
		w.must(err)
		offer, err := w.OfferPasskey(t.Context(), tenant, d.at, in.Session, strong, "x")
		w.must(err)
		answer := d.makes(offer)
		add := func(s session.Session, answer []byte) error {
			return w.AddPasskey(t.Context(), tenant, d.at, s, "x", answer)
		}
		w.refused(fault.Refused, add(bob.Session, answer))       // another's
		w.refused(fault.Refused, add(elsewhere.Session, answer)) // one's own, in another browser
		for name, bend := range map[string]func(*device){
			"another site":          func(x *device) { x.site.Origin = "https://evil.example" },
			"a key of another site": func(x *device) { x.site.ID = "evil.example" },
			"nobody recognised":     func(x *device) { x.auth.Options.UserNotVerified = true },
		} {
			bent := *d
			bend(&bent)
			if err := add(in.Session, bent.makes(offer)); !fault.Is(err, fault.Refused) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.refused(fault.Refused, add(in.Session, d.signs())) // an answer to sign in makes none
		w.forward(11 * time.Minute)
		w.refused(fault.Refused, add(in.Session, answer))
		offer, err = w.OfferPasskey(t.Context(), tenant, d.at, in.Session, strong, "x")
		w.must(err)
		answer = d.makes(offer)
		w.must(add(in.Session, answer))
		w.refused(fault.Conflict, add(in.Session, answer)) // again
		w.forward(time.Hour)
		offer, err = w.OfferPasskey(t.Context(), tenant, d.at, bob.Session, other, "x")
		w.must(err)
		w.refused(fault.Conflict, add(bob.Session, d.makes(offer))) // Ana's key as Bob's own
		many := 1
		for range 12 {
			w.forward(time.Hour)
			x := w.device()
			offer, err := w.OfferPasskey(t.Context(), tenant, x.at, in.Session, strong, "x")
			if fault.Is(err, fault.Conflict) {
				break
			}
			w.must(err)
			w.must(add(in.Session, x.makes(offer)))
			many++
		}
		if many != 10 {
			t.Errorf("somebody has %d passkeys", many)
		}
	})
}

// TestOneAnswerOnceAtOnce: the same answer at the same moment signs in once.
func TestOneAnswerOnceAtOnce(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in, d := w.join(ana, strong), w.device()
		d.add(in.Session)
		answer := d.signs()
		var all sync.WaitGroup
		var mu sync.Mutex
		good := 0
		for range 8 {
			all.Go(func() {
				_, err := d.enter(answer)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					good++
				}
			})
		}
		all.Wait()
		if good != 1 {
			t.Errorf("one answer signed in %d times", good)
		}
	})
}

// TestPasskeySites: browsers make passkeys at names, over HTTPS.
func TestPasskeySites(t *testing.T) {
	for at, good := range map[string]bool{
		"https://app.example.ae": true, "https://APP.example.ae:443/": true, "https://localhost:8444": true, "http://app.example.ae": false,
		"https://192.0.2.7": false, "https://[2001:db8::1]:8444": false, "": false, "app.example.ae": false,
	} {
		if _, err := passkey.New("Clesaro", at, [32]byte{}); (err == nil) != good || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// FuzzPasskeyAnswer: whatever a browser sends is read, or refused.
func FuzzPasskeyAnswer(f *testing.F) {
	at, err := passkey.New("Clesaro", "https://app.example.ae", [32]byte{3})
	if err != nil {
		f.Fatal(err)
	}
	site := virtual.RelyingParty{ID: "app.example.ae", Name: "Clesaro", Origin: "https://app.example.ae"}
	auth, key := virtual.NewAuthenticatorWithOptions(virtual.AuthenticatorOptions{UserHandle: []byte("sub")}), virtual.NewCredential(virtual.KeyTypeEC2)
	f.Add([]byte(virtual.CreateAssertionResponse(site, auth, key, virtual.AssertionOptions{Challenge: make([]byte, 56)})))
	f.Add([]byte(virtual.CreateAttestationResponse(site, auth, key, virtual.AttestationOptions{Challenge: make([]byte, 56)})))
	f.Add([]byte(`{}`))
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, answer []byte) {
		if a, err := passkey.Read(answer); err == nil {
			if _, err := at.Verify(tenant, a, passkey.Key{ID: a.ID, Public: answer}, now); err == nil {
				t.Error("taken")
			}
		}
		if _, _, err := at.Made(passkey.Maker{Tenant: tenant, Subject: "sub", Session: "s"}, answer, now); err == nil {
			t.Error("taken")
		}
	})
}
