package vault

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// defaultTextMax is the longest text, in bytes, of a field that names no other bound.
const defaultTextMax = 4096

var (
	phonePattern = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)                             // E.164
	moneyPattern = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})? [A-Z]{3}$`) // and an ISO 4217 code
)

// canonical returns the one JSON form of a field's value, or says what is wrong with it without
// repeating it: a rejected value may be personal data.
func canonical(f *policy.Field, raw json.RawMessage) ([]byte, error) {
	bad := func(want string) error {
		return fault.New("vault.canonical", fault.Invalid, "the field must be %s", want).WithField("fields." + f.ID)
	}
	switch f.Type {
	case policy.Bool:
		if s := string(bytes.TrimSpace(raw)); s == "true" || s == "false" {
			return []byte(s), nil
		}
		return nil, bad("true or false")
	case policy.Integer:
		text := string(bytes.TrimSpace(raw))
		n, err := strconv.ParseInt(text, 10, 64)
		out := strconv.AppendInt(nil, n, 10)
		if err != nil || (string(out) != text && text != "-0") { // ParseInt takes +1 and 01, JSON does not
			return nil, bad("a whole number of 64 bits")
		}
		return out, nil
	case policy.Blob:
		return nil, fault.New("vault.canonical", fault.Invalid, "the field is a blob: upload it to its own address").
			WithField("fields." + f.ID)
	}
	text, ok := jsonText(raw)
	if !ok {
		return nil, bad("a text in valid UTF-8")
	}
	text, want := canonicalText(f, text)
	if want != "" {
		return nil, bad(want)
	}
	return appendJSONText(nil, text), nil
}

// canonicalText checks a value that travels as a JSON string; want says what it should have been.
func canonicalText(f *policy.Field, text string) (value, want string) {
	switch f.Type {
	case policy.Text:
		limit := f.Max
		if limit == 0 {
			limit = defaultTextMax
		}
		if len(text) > limit {
			return "", "a text of at most " + strconv.Itoa(limit) + " bytes"
		}
	case policy.Date:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "", "a date such as 2026-01-31"
		}
	case policy.Money:
		return canonicalMoney(text)
	case policy.Email:
		return canonicalEmail(text)
	case policy.Phone:
		if !phonePattern.MatchString(text) {
			return "", "a phone number in E.164 form, such as +97140000000"
		}
	case policy.Enum:
		for _, v := range f.Values {
			if v == text {
				return text, ""
			}
		}
		return "", "one of " + strings.Join(f.Values, ", ")
	default:
		return "", "of a type this server knows"
	}
	return text, ""
}

// canonicalMoney accepts "1250.00 AED": at most 15 digits before the point and 4 after it, which the
// decimals of statistics hold without rounding, and a currency.
func canonicalMoney(text string) (value, want string) {
	if !moneyPattern.MatchString(text) {
		return "", `an amount and a currency, such as "1250.00 AED"`
	}
	if digits := strings.Trim(text[:len(text)-4], "-0."); digits == "" {
		text = strings.TrimPrefix(text, "-") // nothing is owed or had: there is one zero
	}
	return text, ""
}

// canonicalEmail accepts a bare address (RFC 5322 addr-spec) and lowers its domain, which is
// case-insensitive (RFC 5321 section 2.4).
func canonicalEmail(text string) (value, want string) {
	const form = "an e-mail address"
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || len(text) > 254 {
		return "", form
	}
	at := strings.LastIndexByte(text, '@')
	return text[:at] + strings.ToLower(text[at:]), ""
}

// lookupValue is the form in which a value is looked up: e-mail addresses without regard to case,
// so that one mailbox is not registered twice.
func lookupValue(f *policy.Field, canonical []byte) string {
	if f.Type == policy.Email {
		return strings.ToLower(string(canonical))
	}
	return string(canonical)
}

func jsonText(raw json.RawMessage) (string, bool) {
	if n := len(raw); n >= 2 && raw[0] == '"' && raw[n-1] == '"' && plain(raw[1:n-1]) {
		return string(raw[1 : n-1]), true
	}
	if !utf8.Valid(raw) {
		return "", false
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || strings.ContainsRune(text, 0) {
		return "", false
	}
	// A lone surrogate becomes U+FFFD: refuse it rather than store another value than was sent.
	if strings.Count(text, "\uFFFD") != bytes.Count(raw, []byte("\uFFFD")) {
		return "", false
	}
	return text, true
}

// plain reports whether the bytes stand in JSON as they are, in the one form that json.Marshal gives
// them: nearly all that is ever stored, and by far quicker to tell than to parse.
func plain[T ~string | ~[]byte](text T) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c < ' ' || c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

func appendJSONText(dst []byte, text string) []byte {
	if plain(text) {
		return append(append(append(dst, '"'), text...), '"')
	}
	encoded, err := json.Marshal(text)
	if err != nil { // a string of valid UTF-8 always encodes
		return append(dst, `""`...)
	}
	return append(dst, encoded...)
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// Valid says what is wrong with values for a data set, if anything is, and where: with nothing of them in it.
func (v *Vault) Valid(dataSet string, f Fields) error {
	const op = "vault.Valid"
	set := v.sets[dataSet]
	if set == nil {
		return fault.New(op, fault.Invalid, "the policy declares no such data set").WithField("data_set")
	}
	for _, name := range names(f) {
		field, ok := set.Field(name)
		switch {
		case !ok:
			return fault.New(op, fault.Invalid, "the data set declares no such field").WithField("fields")
		case string(f[name]) == "null" && field.Optional:
			continue
		}
		if _, err := canonical(field, f[name]); err != nil {
			return err
		}
	}
	return nil
}
