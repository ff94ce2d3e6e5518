package web_test

import (
	"io/fs"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/web"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestWords(t *testing.T) {
	files := fstest.MapFS{
		"words/en.json": file(`{"hello": "Hello {who}", "month-3": "March"}`), "words/en/more.json": file(`{"bye": "Bye"}`),
		"words/ar.json": file(`{"hello": "مرحبًا {who}", "comma": "، "}`),
	}
	all, err := web.ReadWords(files, []string{"en", "ar"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 23, 30, 0, 0, time.FixedZone("", -3600))
	for want, got := range map[string]string{
		"Hello {x}": all["en"].Say("hello", "who", "{x}"), "Bye": all["en"].Say("bye"), "nothing": all["en"].Say("nothing"), "a, b": all["en"].List("a", "b"), "a، b": all["ar"].List("a", "b"),
		"2 March 2026": all["en"].Day(at), "2 March 2026, 00:30 UTC": all["en"].When(at),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	files["words/en/again.json"] = file(`{"bye": "Farewell"}`)
	if _, err := web.ReadWords(files, []string{"en"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a key of two phrases: %v", err)
	}
	if web.Dir("ar") != "rtl" || web.Dir("en") != "ltr" || web.Other("ar", []string{"en", "ar"}) != "en" || web.Other("en", []string{"en", "ar"}) != "ar" {
		t.Error("directions, or languages")
	}
}

func TestViews(t *testing.T) {
	views, err := web.ReadViews(fstest.MapFS{
		"pages/frame.html": file(`<main>{{template "body" .}}</main>`), "pages/parts.html": file(`{{define "part"}}{{.n}}{{end}}`),
		"pages/a.html": file(`{{define "body"}}{{template "part" dict "n" .Name}}{{end}}`),
	}, "pages/parts.html")
	if err != nil || len(views) != 1 {
		t.Fatalf("%v %v", views, err)
	}
	w := httptest.NewRecorder()
	if err := views.Show(w, 404, "a", struct{ Name string }{"<b>"}); err != nil || w.Code != 404 || w.Body.String() != "<main>&lt;b&gt;</main>" {
		t.Errorf("%d %s %v", w.Code, w.Body, err)
	}
	w = httptest.NewRecorder()
	if err := views.Show(w, 200, "a", struct{}{}); err == nil || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("half a page is sent: %s %v", w.Body, err)
	}
}

var (
	literal = regexp.MustCompile(`(?:\.Say|\.Count|\.phrase|\.Word)[( ]"([a-z0-9.-]+)"`)
	blank   = regexp.MustCompile(`\{\w+\}`)
)

// TestWordsOfDoors reads the pages and the code of the doors that speak: each phrase that is asked for is there, in
// both languages and with the same blanks, and none is there that nobody asks for.
func TestWordsOfDoors(t *testing.T) {
	for _, door := range []string{"../account", "../console"} {
		files := os.DirFS(door)
		all, err := web.ReadWords(files, []string{"en", "ar"})
		if err != nil {
			t.Fatal(err)
		}
		source := sourceOf(t, files) + sourceOf(t, os.DirFS("."))
		for lang, words := range all {
			for _, asked := range literal.FindAllStringSubmatch(source, -1) {
				if key := asked[1]; !strings.HasSuffix(key, ".") && !strings.HasSuffix(key, "-") && words[key] == "" && !family(words, key) {
					t.Errorf("%s has no words for %q in %s", door, key, lang)
				}
			}
			for key, text := range words {
				other, ok := all[web.Other(lang, []string{"en", "ar"})][key]
				// A fault's own words are English: Arabic alone says it.
				if own := strings.HasPrefix(key, "fault.") || strings.HasPrefix(key, "hint."); !ok && (lang == "en" || !own) {
					t.Errorf("%s says %q in %s alone", door, key, lang)
				}
				if ok && !slices.Equal(blanks(text), blanks(other)) {
					t.Errorf("%s: the blanks of %q are others in the other language: %q", door, key, text)
				}
				if !asked(source, key) {
					t.Errorf("%s: nobody asks for %q", door, key)
				}
			}
		}
	}
}

func sourceOf(t *testing.T, files fs.FS) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".html" && path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(files, name)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func blanks(text string) []string {
	all := blank.FindAllString(text, -1)
	slices.Sort(all)
	return all
}

// family reports whether there are words of a family of that name, or those of a page that says something.
func family(words web.Words, name string) bool {
	for key := range words {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

// asked reports whether a key stands in the source, or the beginning of it that something is put behind.
func asked(source, key string) bool {
	for i, r := range key {
		if r != '.' && r != '-' {
			continue
		}
		for _, begun := range []string{key[:i+1] + `"`, key[:i+1] + `%`, `"` + key[:i] + `"`} {
			if strings.Contains(source, begun) {
				return true
			}
		}
	}
	return strings.Contains(source, `"`+key+`"`)
}
