// Package second holds second factors: codes of an authenticator app (TOTP, RFC 6238) and recovery codes.
package second

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"clause.dev/clause/internal/fault"
)

// Secret is what an authenticator app and the server share: 160 random bits, RFC 4226 section 4.
type Secret [20]byte

// Every app takes six digits every 30 seconds by SHA-1; many take nothing else. HMAC-SHA-1 is sound here
// (RFC 6194 section 3.3), but not approved by FIPS 140-3.
const (
	step   = 30 * time.Second
	digits = otp.DigitsSix
	// drift is how many steps a code may be early or late, RFC 6238 section 5.2.
	drift = 1
)

var b32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret returns a random secret.
func NewSecret() (s Secret) {
	rand.Read(s[:]) // never fails: Go ends the program instead
	return s
}

// Text is the secret as it is typed into an app.
func (s Secret) Text() string { return b32.EncodeToString(s[:]) }

// URI is the secret as an app reads it from a QR code: Google Authenticator's key URI format.
func (s Secret) URI(issuer, account string) string {
	label := url.PathEscape(issuer + ":" + account)
	return "otpauth://totp/" + label + "?" + url.Values{
		"secret": {s.Text()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"},
	}.Encode()
}

// Match returns the step a code is of, if it is right at now and of a later step than last: a code that was
// seen on its way is of no use a second time (RFC 6238 section 5.2). The caller keeps the step returned, in
// the transaction that lets the person in.
func (s Secret) Match(code string, now time.Time, last int64) (at int64, ok bool) {
	code = strings.Join(strings.Fields(code), "")
	if len(code) != digits.Length() {
		return 0, false
	}
	current := now.Unix() / int64(step/time.Second)
	for n := current - drift; n <= current+drift; n++ {
		want, err := hotp.GenerateCodeCustom(s.Text(), uint64(n), hotp.ValidateOpts{Digits: digits, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // after 1970
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			at, ok = n, n > last
		}
	}
	return at, ok
}

// RecoveryCodes is how many there are, of ten letters, 50 bits, each.
const (
	RecoveryCodes = 10
	codeLetters   = 10
)

// letters are Crockford's: none looks like another.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewRecovery returns codes to print, ABCDE-FGHJK, and what is kept of them. They stand in for the app when
// the telephone is lost, each once.
func NewRecovery() (codes []string, kept [][]byte) {
	for range RecoveryCodes {
		code := Code(codeLetters)
		codes = append(codes, code[:codeLetters/2]+"-"+code[codeLetters/2:])
		sum := sha256.Sum256([]byte(code))
		kept = append(kept, sum[:])
	}
	return codes, kept
}

// Code returns n random letters of 5 bits each, to be typed by hand.
func Code(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return Letters(b)
}

// Letters writes five bits of each byte as a letter: 256 is a multiple of 32, so each is equally likely.
func Letters(from []byte) string {
	out := make([]byte, len(from))
	for i, b := range from {
		out[i] = letters[b%32]
	}
	return string(out)
}

// Typed brings a code into the form it was made in: small letters, gaps and look-alikes forgiven. Invalid if
// it cannot be one of n letters.
func Typed(code string, n int) (string, error) {
	if len(code) > 8*n {
		code = ""
	}
	code = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\t', '\n', '\r', '\u00a0':
			return -1
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(code))
	if len(code) != n || strings.Trim(code, letters) != "" {
		return "", fault.New("second.Typed", fault.Invalid, "the code has %d letters and digits", n).WithField("code")
	}
	return code, nil
}

// Spend returns the codes that are left once one was used; ok is false if it is none of them.
func Spend(kept [][]byte, code string) (left [][]byte, ok bool) {
	code, err := Typed(code, codeLetters)
	if err != nil {
		return kept, false
	}
	sum := sha256.Sum256([]byte(code))
	for i := range kept {
		if subtle.ConstantTimeCompare(kept[i], sum[:]) == 1 {
			return slices.Delete(slices.Clone(kept), i, i+1), true
		}
	}
	return kept, false
}
