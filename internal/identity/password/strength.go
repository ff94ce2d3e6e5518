package password

import (
	"strings"
	"unicode/utf8"

	zxcvbn "github.com/ccojocar/zxcvbn-go"

	"clause.dev/clause/internal/fault"
)

// leastScore is zxcvbn's "safely unguessable" against an attacker who has the slow hashes (Wheeler, USENIX
// Security 2016).
const leastScore = 3

// judged is how much of a password is judged, in characters: what follows only adds to it, and the time
// the library takes grows faster than the length.
const judged = 32

// Good refuses a password that an attacker would guess soon: too short, made of common parts or of what
// is known of the person, or on a list of leaked ones, which may be nil. Invalid, with what to do.
func Good(secret string, leaked *Leaked, about ...string) error {
	const op = "password.Good"
	prepared, err := Prepare(secret)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(prepared) < MinLength {
		return fault.New(op, fault.Invalid, "the password is shorter than %d characters", MinLength).WithField("password").
			WithHint("take a few words that nobody would put together")
	}
	if leaked.Has(prepared) {
		return fault.New(op, fault.Invalid, "the password is known from a leak").WithField("password").
			WithHint("take one that you use nowhere else, and change it where you do")
	}
	if zxcvbn.PasswordStrength(beginning(prepared), known(about)).Score < leastScore {
		return fault.New(op, fault.Invalid, "the password is easy to guess").WithField("password").
			WithHint("take a few words that nobody would put together, and not your name or address")
	}
	return nil
}

// known are the parts of what is known of a person that a guesser would try.
func known(about []string) (words []string) {
	for _, text := range about {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("@._-+ ", r) }) {
			if utf8.RuneCountInString(word) > 2 {
				words = append(words, word)
			}
		}
	}
	return words
}

func beginning(secret string) string {
	n := 0
	for i := range secret {
		if n == judged {
			return secret[:i]
		}
		n++
	}
	return secret
}
