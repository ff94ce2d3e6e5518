package draft

import (
	"slices"
	"strings"
	"time"
)

type organisation struct {
	name, role, contact, officer string
	named, reached               bool // stated in the text
	authority                    *authority
}

// kinds are what the name of a page says besides the name of who publishes it.
var kinds = []string{"privacy policy", "privacy notice", "privacy statement", "privacy and security statement", "data protection notice", "data protection", "listener privacy",
	"privacy & cookie policy", "privacy & security", "privacy", "security", "policy", "statement", "notice", "global", "trust center faq", "trust center", "faq", "your questions answered", "in plain words", "student data pledge"}

// organise finds who publishes the text, how it is reached, its version.
func (f *facts) organise(d *Draft, views []*view, title string) {
	o := &f.organisation
	o.role = "controller"
	controllers, processors := 0, 0
	for _, v := range views {
		if name := f.name(v); name != "" && o.name == "" {
			o.name, o.named = name, true
		}
		if v.figures.any("controller", "responsible for the processing", "responsible for looking after") {
			controllers++
		}
		if v.figures.any("processor") {
			processors++
		}
		f.mail(v)
		f.dates(v)
		if v.proposed("complaints") && o.authority == nil {
			if a, ok := authorityIn(v.figures.tokens); ok {
				o.authority = &a
			}
		}
	}
	if processors > 0 && controllers == 0 {
		o.role = "processor"
	}
	if o.name == "" {
		o.name = f.fromTitle(d, title)
		o.named = o.name != ""
	}
	o.name = clip(o.name, 150)
	if o.name == "" {
		o.name = "Your organisation"
	}
	if o.contact == "" {
		o.contact = "privacy@example.com"
	}
}

// name finds "Acme Ltd (“Acme”, “we”)", "© 2026 Acme Ltd", "Acme Ltd is the controller".
func (f *facts) name(v *view) string {
	small := strings.ToLower(v.Text)
	for _, sign := range []string{" is the controller", " is the data controller", " is controller", " is responsible for", " decides why"} {
		if at := strings.Index(small, sign); at > 0 && at < len(v.Text) {
			first, _, _ := strings.Cut(v.Text[:at], ",")
			if name := before(first, v.figures.tokens); name != "" && strings.HasPrefix(v.Text, name) {
				return name
			}
		}
	}
	for _, sign := range []string{"(\"", "(“", "(the \"", "(the “", "(‘", "('"} {
		if at := strings.Index(v.Text, sign); at > 0 {
			if name := before(v.Text[:at], v.figures.tokens); name != "" {
				return name
			}
		}
	}
	for i, t := range v.figures.tokens {
		if t.text == "copyright" || strings.HasPrefix(v.Text, "©") && i == 0 {
			rest := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(v.Text, "©"), "Copyright"), " ©0123456789-–,")
			name, _, _ := strings.Cut(rest, ". ")
			return strings.TrimRight(name, ".")
		}
	}
	return ""
}

// before returns the name that a piece of text ends with: words that begin with capitals.
func before(text string, all []token) string {
	text = strings.TrimRight(text, " ,")
	if cut := strings.LastIndex(text, ","); cut > 0 && len(text)-cut < 8 { // Verbatim, Inc.
		if head := before(text[:cut], all); head != "" {
			return head + text[cut:]
		}
	}
	words := strings.Fields(text)
	start := len(words)
	for start > 0 {
		w := strings.Trim(words[start-1], "\"“")
		small := w == "of" || w == "and" || w == "&"
		if w == "" || !small && (w[0] < 'A' || w[0] > 'Z') && w[0] < 0x80 || strings.HasSuffix(w, ",") {
			break
		}
		start--
	}
	for start < len(words) && slices.Contains([]string{"of", "and", "&", "The", "This", "In", "When", "Welcome", "How"}, words[start]) {
		start++
	}
	if start == len(words) || len(words)-start > 8 {
		return ""
	}
	name := strings.Join(words[start:], " ")
	for _, w := range []string{"Data", "Policy", "Service", "Services", "Agreement", "Customer", "Regulation", "Act", "Law", "Notice", "We", "It", "Our", "You", "Your"} {
		if slices.Contains(words[start:], w) {
			return ""
		}
	}
	return name
}

// fromTitle takes the name out of the title, or the first heading.
func (f *facts) fromTitle(d *Draft, title string) string {
	for _, s := range []string{title, d.Sentences[0].Section} {
		for _, sep := range []string{" - ", " | ", " — ", " – ", ": ", " at ", " of ", "'s ", " for "} {
			for part := range strings.SplitSeq(s, sep) {
				part = strings.TrimPrefix(strings.Join(strings.Fields(part), " "), "How ")
				if part == "" || part == strings.Join(strings.Fields(s), " ") || slices.Contains(kinds, strings.ToLower(part)) || part[0] < 'A' || part[0] > 'Z' {
					continue
				}
				if !slices.ContainsFunc(kinds, func(k string) bool { return strings.Contains(strings.ToLower(part), k) }) && len(part) < 60 {
					return part
				}
			}
		}
	}
	return ""
}

// mail finds where people write to.
func (f *facts) mail(v *view) {
	o := &f.organisation
	for w := range strings.FieldsSeq(v.Text) {
		w = strings.Trim(w, ".,;:()<>[]\"'“”")
		user, domain, ok := strings.Cut(w, "@")
		if !ok || user == "" || !strings.Contains(strings.Trim(domain, "."), ".") || strings.ContainsAny(domain, "@/") || len(w) > 200 || strings.HasPrefix(w, "mailto") {
			continue
		}
		if v.figures.any("data protection officer", "dpo") && o.officer == "" {
			o.officer = w
		}
		local := strings.ToLower(user)
		privacy := strings.Contains(local, "privacy") || strings.Contains(local, "dpo") || strings.Contains(local, "data") || strings.Contains(local, "gdpr")
		if o.contact == "" && !strings.Contains(local, "security") || privacy && !o.reached {
			o.contact, o.reached = w, privacy
		}
	}
}

// dates finds the version and the day it takes effect.
func (f *facts) dates(v *view) {
	if v.Rule != "revision" && !v.figures.any("effective", "last updated", "last revised", "last modified", "version") || v.Class == Promise {
		return
	}
	for _, d := range v.figures.days() {
		day := d.day.Format(time.DateOnly)
		if f.version == "" {
			f.version = day
		}
		if v.figures.any("effective") && f.effective == "" {
			f.effective = day
		}
	}
}
