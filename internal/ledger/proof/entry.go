package proof

import (
	"fmt"
	"strconv"
	"time"
)

// Allow and Refuse are what Entry.Answer may say, besides nothing.
const (
	Allow  = "allow"
	Refuse = "refuse"
)

// KindTenantHead is the kind of an entry of the organisation's log that holds a tenant's head:
// its details are tenant, size and root (hexadecimal).
const KindTenantHead = "tenant-head"

// Entry is one thing that happened. It names people by alias only and holds no personal data:
// Validate admits ids and fixed words, nothing that could carry a name, an address or a value.
type Entry struct {
	Seq       int64             // its index in the log, from 0
	Time      time.Time         // UTC, to the microsecond; never before the previous entry's
	Kind      string            // what happened, e.g. "record.read"; required
	Actor     string            // id of the application, person or part of the server that did it
	Subject   string            // random alias of the person concerned
	DataSet   string            // id in the policy
	Record    string            // id
	Version   int64             // of the record, 0 when it has none
	Purpose   string            // id in the policy
	Recipient string            // id in the policy
	Answer    string            // Allow, Refuse or ""
	Reason    string            // an id, or plain lower-case words from a fixed list
	Clauses   []string          // ids of the clauses it rests on
	Detail    map[string]string // ids to ids
}

// timeLayout is RFC 3339 in UTC with exactly six digits of fraction.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Append appends the entry's canonical bytes to dst: JSON without spaces, keys in the order of
// the struct, empty ones left out, details sorted. The entry must be valid, so nothing needs
// escaping.
func (e *Entry) Append(dst []byte) []byte {
	dst = append(dst, `{"seq":`...)
	dst = strconv.AppendInt(dst, e.Seq, 10)
	dst = append(dst, `,"time":"`...)
	dst = appendTime(dst, e.Time.UTC())
	dst = append(dst, '"')
	dst = appendField(dst, `,"kind":"`, e.Kind)
	dst = appendField(dst, `,"actor":"`, e.Actor)
	dst = appendField(dst, `,"subject":"`, e.Subject)
	dst = appendField(dst, `,"data_set":"`, e.DataSet)
	dst = appendField(dst, `,"record":"`, e.Record)
	if e.Version != 0 {
		dst = append(dst, `,"version":`...)
		dst = strconv.AppendInt(dst, e.Version, 10)
	}
	dst = appendField(dst, `,"purpose":"`, e.Purpose)
	dst = appendField(dst, `,"recipient":"`, e.Recipient)
	dst = appendField(dst, `,"answer":"`, e.Answer)
	dst = appendField(dst, `,"reason":"`, e.Reason)
	dst = appendClauses(dst, e.Clauses)
	dst = appendDetail(dst, e.Detail)
	return append(dst, '}')
}

// appendTime is AppendFormat of timeLayout at a third of its cost, for years 1 to 9999.
func appendTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendPair(appendPair(dst, year/100), year%100)
	dst = appendPair(append(dst, '-'), int(month))
	dst = appendPair(append(dst, '-'), day)
	dst = appendPair(append(dst, 'T'), hour)
	dst = appendPair(append(dst, ':'), minute)
	dst = appendPair(append(dst, ':'), second)
	micro := t.Nanosecond() / 1000
	dst = appendPair(append(dst, '.'), micro/10000)
	dst = appendPair(appendPair(dst, micro/100%100), micro%100)
	return append(dst, 'Z')
}

func appendPair(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func appendField(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, key...)
	dst = append(dst, value...)
	return append(dst, '"')
}

func appendClauses(dst []byte, clauses []string) []byte {
	if len(clauses) == 0 {
		return dst
	}
	dst = append(dst, `,"clauses":`...)
	for i, c := range clauses {
		open := byte(',')
		if i == 0 {
			open = '['
		}
		dst = append(dst, open, '"')
		dst = append(dst, c...)
		dst = append(dst, '"')
	}
	return append(dst, ']')
}

func appendDetail(dst []byte, detail map[string]string) []byte {
	if len(detail) == 0 {
		return dst
	}
	// An insertion sort over an array on the stack: details are few, and this allocates nothing.
	var array [MaxDetail]string
	keys := array[:0]
	for k := range detail {
		i := len(keys)
		keys = append(keys, k)
		for ; i > 0 && keys[i-1] > k; i-- {
			keys[i] = keys[i-1]
		}
		keys[i] = k
	}
	dst = append(dst, `,"detail":`...)
	for i, k := range keys {
		open := byte(',')
		if i == 0 {
			open = '{'
		}
		dst = append(dst, open, '"')
		dst = append(dst, k...)
		dst = append(dst, '"', ':', '"')
		dst = append(dst, detail[k]...)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// Validate says which field could not stand in an entry: ids are at most MaxID of letters, digits
// and _ . : -, the reason is an id or lower-case words. The value itself is not in the error.
func (e *Entry) Validate() error {
	if e.Seq < 0 {
		return &FieldError{"seq"}
	}
	if y := e.Time.UTC().Year(); y < 1 || y > 9999 || e.Time.Nanosecond()%1000 != 0 {
		return &FieldError{"time"}
	}
	if e.Kind == "" {
		return &FieldError{"kind"}
	}
	if e.Version < 0 {
		return &FieldError{"version"}
	}
	for _, f := range [...]struct{ name, value string }{
		{"kind", e.Kind}, {"actor", e.Actor}, {"subject", e.Subject}, {"data_set", e.DataSet}, {"record", e.Record},
		{"purpose", e.Purpose}, {"recipient", e.Recipient},
	} {
		if !isID(f.value) {
			return &FieldError{f.name}
		}
	}
	if e.Answer != "" && e.Answer != Allow && e.Answer != Refuse {
		return &FieldError{"answer"}
	}
	if !isID(e.Reason) && !isWords(e.Reason) {
		return &FieldError{"reason"}
	}
	return e.validateLists()
}

func (e *Entry) validateLists() error {
	if len(e.Clauses) > MaxClauses {
		return &FieldError{"clauses"}
	}
	for _, c := range e.Clauses {
		if c == "" || !isID(c) {
			return &FieldError{"clauses"}
		}
	}
	if len(e.Detail) > MaxDetail {
		return &FieldError{"detail"}
	}
	for k, v := range e.Detail {
		if k == "" || !isID(k) || !isID(v) {
			return &FieldError{"detail"}
		}
	}
	return nil
}

// FieldError names the field of an entry that cannot stand in a log.
type FieldError struct{ Field string }

func (e *FieldError) Error() string {
	return fmt.Sprintf("the entry's %s is not in the ledger's form", e.Field)
}

// idByte is the ledger's alphabet: no space and no @, so that names and addresses do not fit, and
// nothing that JSON would escape.
var idByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '_' || c == '.' || c == ':' || c == '-'
	}
	return t
}()

func isID(s string) bool {
	if len(s) > MaxID {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !idByte[s[i]] {
			return false
		}
	}
	return true
}

func isWords(s string) bool {
	if len(s) > MaxID {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && c != ' ' && c != ',' && c != '\'' && c != '-' {
			return false
		}
	}
	return true
}
