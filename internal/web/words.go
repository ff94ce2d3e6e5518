package web

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// Words are phrases by their keys, in one language. {name} stands for what is filled in.
type Words map[string]string

// ReadWords reads the words of each language: words/<language>.json, and every file in words/<language>. A key stands
// in one of them.
func ReadWords(files fs.FS, languages []string) (map[string]Words, error) {
	const op = "web.ReadWords"
	all := map[string]Words{}
	for _, lang := range languages {
		all[lang] = Words{}
		for _, pattern := range []string{"words/" + lang + ".json", "words/" + lang + "/*.json"} {
			names, err := fs.Glob(files, pattern)
			if err != nil {
				return nil, fault.As(op, fault.Other, err)
			}
			for _, name := range names {
				if err := all[lang].read(files, name); err != nil {
					return nil, fault.Wrap(op, err)
				}
			}
		}
	}
	return all, nil
}

func (w Words) read(files fs.FS, name string) error {
	const op = "web.read"
	src, err := fs.ReadFile(files, name)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	var more Words
	if err := json.Unmarshal(src, &more); err != nil {
		return fault.New(op, fault.Invalid, "%s: %v", name, err)
	}
	for key, text := range more {
		if _, twice := w[key]; twice {
			return fault.New(op, fault.Invalid, "%s: %s has words already", name, key)
		}
		w[key] = text
	}
	return nil
}

// Say returns a phrase with pairs of names and values filled in, the key where there is none.
func (w Words) Say(key string, fill ...string) string {
	text, ok := w[key]
	if !ok {
		text = key
	}
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}

// List writes several things, with the comma of the language.
func (w Words) List(items ...string) string { return strings.Join(items, cmp.Or(w["comma"], ", ")) }

// Day writes a day.
func (w Words) Day(t time.Time) string {
	t = t.UTC()
	return strconv.Itoa(t.Day()) + " " + w.Say("month-"+strconv.Itoa(int(t.Month()))) + " " + strconv.Itoa(t.Year())
}

// When writes a moment.
func (w Words) When(t time.Time) string { return w.List(w.Day(t), t.UTC().Format("15:04")+" UTC") }

// Dir is the direction that a language is written in.
func Dir(lang string) string {
	if lang == "ar" {
		return "rtl"
	}
	return "ltr"
}

// Other is the language, of two, that is not this one.
func Other(lang string, languages []string) string {
	if lang == languages[0] {
		return languages[1]
	}
	return languages[0]
}
