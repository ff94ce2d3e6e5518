package publish

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func speak(t testing.TB, lang string) *tongue {
	t.Helper()
	tongue, err := tongueOf(lang)
	if err != nil {
		t.Fatal(err)
	}
	return tongue
}

var place = regexp.MustCompile(`\{[^}]*\}`)

// places are the places of a phrase's form, sorted.
func places(text string) []string {
	all := place.FindAllString(text, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

func TestAllLanguagesSayTheSame(t *testing.T) {
	en := speak(t, "en")
	for _, lang := range languages() {
		theirs := speak(t, lang)
		for key := range theirs.phrases {
			if en.phrases[key] == nil {
				t.Errorf("%s has a phrase %q that English has not", lang, key)
			}
		}
		for key, phrase := range en.phrases {
			for form, said := range theirs.phrases[key] {
				got, want := places(said), places(phrase[other])
				if form == "one" || form == "two" || form == "zero" { // "two days" is a word of its own in Arabic
					got, want = without(got, "{n}"), without(want, "{n}")
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q (%s) has the places %v, want %v", lang, key, form, got, want)
				}
				if strings.TrimSpace(said) == "" {
					t.Errorf("%s: %q (%s) is empty", lang, key, form)
				}
			}
			if theirs.phrases[key][other] == "" {
				t.Errorf("%s does not say %q", lang, key)
			}
		}
	}
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

// TestPhrasesThatCountHaveEveryForm: the plural forms of CLDR.
func TestPhrasesThatCountHaveEveryForm(t *testing.T) {
	want := map[string][]string{"en": {"one", "other"}, "ar": {"few", "many", "one", "other", "two", "zero"}}
	for _, lang := range languages() {
		for key, phrase := range speak(t, lang).phrases {
			counts := len(phrase) > 1 || len(speak(t, "en").phrases[key]) > 1
			if got := slices.Sorted(maps.Keys(phrase)); counts && !slices.Equal(got, want[lang]) {
				t.Errorf("%s: %q has the forms %v", lang, key, got)
			}
		}
	}
}

// TestEveryPhraseIsSaid looks for the keys in the source: none is missing, none is left over.
func TestEveryPhraseIsSaid(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(src)
	}
	phrases := speak(t, "en").phrases
	for _, call := range regexp.MustCompile(`w\.(?:say|count|about)\("([^"]+)"[,)]`).FindAllStringSubmatch(source.String(), -1) {
		if phrases[call[1]] == nil {
			t.Errorf("nothing is said for %q", call[1])
		}
	}
	for key := range phrases {
		prefix := key[:strings.LastIndex(key, ".")+1]
		suffix := key[strings.LastIndex(key, ".")+1:]
		said := strings.Contains(source.String(), `"`+key+`"`) || prefix != "" && strings.Contains(source.String(), `"`+prefix+`"`) ||
			(suffix == "title" || suffix == "lead") && strings.Contains(source.String(), `+ ".title"`)
		if !said {
			t.Errorf("the phrase %q is never said", key)
		}
	}
}

// TestEveryWordOfTheLanguageHasAPhrase: what a policy can choose from, a document can say.
func TestEveryWordOfTheLanguageHasAPhrase(t *testing.T) {
	keys := map[string][]string{
		"basis.":        {"contract", "consent", "legitimate-interests", "legal-obligation", "vital-interests", "public-task"},
		"source.":       {"person", "device", "derived", "third-party"},
		"role.":         {"controller", "processor", "authority"},
		"cookie.kind.":  {"necessary", "preference", "analytics", "advertising"},
		"cookie.party.": {"first", "third"},
		"attestation.":  {"certificate", "report", "licence", "declaration"},
		"question.":     {"what", "why", "who", "how-long", "rights", "contact"},
	}
	for _, name := range control.Catalogue().Names() {
		if topics[name] == "" {
			t.Errorf("nothing says what a clause kept by %s is about", name)
		}
		spec, _ := control.Catalogue().Control(name)
		if topics[name] == security {
			keys["measure."] = append(keys["measure."], name)
			said := speak(t, "en").phrases["measure."+name][other]
			for _, p := range places(said) {
				if !slices.ContainsFunc(spec.Params, func(q policy.Param) bool { return "{"+q.Name+"}" == p && q.Required }) {
					t.Errorf("the phrase of %s names %s, which is no required parameter of it", name, p)
				}
			}
		}
		for _, p := range spec.Params {
			if p.Name == "rights" {
				keys["right."] = p.Values
			}
		}
	}
	for _, unit := range []policy.Unit{policy.Minute, policy.Hour, policy.Day, policy.BusinessDay, policy.Week, policy.Month, policy.Quarter, policy.Year} {
		for _, prefix := range []string{"unit.", "every.", "per."} {
			keys[prefix] = append(keys[prefix], string(unit))
		}
	}
	for prefix, all := range keys {
		if len(all) == 0 {
			t.Errorf("there are no words for %s", prefix)
		}
		for _, key := range all {
			if speak(t, "en").phrases[prefix+key] == nil {
				t.Errorf("nothing is said for %s%s", prefix, key)
			}
		}
	}
}

func TestSpansInWords(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		span   time.Duration
		en, ar string
	}{
		{0, "0 seconds", "0 ثانية"},
		{time.Second, "1 second", "ثانية واحدة"},
		{day, "1 day", "يوم واحد"},
		{2 * day, "2 days", "يومين"},
		{3 * day, "3 days", "3 أيام"},
		{10 * day, "10 days", "10 أيام"},
		{11 * day, "11 days", "11 يومًا"},
		{21 * day, "21 days", "21 يومًا"},
		{30 * day, "30 days", "30 يومًا"},
		{99 * day, "99 days", "99 يومًا"},
		{100 * day, "100 days", "100 يوم"},
		{102 * day, "102 days", "102 يوم"},
		{103 * day, "103 days", "103 أيام"},
		{365 * day, "365 days", "365 يومًا"},
		{72 * time.Hour, "3 days", "3 أيام"},
		{36 * time.Hour, "1 day and 12 hours", "يوم واحد و12 ساعة"},
		{day + time.Hour + 5*time.Minute, "1 day, 1 hour and 5 minutes", "يوم واحد، ساعة واحدة و5 دقائق"},
		{90 * time.Second, "1 minute and 30 seconds", "دقيقة واحدة و30 ثانية"},
	} {
		for lang, want := range map[string]string{"en": c.en, "ar": c.ar} {
			if got := speak(t, lang).span(c.span).String(); got != want {
				t.Errorf("%v in %s is %q, want %q", c.span, lang, got, want)
			}
		}
	}
}

func TestTermsInWords(t *testing.T) {
	for _, c := range []struct{ term, en, ar string }{
		{"30 days", "30 days", "30 يومًا"},
		{"5 business days", "5 business days", "5 أيام عمل"},
		{"1 month", "1 month", "شهر واحد"},
		{"every quarter", "every quarter", "كل ربع سنة"},
		{"every 2 months", "every 2 months", "كل شهرين"},
		{"2 per calendar year", "2 times per calendar year", "مرتين في السنة الميلادية"},
		{"1 per calendar year", "once per calendar year", "مرة في السنة الميلادية"},
		{"before the next penetration test", "before the next penetration test", "قبل: the next penetration test"},
		{"without undue delay", "without undue delay", "من دون تأخير لا موجب له"},
		{"at once", "at once", "فورًا"},
	} {
		term, ok := policy.ParseTerm(c.term)
		if !ok {
			t.Fatalf("%q is no term", c.term)
		}
		for lang, want := range map[string]string{"en": c.en, "ar": c.ar} {
			if got := speak(t, lang).term(term).String(); got != want {
				t.Errorf("%q in %s is %q, want %q", c.term, lang, got, want)
			}
		}
	}
	if got := speak(t, "ar").term(policy.Term{}); got != nil {
		t.Errorf("no term is %q", got)
	}
}

func TestDatesInWords(t *testing.T) {
	for lang, want := range map[string]string{"en": "1 February 2026", "ar": "1 فبراير 2026"} {
		if got := speak(t, lang).date(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)).String(); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
	var months []string
	for m := time.January; m <= time.December; m++ {
		months = append(months, strings.Fields(speak(t, "ar").date(time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC)).String())[1])
	}
	if got := strings.Join(months, " "); got != "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر" {
		t.Errorf("the months are %s", got)
	}
}

