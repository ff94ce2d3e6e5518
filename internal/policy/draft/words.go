package draft

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word or a number of a sentence.
type token struct {
	text     string // small letters
	from, to int    // in the text
	capital  bool
	fresh    bool // a stop stands between it and the one before: a new thought
}

// joined are words that are written apart, with a hyphen, or as one.
var joined = map[[2]string]string{
	{"e", "mail"}: "email", {"e", "mails"}: "emails", {"sub", "processor"}: "subprocessor", {"sub", "processors"}: "subprocessors",
	{"log", "in"}: "login", {"web", "site"}: "website", {"bug", "bounty"}: "bugbounty", {"data", "center"}: "datacentre", {"data", "centre"}: "datacentre",
	{"data", "centers"}: "datacentre", {"data", "centres"}: "datacentre", {"fail", "over"}: "failover", {"two", "factor"}: "multifactor", {"multi", "factor"}: "multifactor",
	{"off", "boarding"}: "offboarding", {"table", "top"}: "tabletop", {"pen", "test"}: "pentest", {"pen", "tests"}: "pentest", {"pen", "testing"}: "pentest",
	{"help", "desk"}: "helpdesk", {"read", "only"}: "readonly", {"geo", "location"}: "geolocation", {"log", "out"}: "logout",
}

// tokens splits a text into words and numbers. "AES-256" is two, "1.2" is one.
func tokens(text string) []token {
	var all []token
	stop := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		from := i
		switch {
		case r == 'h' && (strings.HasPrefix(text[i:], "https://") || strings.HasPrefix(text[i:], "http://")):
			i = address(text, i) // its words are not the sentence's
		case unicode.IsDigit(r):
			i = number(text, i)
		case unicode.IsLetter(r) || r == '_':
			i = word(text, i)
		default:
			stop = stop || strings.ContainsRune(".;:!?|", r)
			i += size
			continue
		}
		t := token{strings.ToLower(strings.ReplaceAll(text[from:i], "’", "'")), from, i, unicode.IsUpper(r), stop}
		stop = false
		if n := len(all); n > 0 && from-all[n-1].to <= len("‑") {
			if one := joined[[2]string{all[n-1].text, t.text}]; one != "" {
				all[n-1].text, all[n-1].to = one, i
				continue
			}
		}
		all = append(all, t)
	}
	return all
}

func word(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		apostrophe := (r == '\'' || r == '’') && i+size < len(text) && unicode.IsLetter(rune(text[i+size]))
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '_' && !apostrophe {
			break
		}
		i += size
	}
	return i
}

// address returns where an address of the web ends.
func address(text string, i int) int {
	if n := strings.IndexAny(text[i:], " )>\"'"); n >= 0 {
		return i + n
	}
	return len(text)
}

func number(text string, i int) int {
	for i < len(text) && (text[i] >= '0' && text[i] <= '9' || (text[i] == '.' || text[i] == ',') && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9') {
		i++
	}
	if i < len(text) {
		if r, size := utf8.DecodeRuneInString(text[i:]); unicode.IsDigit(r) && r >= utf8.RuneSelf {
			return i + size
		}
	}
	return i
}

// english reports whether the rules can read the tokens. Names and figures are of no language: only
// another script, or words that other languages are made of and English is not, tell that they cannot.
func english(all []token) bool {
	letters, foreign, known, other := 0, 0, 0, 0
	for _, t := range all {
		for _, r := range t.text {
			if unicode.IsLetter(r) {
				letters++
				if !unicode.Is(unicode.Latin, r) {
					foreign++
				}
			}
		}
		switch {
		case common()[t.text]:
			known++
		case elsewhere()[t.text]:
			other++
		}
	}
	return foreign*2 <= letters && (other == 0 || other <= 2*known)
}
