package keyring

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// The files of the folder, except destroyed.log (see destroyed.go).
const (
	epochPrefix = "epoch-"
	ledgerName  = "ledger.key"
	storeName   = "store.id"
)

func epochName(number int64) string { return epochPrefix + strconv.FormatInt(number, 10) + ".key" }
func goneName(number int64) string  { return epochPrefix + strconv.FormatInt(number, 10) + ".gone" }

// epochNumber reads the number back from a name; suffix is ".key" or ".gone".
func epochNumber(name, suffix string) (int64, bool) {
	digits, isEpoch := strings.CutPrefix(name, epochPrefix)
	digits, hasSuffix := strings.CutSuffix(digits, suffix)
	number, err := strconv.ParseInt(digits, 10, 64)
	ok := isEpoch && hasSuffix && err == nil && number > 0 && strconv.FormatInt(number, 10) == digits
	return number, ok
}

// fileKind is the first line of a file, and says which lines follow.
type fileKind string

const (
	kindStore  fileKind = "clause store id v1"        // store
	kindLedger fileKind = "clause ledger key v1"      // store, sealed
	kindEpoch  fileKind = "clause epoch key v1"       // store, number, began, sealed
	kindGone   fileKind = "clause epoch destroyed v1" // store, number, began, destroyed
)

var fileLines = map[fileKind][]string{
	kindStore:  {"store"},
	kindLedger: {"store", "sealed"},
	kindEpoch:  {"store", "number", "began", "sealed"},
	kindGone:   {"store", "number", "began", "destroyed"},
}

// keyFile is any of the folder's small files: lines of "name value", and a checksum that tells damage
// from a wrong root key. Only the bytes that encode writes are accepted by parseKeyFile.
type keyFile struct {
	kind      fileKind
	store     ID
	number    int64
	began     time.Time
	destroyed time.Time
	sealed    []byte
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// bound is what the sealed key is bound to: every line above it.
func (k *keyFile) bound() []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s\n", k.kind)
	for _, name := range fileLines[k.kind] {
		if name != "sealed" {
			fmt.Fprintf(&text, "%s %s\n", name, k.value(name))
		}
	}
	return text.Bytes()
}

func (k *keyFile) encode() []byte {
	text := k.bound()
	if k.sealed != nil {
		text = fmt.Appendf(text, "sealed %s\n", k.value("sealed"))
	}
	return fmt.Appendf(text, "sum %08x\n", checksum(text))
}

func (k *keyFile) value(name string) string {
	switch name {
	case "store":
		return k.store.String()
	case "number":
		return strconv.FormatInt(k.number, 10)
	case "began":
		return k.began.Format(timeLayout)
	case "destroyed":
		return k.destroyed.Format(timeLayout)
	}
	return base64.StdEncoding.EncodeToString(k.sealed)
}

func (k *keyFile) set(name, value string) (err error) {
	switch name {
	case "store":
		k.store, err = ParseID(value)
	case "number":
		k.number, err = strconv.ParseInt(value, 10, 64)
	case "began":
		k.began, err = time.Parse(timeLayout, value)
	case "destroyed":
		k.destroyed, err = time.Parse(timeLayout, value)
	default:
		k.sealed, err = base64.StdEncoding.Strict().DecodeString(value)
	}
	return err
}

// parseKeyFile reads a file of the kind. Its failure means damage, never a wrong root key.
func parseKeyFile(kind fileKind, text []byte) (*keyFile, error) {
	lines := strings.Split(string(text), "\n")
	names := fileLines[kind]
	if len(lines) != len(names)+3 || lines[0] != string(kind) {
		return nil, damaged()
	}
	k := &keyFile{kind: kind}
	for i, name := range names {
		value, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok || k.set(name, value) != nil {
			return nil, damaged()
		}
	}
	// One encoding only: what is read is what would be written, the checksum included.
	if !bytes.Equal(k.encode(), text) {
		return nil, damaged()
	}
	return k, nil
}

func damaged() error {
	return fault.New("keyring.parse", fault.Invalid, "the file is damaged").
		WithHint("put back the copy of the key folder, see docs/keys.md; do not edit its files")
}

func checksum(text []byte) uint32 {
	return crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli))
}
