// Package passkey holds passkeys: keys that a person's device keeps, and signs with once the person has shown
// it a finger, a face or a PIN (W3C Web Authentication Level 3). One stands for both factors: having the
// device, and being who unlocks it.
//
// A browser uses a key at the site alone that it was made for, and says in what is signed which site asked:
// whoever lures somebody to another site gets nothing that opens this one.
package passkey

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"clause.dev/clause/internal/fault"
)

// Party is the site that passkeys are made for: the relying party. Safe for use by many at once.
type Party struct {
	web    *webauthn.WebAuthn
	origin string
	key    [32]byte // signs challenges
}

// Key is a passkey as it is kept. No attestation is asked for or kept: which make of device somebody has is
// nothing we need to know.
type Key struct {
	ID     []byte    `json:"id"`
	Public []byte    `json:"public"` // a COSE key
	Count  uint32    `json:"count"`  // of what it has signed; 0 for one that does not count
	Synced bool      `json:"synced"` // it may be on several devices of the person, by their own account elsewhere
	Copied bool      `json:"copied"` // its count went back: somebody may have a copy of it
	Name   string    `json:"name"`   // given by the person
	Added  time.Time `json:"added"`
	Used   time.Time `json:"used,omitzero"`
}

// MaxName is the longest name of a passkey, in bytes: longer ones are cut by devices too.
const MaxName = 64

// maxAnswer bounds what a browser sends, in bytes.
const maxAnswer = 16 << 10

// New returns the site at an address such as https://app.acme.example, for an organisation of a name. Invalid
// if browsers make no passkeys there: over plain HTTP, and where the host is an IP address.
func New(organisation, address string, key [32]byte) (*Party, error) {
	const op = "passkey.New"
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(op, fault.Invalid, "passkeys are made at an https address, which %q is not", address)
	}
	p := &Party{origin: "https://" + strings.ToLower(u.Host), key: key}
	if u.Port() == "443" {
		p.origin = "https://" + strings.ToLower(u.Hostname())
	}
	if err := protocol.ValidateRPID(u.Hostname()); err != nil {
		return nil, fault.New(op, fault.Invalid, "passkeys are made for a name, which %q is not", u.Hostname())
	}
	p.web, err = webauthn.New(&webauthn.Config{
		RPID: strings.ToLower(u.Hostname()), RPDisplayName: organisation, RPOrigins: []string{p.origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	return p, fault.As(op, fault.Invalid, err)
}

// Maker is somebody signed in, who makes a passkey. A challenge of one session is none in another.
type Maker struct {
	Tenant, Subject, Session string
	Name                     string // what the device calls the account
}

func (m *Maker) whom() []string { return []string{m.Tenant, m.Subject, m.Session} }

// user is somebody as the library asks for them.
type user struct {
	subject, name string
	keys          []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return []byte(u.subject) }
func (u *user) WebAuthnName() string                       { return u.name }
func (u *user) WebAuthnDisplayName() string                { return u.name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

// the ceremonies that a challenge is for.
const (
	adding    = "add a passkey"
	signingIn = "sign in with a passkey"
)

// Offer is what a browser is asked to make a passkey by, as JSON. A device that has one of those makes no other.
func (p *Party) Offer(m Maker, has []Key, now time.Time) ([]byte, error) {
	made, _, err := p.web.BeginRegistration(&user{subject: m.Subject, name: m.Name},
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()), webauthn.WithExclusions(descriptors(has)),
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = p.challenge(adding, m.whom(), now)
			return nil
		})
	if err != nil {
		return nil, fault.As("passkey.Offer", fault.Other, err)
	}
	return marshal(made.Response)
}

// Ask is what a browser is asked to sign in by, as JSON. It names nobody: the person picks the passkey.
func (p *Party) Ask(tenant string, now time.Time) ([]byte, error) {
	made, _, err := p.web.BeginDiscoverableLogin(webauthn.WithChallenge(p.challenge(signingIn, []string{tenant}, now)))
	if err != nil {
		return nil, fault.As("passkey.Ask", fault.Other, err)
	}
	return marshal(made.Response)
}

func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return b, fault.As("passkey.marshal", fault.Other, err)
}

