package publish

import (
	"encoding/hex"
	"testing"
)

// The vector is that of RFC 9562, appendix A.4: www.example.com in the name space of DNS.
func TestUUIDsAreThoseOfTheRFC(t *testing.T) {
	dns := [16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	got := uuid5(dns, "www.example.com")
	if hex.EncodeToString(got[:]) != "2ed6657de927568b95e12665a8aea6a2" {
		t.Errorf("got %x", got)
	}
}

func TestUUIDsTellPartsApart(t *testing.T) {
	if uuid("a", "bc") == uuid("ab", "c") {
		t.Error("two things have one name")
	}
	if first, again := uuid("a", "b"), uuid("a", "b"); first != again {
		t.Error("a thing has two names")
	}
}
