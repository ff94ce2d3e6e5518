package publish

import (
	"embed"
	"encoding/json"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

//go:embed phrases/*.json
var phraseFiles embed.FS

// tongue is a language that documents are published in: its fixed phrases, and how it counts, lists
// and dates.
type tongue struct {
	lang    string
	tag     language.Tag
	phrases map[string]phrase
}

// phrase is a fixed phrase in the plural forms of its language, by the names of Unicode's CLDR: zero,
// one, two, few, many, other. One that counts nothing has the form other alone.
type phrase map[string]string

// UnmarshalJSON reads a phrase: a text, or a text for each plural form.
func (p *phrase) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err == nil {
		*p = phrase{other: text}
		return nil
	}
	return json.Unmarshal(b, (*map[string]string)(p))
}

const other = "other"

// forms are the names of the plural forms.
var forms = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: other}

// languages are those that documents can be published in.
func languages() []string { return []string{"en", "ar"} }

// tongueOf returns the language, English where none is named. One without phrases is Invalid.
func tongueOf(lang string) (*tongue, error) {
	const op = "publish.language"
	if lang == "" {
		lang = "en"
	}
	src, err := phraseFiles.ReadFile("phrases/" + lang + ".json")
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "nothing can be published in the language %q", lang).WithHint("%s", policy.Advise(lang, languages()))
	}
	t := &tongue{lang: lang, tag: language.Make(lang)}
	if err := json.Unmarshal(src, &t.phrases); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return t, nil
}

// slots are what is put into the places of a phrase.
type slots map[string]words

// say returns a fixed phrase with its places, such as {name}, filled.
func (t *tongue) say(key string, fill ...slots) words { return t.form(key, other, fill) }

// count returns a phrase in the plural form for n, with n in its place {n}.
func (t *tongue) count(key string, n int64, fill ...slots) words {
	form := forms[plural.Cardinal.MatchPlural(t.tag, int(n), 0, 0, 0, 0)]
	return t.form(key, form, append(fill, slots{"n": figure64(n)}))
}

func (t *tongue) form(key, form string, fill []slots) words {
	text, ok := t.phrases[key][form]
	if !ok {
		text = t.phrases[key][other]
	}
	var out words
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if strings.HasSuffix(out.String(), ".") {
			before = strings.TrimPrefix(before, ".") // Acme Inc. ends a sentence by itself
		}
		out = out.with(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		for _, f := range fill {
			out = append(out, f[name]...)
		}
		text = after
	}
	return out
}

// units are the units of a span of time, the longest first. A day is the longest of fixed length.
var units = []struct {
	key  string
	span time.Duration
}{{"unit.day", 24 * time.Hour}, {"unit.hour", time.Hour}, {"unit.minute", time.Minute}, {"unit.second", time.Second}}

// span says how long a time is, in words.
func (t *tongue) span(d time.Duration) words {
	var parts []words
	for _, u := range units {
		if n := d / u.span; n > 0 {
			parts = append(parts, t.count(u.key, int64(n)))
			d -= n * u.span
		}
	}
	if len(parts) == 0 {
		return t.count("unit.second", 0)
	}
	return t.and(parts)
}

// term says a term in words.
func (t *tongue) term(term policy.Term) words {
	switch term.Form {
	case policy.Within:
		return t.count(unitKey(term.Unit), int64(term.Count))
	case policy.Every:
		return t.count("every."+string(term.Unit), int64(term.Count))
	case policy.PerUnit:
		return t.count("per."+string(term.Unit), int64(term.Count))
	case policy.Before:
		return t.say("term.before", slots{"event": {{Text: term.Event, Lang: "en"}}})
	case policy.Prompt:
		return t.say("term.prompt")
	case policy.Instant:
		return t.say("term.instant")
	}
	return nil
}

func unitKey(u policy.Unit) string { return "unit." + string(u) }

// date says a day of the Gregorian calendar, with the names of months that the language's readers use.
func (t *tongue) date(day time.Time) words {
	return t.say("date", slots{
		"day": figure64(int64(day.Day())), "month": t.say("month." + day.Format("01")), "year": figure64(int64(day.Year())),
	})
}

// and joins the parts of a list: a, b and c.
func (t *tongue) and(parts []words) words { return t.join(parts, "list.last") }

// or joins what one of holds: a, b or c.
func (t *tongue) or(parts []words) words { return t.join(parts, "list.or") }

func (t *tongue) join(parts []words, last string) words {
	var out words
	for i, part := range parts {
		switch {
		case i == 0:
		case i == len(parts)-1:
			out = append(out, t.say(last)...)
		default:
			out = append(out, t.say("list.comma")...)
		}
		out = append(out, part...)
	}
	return out
}

// country names a country by its code, ISO 3166-1.
func (t *tongue) country(code string) words {
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return name(code)
	}
	if called := display.Regions(t.tag).Name(region); called != "" {
		return text(called)
	}
	return name(code)
}

// language names a language by its tag, BCP 47.
func (t *tongue) language(tag string) words {
	if called := display.Languages(t.tag).Name(language.Make(tag)); called != "" {
		return text(called)
	}
	return name(tag)
}

// rightToLeft reports whether a language is written from right to left.
func rightToLeft(lang string) bool {
	script, _ := language.Make(lang).Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg":
		return true
	}
	return false
}

// direction is the direction of a language's writing, as the attribute dir of HTML names it.
func direction(lang string) string {
	if rightToLeft(lang) {
		return "rtl"
	}
	return "ltr"
}

// sameLanguage reports whether texts of one language serve readers of the other: en-GB those of en.
func sameLanguage(a, b string) bool {
	ab, _ := language.Make(a).Base()
	bb, _ := language.Make(b).Base()
	return ab == bb
}