func TestListsInWords(t *testing.T) {
	for _, c := range []struct {
		parts  []string
		en, ar string
	}{
		{nil, "", ""}, {[]string{"a"}, "a", "a"}, {[]string{"a", "b"}, "a and b", "a وb"}, {[]string{"a", "b", "c"}, "a, b and c", "a، b وc"},
	} {
		var parts []words
		for _, p := range c.parts {
			parts = append(parts, text(p))
		}
		for lang, want := range map[string]string{"en": c.en, "ar": c.ar} {
			if got := speak(t, lang).and(parts).String(); got != want {
				t.Errorf("%v in %s is %q, want %q", c.parts, lang, got, want)
			}
		}
	}
}

func TestCountriesAndLanguages(t *testing.T) {
	for lang, want := range map[string]string{"en": "United Arab Emirates, English, QX", "ar": "الإمارات العربية المتحدة, الإنجليزية, QX"} {
		s := speak(t, lang)
		if got := s.country("AE").String() + ", " + s.language("en").String() + ", " + s.country("QX").String(); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
	for lang, want := range map[string]string{"ar": "rtl", "ar-AE": "rtl", "he": "rtl", "fa": "rtl", "ur": "rtl", "en": "ltr", "fr": "ltr", "zh-Hant": "ltr", "az-Arab": "rtl"} {
		if got := direction(lang); got != want {
			t.Errorf("%s is written %s", lang, got)
		}
	}
}

func TestASentenceEndsOnce(t *testing.T) {
	if got := speak(t, "en").say("contact.complain", slots{"authority": name("Acme Inc.")}).String(); !strings.HasSuffix(got, "Inc.") || strings.HasSuffix(got, "..") {
		t.Errorf("it ends %q", got)
	}
}