func descriptors(keys []Key) []protocol.CredentialDescriptor {
	all := make([]protocol.CredentialDescriptor, len(keys))
	for i := range keys {
		all[i] = protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: keys[i].ID}
	}
	return all
}

// Made returns the passkey that a browser made at an offer. What is wrong with it is one fault, Unauthenticated.
func (p *Party) Made(m Maker, answer []byte, now time.Time) (Key, Once, error) {
	if len(answer) > maxAnswer {
		return Key{}, Once{}, wrong()
	}
	made, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Key{}, Once{}, wrong()
	}
	said := &made.Response.CollectedClientData
	once, err := p.mine(adding, m.whom(), said.Challenge, now)
	if err != nil {
		return Key{}, Once{}, err
	}
	c, err := p.web.CreateCredential(&user{subject: m.Subject}, webauthn.SessionData{
		Challenge: said.Challenge, RelyingPartyID: p.web.Config.RPID, UserID: []byte(m.Subject),
		UserVerification: protocol.VerificationRequired, CredParams: webauthn.CredentialParametersRecommendedL3(),
	}, made)
	if err != nil || said.Origin != p.origin {
		return Key{}, Once{}, wrong()
	}
	return Key{ID: c.ID, Public: c.PublicKey, Count: c.Authenticator.SignCount, Synced: c.Flags.BackupEligible, Name: m.Name, Added: now}, once, nil
}

// Answer is what a browser signed in by: read, and not yet believed.
type Answer struct {
	Subject string // whose it says to be
	ID      []byte // of the key
	Count   uint32 // of what the key has signed
	read    *protocol.ParsedCredentialAssertionData
}

// Read reads what a browser answered.
func Read(answer []byte) (*Answer, error) {
	if len(answer) > maxAnswer {
		return nil, wrong()
	}
	read, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil || len(read.Response.UserHandle) == 0 {
		return nil, wrong()
	}
	return &Answer{Subject: string(read.Response.UserHandle), ID: read.RawID, Count: read.Response.AuthenticatorData.Counter, read: read}, nil
}

// Verify returns what must be noted of an answer, if the key made it for this site now, and its owner was
// there and was recognised. What is wrong with it is one fault, Unauthenticated. It does not look at the
// count: see Advance.
func (p *Party) Verify(tenant string, a *Answer, by Key, now time.Time) (Once, error) {
	said := &a.read.Response.CollectedClientData
	once, err := p.mine(signingIn, []string{tenant}, said.Challenge, now)
	if err != nil {
		return Once{}, err
	}
	known := webauthn.Credential{ID: by.ID, PublicKey: by.Public, Flags: webauthn.CredentialFlags{BackupEligible: by.Synced}}
	find := func(_, handle []byte) (webauthn.User, error) {
		return &user{subject: string(handle), keys: []webauthn.Credential{known}}, nil
	}
	_, err = p.web.ValidateDiscoverableLogin(find, webauthn.SessionData{
		Challenge: said.Challenge, RelyingPartyID: p.web.Config.RPID, UserVerification: protocol.VerificationRequired,
	}, a.read)
	if err != nil || said.Origin != p.origin {
		return Once{}, wrong()
	}
	return once, nil
}

// Advance takes over the count of an answer. A count that does not grow says that two devices sign with one
// key, one of them a copy: the key is good for nothing from then on, and Advance reports false.
func (k *Key) Advance(a *Answer, now time.Time) bool {
	if a.Count <= k.Count && (a.Count != 0 || k.Count != 0) {
		k.Copied = true
	}
	if k.Copied {
		return false
	}
	k.Count, k.Used = a.Count, now
	return true
}

func wrong() error {
	return fault.New("passkey", fault.Unauthenticated, "the passkey is not right")
}
