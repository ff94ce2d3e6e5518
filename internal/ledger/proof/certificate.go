package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// What a certificate of erasure is about.
const (
	OfPerson = "person"
	OfTenant = "off-boarding"
)

// The kinds of the entries that a certificate rests on. Each carries the certificate's id.
const (
	KindKeyDestroyed = "key.destroyed"     // details key, at
	KindErased       = "erasure.certified" // details left, and the number of what went, by table and data set
)

// Certificate says what was erased, when, and by which keys' destruction. It is signed by the key of the log
// that tells of the erasure, and holds the entries with their proofs, so that anybody who has that key can
// check it without the server. It names no person: About is the id that whoever asked gave the erasure.
type Certificate struct {
	Format    int              `json:"clause_certificate"`
	ID        string           `json:"id"`
	Kind      string           `json:"kind"`
	About     string           `json:"about,omitempty"`
	Issuer    string           `json:"issuer"` // the organisation, as its policy names it
	Log       string           `json:"log"`    // the origin of the log, which ends with the tenant
	Opened    time.Time        `json:"opened"` // when the erasure was asked for
	Erased    time.Time        `json:"erased"` // when the last of the keys was destroyed
	Issued    time.Time        `json:"issued"`
	Keys      []string         `json:"keys_destroyed"`
	Removed   map[string]int64 `json:"removed"` // rows by table, records by data set, and blobs
	Entries   []ProvenEntry    `json:"entries"`
	Key       string           `json:"key"`       // that verifies the signature, and the log
	Signature string           `json:"signature"` // of the note that Text is, as c2sp.org/signed-note writes it
}

// ProvenEntry is an entry of a log, and the proof that it is there.
type ProvenEntry struct {
	Entry string `json:"entry"`
	Proof string `json:"proof"` // c2sp.org/tlog-proof
}

const (
	// CertificateFormat is the format of certificates.
	CertificateFormat = 1
	maxCertificate    = 1 << 20
	// certificateHeader tells a note of this kind from any other that the key signs.
	certificateHeader = "clause certificate of erasure v1\n"
)

// Text is what is signed: a note of the digest of the certificate without its signature.
func (c *Certificate) Text() (string, error) {
	bare := *c
	bare.Signature = ""
	body, err := bare.marshal()
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(body)
	return certificateHeader + hex.EncodeToString(digest[:]) + "\n", nil
}

// Marshal is the certificate's one form: indented JSON.
func (c *Certificate) Marshal() ([]byte, error) { return c.marshal() }

func (c *Certificate) marshal() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(c)
	return out.Bytes(), err
}

// ParseCertificate reads what Marshal wrote, and nothing else: one certificate has one form, so that no byte
// of it can be changed unseen. It checks nothing more.
func ParseCertificate(data []byte) (Certificate, error) {
	bad := errors.New("not a certificate of erasure, or changed since it was issued")
	var c Certificate
	if len(data) > maxCertificate || json.Unmarshal(data, &c) != nil || c.Format != CertificateFormat {
		return Certificate{}, bad
	}
	again, err := c.marshal()
	if err != nil || !bytes.Equal(again, data) {
		return Certificate{}, bad
	}
	return c, nil
}

// VerifyCertificate checks a certificate: its signature, that each of its entries is in the log, and that it
// says what these say. key is the log's verifier key, from somewhere else than the certificate; "" takes the
// certificate's word for it.
func VerifyCertificate(data []byte, key string) (Certificate, error) {
	c, err := ParseCertificate(data)
	if err != nil {
		return Certificate{}, err
	}
	if key == "" {
		key = c.Key
	}
	if key, err = KeyFor(key, TenantOf(c.Log)); err != nil {
		return Certificate{}, err
	}
	if err := c.signed(key); err != nil {
		return Certificate{}, err
	}
	if err := c.proven(key); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

func (c *Certificate) signed(key string) error {
	v, err := note.NewVerifier(key)
	if err != nil {
		return errors.New("the verifier key is malformed")
	}
	if c.Key != key || c.Log != v.Name() {
		return errors.New("the certificate is of another log than the key")
	}
	text, err := c.Text()
	if err != nil {
		return err
	}
	n, err := note.Open([]byte(text+"\n"+c.Signature), note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return errors.New("the certificate is not signed by the key of its log, or was changed since")
	}
	// The note's reader passes over the bits that base64 leaves unused: one certificate has one form.
	if _, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil {
		return errors.New("the certificate was changed since it was signed")
	}
	return nil
}

// proven holds the certificate against its entries.
func (c *Certificate) proven(key string) error {
	told := Certificate{Removed: map[string]int64{}}
	for i, p := range c.Entries {
		inclusion, err := ParseInclusion([]byte(p.Proof))
		if err != nil {
			return fmt.Errorf("the proof of entry %d is malformed", i+1)
		}
		if _, err := inclusion.Verify([]byte(p.Entry), key); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
		e, err := Parse([]byte(p.Entry))
		if err != nil || e.Seq != inclusion.Index || e.Detail["certificate"] != c.ID {
			return fmt.Errorf("entry %d is not of this erasure", i+1)
		}
		if err := told.tell(e); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return c.agrees(&told)
}

// tell adds what an entry tells.
func (c *Certificate) tell(e Entry) error {
	switch e.Kind {
	case KindKeyDestroyed:
		at, err := time.Parse(time.RFC3339Nano, e.Detail["at"])
		if err != nil || e.Detail["key"] == "" {
			return errors.New("it names no key, or no time")
		}
		c.Keys = append(c.Keys, e.Detail["key"])
		if at.After(c.Erased) {
			c.Erased = at
		}
	case KindErased:
		for label, number := range e.Detail {
			if label == "certificate" {
				continue
			}
			n, err := strconv.ParseInt(number, 10, 64)
			if err != nil || n < 0 || label == "left" && n != 0 {
				return errors.New("something was left, or is not counted")
			}
			if label != "left" {
				c.Removed[label] += n
			}
		}
	default:
		return errors.New("it is of another kind")
	}
	return nil
}

// agrees compares what the certificate says with what its entries tell.
func (c *Certificate) agrees(told *Certificate) error {
	keys := slices.Clone(c.Keys)
	slices.Sort(keys)
	slices.Sort(told.Keys)
	switch {
	case c.Kind != OfPerson && c.Kind != OfTenant:
		return errors.New("the certificate is of an unknown kind")
	case len(keys) == 0 || !slices.Equal(keys, told.Keys) || len(slices.Compact(keys)) != len(told.Keys):
		return errors.New("the ledger tells of other keys")
	case !maps.Equal(c.Removed, told.Removed):
		return errors.New("the ledger tells of other data")
	case !c.Erased.Equal(told.Erased):
		return errors.New("the ledger tells of another time")
	case c.Erased.Before(c.Opened) || c.Issued.Before(c.Erased):
		return errors.New("the times are out of order")
	}
	return nil
}
