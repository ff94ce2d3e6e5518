// Package password decides which passwords are good enough, and keeps them as slow hashes.
//
// A password is prepared as RFC 8265 says (OpaqueString), so that it matches whichever keyboard it was
// typed on. Hashes are in their usual text forms, $2b$… and $argon2id$…, so that anybody can count what
// they cost.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/secure/precis"

	"clause.dev/clause/internal/fault"
)

// The algorithms.
const (
	Bcrypt   = "bcrypt"
	Argon2id = "argon2id"
)

// Bounds of a password. bcrypt reads no more than 72 bytes: a longer one is refused rather than cut.
const (
	MinLength = 8  // characters, NIST SP 800-63B
	MaxBytes  = 72 // of UTF-8
)

// Argon2id's memory, lanes and sizes: OWASP's password storage cheat sheet. The cost is the passes.
const (
	argonMemory  = 19 * 1024 // KiB
	argonLanes   = 1
	argonSaltLen = 16
	argonKeyLen  = 32
)

// Rule says how passwords are hashed: bcrypt with a cost of 10 to 16 (its base-2 logarithm of rounds), or
// argon2id with 2 to 16 passes over 19 MiB.
type Rule struct {
	Algorithm string
	Cost      int
}

// mostCost bounds the cost of either algorithm: bcrypt then takes seconds already.
const mostCost = 16

// Default is the rule where no clause says anything.
func Default() Rule { return Rule{Bcrypt, 12} }

// Check refuses a rule that protects too little or takes for ever: Invalid.
func (r Rule) Check() error {
	least := 0
	switch r.Algorithm {
	case Bcrypt:
		least = 10
	case Argon2id:
		least = 2
	default:
		return fault.New("password.Rule", fault.Invalid, "passwords are hashed with bcrypt or argon2id").WithField("algorithm")
	}
	if r.Cost < least || r.Cost > mostCost {
		return fault.New("password.Rule", fault.Invalid, "%s takes a cost of %d to %d", r.Algorithm, least, mostCost).WithField("cost")
	}
	return nil
}

// Of reads the rule a stored hash was made by; ok is false for what is no hash.
func Of(hash string) (r Rule, ok bool) {
	if a, err := parseArgon(hash); err == nil {
		return Rule{Argon2id, int(a.passes)}, true
	}
	cost, err := bcrypt.Cost([]byte(hash))
	return Rule{Bcrypt, cost}, err == nil
}

// Meets reports whether a hash made by r is as strong as another rule asks.
func (r Rule) Meets(wanted Rule) bool {
	return r.Algorithm == wanted.Algorithm && r.Cost >= wanted.Cost
}

// Prepare brings a password into the one form that is compared. Invalid if it cannot be one.
func Prepare(secret string) (string, error) {
	const op = "password.Prepare"
	if len(secret) > 4*MaxBytes { // before any work
		return "", fault.New(op, fault.Invalid, "the password is longer than %d bytes", MaxBytes).WithField("password")
	}
	prepared, err := precis.OpaqueString.String(secret)
	if err != nil {
		return "", fault.New(op, fault.Invalid, "the password is empty or holds a character that cannot be typed again").WithField("password")
	}
	if len(prepared) > MaxBytes {
		return "", fault.New(op, fault.Invalid, "the password is longer than %d bytes", MaxBytes).WithField("password")
	}
	return prepared, nil
}

// hash makes the stored form of a prepared password.
func (r Rule) hash(prepared string) (string, error) {
	if r.Algorithm == Bcrypt {
		made, err := bcrypt.GenerateFromPassword([]byte(prepared), r.Cost)
		return string(made), fault.As("password.hash", fault.Other, err)
	}
	salt := make([]byte, argonSaltLen)
	rand.Read(salt)                                                                        // never fails: Go ends the program instead
	a := argon{memory: argonMemory, passes: uint32(r.Cost), lanes: argonLanes, salt: salt} //nolint:gosec // Check bounds it
	a.key = a.derive(prepared, argonKeyLen)
	return a.String(), nil
}

// matches reports whether a stored hash is of a prepared password.
func matches(hash, prepared string) bool {
	a, err := parseArgon(hash)
	if err != nil {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(prepared)) == nil
	}
	return subtle.ConstantTimeCompare(a.derive(prepared, uint32(len(a.key))), a.key) == 1 //nolint:gosec // parseArgon bounds it
}

// makeUp does the work of r that looking at a hash of another rule has left out: all of it where the algorithm is
// another. bcrypt's work doubles with each step of its cost: all steps from the lower one on come to what is left.
func (r Rule) makeUp(made Rule, prepared string) {
	switch {
	case made.Algorithm != r.Algorithm:
		_, _ = r.hash(prepared)
	case r.Algorithm == Bcrypt:
		for cost := made.Cost; cost < r.Cost; cost++ {
			_, _ = bcrypt.GenerateFromPassword([]byte(prepared), cost)
		}
	case made.Cost < r.Cost:
		_, _ = Rule{Argon2id, r.Cost - made.Cost}.hash(prepared)
	}
}

// argon is an argon2id hash in its PHC string form.
type argon struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func (a *argon) derive(prepared string, length uint32) []byte {
	return argon2.IDKey([]byte(prepared), a.salt, a.passes, a.memory, a.lanes, length)
}

func (a *argon) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.passes, a.lanes, b64(a.salt), b64(a.key))
}

var errNoArgon = fault.New("password.parse", fault.Invalid, "it is no argon2id hash")

// parseArgon reads what String wrote, within bounds that a hash put into the store by somebody else could
// otherwise use to take all memory.
func parseArgon(text string) (*argon, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != Argon2id || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, errNoArgon
	}
	a := &argon{}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return nil, errNoArgon
	}
	for i, p := range []struct {
		name string
		most uint64
		set  func(uint64)
	}{
		{"m=", 1 << 20, func(n uint64) { a.memory = uint32(n) }}, //nolint:gosec // bounded
		{"t=", 16, func(n uint64) { a.passes = uint32(n) }},      //nolint:gosec // bounded
		{"p=", 16, func(n uint64) { a.lanes = uint8(n) }},        //nolint:gosec // bounded
	} {
		digits, ok := strings.CutPrefix(params[i], p.name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || n < 1 || n > p.most {
			return nil, errNoArgon
		}
		p.set(n)
	}
	var err1, err2 error
	a.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	a.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(a.salt) < 8 || len(a.salt) > 64 || len(a.key) < 16 || len(a.key) > 64 {
		return nil, errNoArgon
	}
	return a, nil
}
