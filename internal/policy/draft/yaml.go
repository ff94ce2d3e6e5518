package draft

import (
	"fmt"
	"strings"
)

// writer writes YAML: the little of it that a policy needs. Whatever a text holds, it reads back.
type writer struct{ strings.Builder }

const width = 100

func (w *writer) line(indent int, s string) {
	if s != "" {
		w.WriteString(strings.Repeat(" ", indent))
		w.WriteString(s)
	}
	w.WriteByte('\n')
}

// comment writes words for people, on as many lines as they take.
func (w *writer) comment(indent int, s string) {
	for _, l := range wrap(s, width-indent-2) {
		w.line(indent, "# "+l)
	}
}

// list writes a heading and its points as comments, none if there are none.
func (w *writer) list(heading string, points []string) {
	if len(points) == 0 {
		return
	}
	w.line(0, "#")
	w.comment(0, heading)
	for i, p := range points {
		if i == 200 {
			w.comment(0, fmt.Sprintf("  … and %d more", len(points)-i))
			return
		}
		w.line(0, "#   "+strings.Join(wrap(p, 10_000), " "))
	}
	w.line(0, "#")
}

// pair writes a key and a text, marked where the text does not say it.
func (w *writer) pair(indent int, key, value string, guessed bool) {
	line := key + ": " + quote(value)
	if guessed {
		line += " # " + notStated
	}
	w.line(indent, line)
}

// group writes a key and lines under it, nothing if there are none.
func (w *writer) group(key string, lines []string) {
	if len(lines) == 0 {
		return
	}
	w.line(0, "")
	w.line(0, key+":")
	for _, l := range lines {
		w.line(2, l)
	}
}

// text writes a long text: on lines of its own where nothing in it means anything to YAML.
func (w *writer) text(indent int, key, value string) {
	value = strings.Join(strings.Fields(value), " ")
	if !simple(value) {
		w.line(indent, key+": "+quoted(value))
		return
	}
	w.line(indent, key+": >")
	for _, l := range wrap(value, width-indent-2) {
		w.line(indent+2, l)
	}
}

// simple reports a text that reads back from lines of its own.
func simple(s string) bool {
	for w := range strings.FieldsSeq(s) {
		if strings.Trim(w, "-.=#") == "" {
			return false
		}
	}
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != ' ' && !plainWord(string(r)) && !strings.ContainsRune(".,;:()'\"!?/%+-&@€$£’‘“”–—", r)
	})
}

// wrap breaks a text into lines, at spaces.
func wrap(s string, most int) []string {
	var lines []string
	line := ""
	for w := range strings.FieldsSeq(s) {
		if line != "" && len(line)+1+len(w) > most {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// quote writes a word as it is where that reads back as the same text, and in quotes otherwise.
func quote(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	first := byte(0)
	if s != "" {
		first = s[0]
	}
	letter := first >= 'a' && first <= 'z' || first >= 'A' && first <= 'Z'
	span := first >= '0' && first <= '9' && len(s) <= 6 && s != "" && strings.ContainsRune("smhdw", rune(s[len(s)-1])) && strings.Trim(s[:len(s)-1], "0123456789") == ""
	if (letter || span) && !strings.ContainsFunc(s, func(r rune) bool {
		return r != ' ' && r != '-' && r != '.' && r != '(' && r != ')' && r != '/' && !(r < 0x80 && plainWord(string(r)))
	}) && !reserved(s) && !strings.HasSuffix(s, " ") {
		return s
	}
	return quoted(s)
}

// reserved are words that YAML takes for something else than a text.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "none":
		return true
	}
	return false
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// control writes a line of keep.
func (w *writer) control(indent int, p Proposal) {
	if len(p.Params) == 0 {
		w.line(indent, "- "+p.Control)
		return
	}
	var stated, guessed []string
	for _, q := range p.Params {
		stated = append(stated, q.Name+": "+yamlValue(q.Value))
		if !q.Stated {
			guessed = append(guessed, q.Name)
		}
	}
	line := "- " + p.Control + ": {" + strings.Join(stated, ", ") + "}"
	if len(guessed) > 0 {
		line += " # " + strings.Join(guessed, ", ") + ": " + notStated
	}
	w.line(indent, line)
}

func yamlValue(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case []string:
		all := make([]string, len(v))
		for i, s := range v {
			all[i] = quote(s)
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return fmt.Sprint(v)
}
