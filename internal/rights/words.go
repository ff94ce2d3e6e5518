package rights

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"clause.dev/clause/internal/policy"
)

//go:embed words.json
var wordsFile []byte

var allWords = sync.OnceValue(func() (all map[string]words) {
	if err := json.Unmarshal(wordsFile, &all); err != nil {
		panic(fmt.Sprintf("rights: words.json: %v", err)) // a fault of this package, which its tests find
	}
	return all
})

// languages are those in which people are answered.
func languages() []string { return []string{"en", "ar"} }

// words are the fixed phrases of a package in one language.
type words map[string]string

// wordsIn returns the phrases of a language, those of the first where it has none.
func wordsIn(language string) words {
	if w, ok := allWords()[language]; ok {
		return w
	}
	return allWords()[languages()[0]]
}

// say returns a phrase with its places, such as {who}, filled by pairs of a name and a text.
func (w words) say(key string, fill ...string) string {
	text := w[key]
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}

// title is what something is called in a language.
func title(language, own string, others policy.Titles) string {
	if other := others[language]; other != "" {
		return other
	}
	return own
}
