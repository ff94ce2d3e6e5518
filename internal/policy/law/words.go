package law

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Token is a word, number or sign of a text.
type Token struct {
	Word    string // folded: small letters; "" for signs
	Sign    rune   // 0 for words
	At, End int    // bytes of the text
}

// Tokens cuts a text into words and signs.
func Tokens(text string) []Token { return AppendTokens(make([]Token, 0, len(text)/4+8), text) }

// AppendTokens appends the words and signs of a text to tokens: whoever reads many texts one after
// the other needs the room once.
func AppendTokens(tokens []Token, text string) []Token {
	for at := 0; at < len(text); {
		c, n := decode(text[at:])
		switch {
		case isWord(c):
			end := at + n
			for end < len(text) {
				c, n := decode(text[end:])
				if !isWord(c) {
					break
				}
				end += n
			}
			if word := fold(text[at:end]); word != "" { // marks alone are no word
				tokens = append(tokens, Token{Word: word, At: at, End: end})
			}
			at = end
		case c == '§':
			tokens = append(tokens, Token{Word: "§", At: at, End: at + n})
			at += n
		default:
			if c != 0 && !unicode.IsSpace(c) {
				tokens = append(tokens, Token{Sign: c, At: at, End: at + n})
			}
			at += n
		}
	}
	return tokens
}

func decode(s string) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	return utf8.DecodeRuneInString(s)
}

func isWord(c rune) bool {
	if c < utf8.RuneSelf {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c)
}

// fold makes words that differ in case, or in the particles that Arabic writes onto them, alike.
func fold(word string) string {
	first, _ := utf8.DecodeRuneInString(word)
	switch {
	case first < utf8.RuneSelf:
		return strings.ToLower(word)
	case unicode.Is(unicode.Arabic, first):
		return foldArabic(word)
	}
	return strings.ToLower(word)
}

// foldArabic takes off "and", the article and the pronouns, as light stemmers do (Larkey et al.,
// 2002), and writes digits as ours. Both the words looked for and those of a text go through it.
func foldArabic(word string) string {
	word = strings.Map(func(c rune) rune {
		switch {
		case '٠' <= c && c <= '٩':
			return c - '٠' + '0'
		case unicode.IsMark(c):
			return -1
		}
		return c
	}, word)
	left := func(s string) int { return utf8.RuneCountInString(s) }
	if rest, ok := strings.CutPrefix(word, "و"); ok && left(rest) >= 4 {
		word = rest
	}
	for _, article := range []string{"بال", "كال", "ال", "لل"} {
		if rest, ok := strings.CutPrefix(word, article); ok && left(rest) >= 2 {
			word = rest
			break
		}
	}
	for _, pronoun := range []string{"ها", "هم", "كم", "ه", "ك"} {
		if rest, ok := strings.CutSuffix(word, pronoun); ok && left(rest) >= 3 {
			return rest
		}
	}
	return word
}

// phrases finds any of many phrases at a place in a text, in the time of one look-up for most words.
type phrases[T any] map[string][]phrase[T] // by the first word; the longest first

type phrase[T any] struct {
	rest  []string
	value T
}

func (p phrases[T]) add(text string, value T) {
	var words []string
	for _, t := range Tokens(text) {
		if t.Sign == 0 {
			words = append(words, t.Word)
		}
	}
	same := p[words[0]]
	at := 0
	for at < len(same) && len(same[at].rest) >= len(words)-1 {
		at++
	}
	same = append(same, phrase[T]{})
	copy(same[at+1:], same[at:])
	same[at] = phrase[T]{words[1:], value}
	p[words[0]] = same
}

// at returns the value of the longest phrase that begins with the i-th token, and the index after
// its last. Values of phrases just as long are all handed to also, if it is given.
func (p phrases[T]) at(tokens []Token, i int, also func(T)) (value T, next int) {
	if tokens[i].Sign != 0 {
		return value, i
	}
	for _, ph := range p[tokens[i].Word] {
		end, ok := follows(tokens, i+1, ph.rest)
		switch {
		case !ok || next > 0 && end < next:
			continue
		case next == 0:
			value, next = ph.value, end
		}
		if also != nil {
			also(ph.value)
		}
	}
	if next == 0 {
		return value, i
	}
	return value, next
}

// joints are signs that may stand inside a phrase: Decree-Law No. (45) of 2021, controller's.
const joints = "-‑()/.’'"

func follows(tokens []Token, at int, words []string) (next int, ok bool) {
	for _, w := range words {
		for at < len(tokens) && tokens[at].Sign != 0 && strings.ContainsRune(joints, tokens[at].Sign) {
			at++
		}
		if at == len(tokens) || tokens[at].Word != w {
			return 0, false
		}
		at++
	}
	return at, true
}
