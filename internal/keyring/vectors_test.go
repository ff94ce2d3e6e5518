package keyring

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

type gcmVector struct {
	ID      int `json:"tcId"`
	Comment string
	Key     string
	Nonce   string `json:"iv"`
	Bound   string `json:"aad"`
	Plain   string `json:"msg"`
	Cipher  string `json:"ct"`
	Tag     string
	Result  string
}

// The layout of everything sealed here, nonce ‖ ciphertext ‖ tag, against vectors made by others.
func TestWycheproofAES256GCM(t *testing.T) {
	text := must(os.ReadFile("testdata/wycheproof/aes_256_gcm.json"))(t)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var vectors []gcmVector
	if err := decoder.Decode(&vectors); err != nil || len(vectors) != 66 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		if v.Result != "valid" && v.Result != "invalid" {
			t.Fatalf("vector %d: unknown result %q", v.ID, v.Result)
		}
		sealed := slices.Concat(unhex(t, v.Nonce), unhex(t, v.Cipher), unhex(t, v.Tag))
		plain, err := newAEAD(unhex(t, v.Key)).Open(nil, nil, sealed, unhex(t, v.Bound))
		if (err == nil) != (v.Result == "valid") || err == nil && !bytes.Equal(plain, unhex(t, v.Plain)) {
			t.Errorf("vector %d (%s): %v", v.ID, v.Comment, err)
		}
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	return must(hex.DecodeString(text))(t)
}

// fixedRing is a ring whose keys are known, to open what older versions sealed.
func fixedRing() *Ring {
	r := &Ring{store: ID{1}}
	key := [keySize]byte{2}
	r.epochs.Store(&epochTable{
		list: []Epoch{{Number: 1, Began: noon}}, keys: map[int64]*epochKey{1: newEpochKey(key[:])},
	})
	return r
}

// Sealed by version 1 of the formats: stores and backups hold such bytes, so they must open for ever.
func TestSealedFormatsAreStable(t *testing.T) {
	const (
		tenantKey  = "01a93c48380b2f5b755491b988bf72704093a7bb28db972e7de9efdf6c7ad764dbeef67b4943b678eb23bebd306051b3a69f30b75f5c80128f3b154486"
		subjectKey = "018eadeeba4f4397db0e6d9e92e7ff0ff8651858be0b036dd50d7bb3a252496440fbb1891acc5203ff0a3a2816f52d559c2a86bbfd893fe569d92292d3"
		record     = "764088b7d5ec649a96a71b9742f6db36d7b7d67cc368b73199748822aab7deed6a4b"
		tenantData = "ddc74bda105ae5693f6d6de923cc7b74b5572918f6bda654eea3edbef82e9a4166fe9e04bf656f"
		backupKey  = "6dd35a1b91910517125f2dffa37b373f7f5411c772be7f4e41f25a485dca8a42aec9c7a55ec2"
	)
	r := fixedRing()
	tenant := must(r.OpenTenantKey("acme", ID{3}, 1, unhex(t, tenantKey)))(t)
	subject := must(tenant.OpenSubjectKey("s1", ID{4}, unhex(t, subjectKey)))(t)
	for name, got := range map[string][]byte{
		"record":      must(subject.Open(nil, []byte("row"), unhex(t, record)))(t),
		"tenant data": must(tenant.Open([]byte("row"), unhex(t, tenantData)))(t),
		"backup key":  must(r.OpenBackupKey(1, unhex(t, backupKey), []byte("row")))(t),
	} {
		if string(got) != name {
			t.Errorf("%s opens to %q", name, got)
		}
	}
}
