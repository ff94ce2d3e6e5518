package draft

import (
	"fmt"
	"strings"

	"clause.dev/clause/internal/policy"
)

// render writes the policy.
func (f *facts) render(d *Draft) string {
	w := &writer{}
	f.preface(w, d)
	f.declare(w, d)
	w.line(0, "")
	w.line(0, "clauses:")
	if len(f.clauses) == 0 {
		w.line(2, "- id: draft-nothing")
		w.line(4, "section: Nothing")
		w.text(4, "text", "The text holds no sentence that can be a clause.")
		w.line(4, "statement: true")
	}
	for i, c := range f.clauses {
		if w.Len() > policy.MaxBytes { // it will be refused
			break
		}
		if i > 0 {
			w.line(0, "")
		}
		c.render(w)
	}
	return w.String()
}

// preface accounts for the draft in comments: what could not be placed comes first.
func (f *facts) preface(w *writer, d *Draft) {
	w.comment(0, "Drafted by clause draft from "+d.Name+".")
	w.comment(0, d.Coverage())
	for _, n := range d.Notes {
		w.comment(0, n)
	}
	w.list("Promises that no control was found for, each a clause without keep:", d.Unplaced())
	w.list("What the text says against itself, and no policy can hold:", d.Conflicts)
	w.comment(0, "What is marked \""+notStated+"\" has a default that is not in the text.")
}

// declare writes everything but the clauses.
func (f *facts) declare(w *writer, d *Draft) {
	o := &f.organisation
	w.line(0, "")
	w.pair(0, "version", orElse(f.version, "draft"), f.version == "")
	if f.effective != "" {
		w.line(0, "effective: "+f.effective)
	}
	w.line(0, "")
	w.line(0, "organisation:")
	w.pair(2, "name", o.name, !o.named)
	w.line(2, "role: "+o.role)
	w.pair(2, "contact", o.contact, o.contact == "privacy@example.com")
	if o.officer != "" {
		w.line(2, "officer: {name: Data protection officer, contact: "+quote(o.officer)+"}")
	}
	if o.authority != nil {
		w.line(2, "authority:")
		w.pair(4, "name", o.authority.name, false)
		w.pair(4, "url", o.authority.url, false)
	}
	if f.used("product-scope") {
		w.group("products", []string{"product: {title: " + quote(o.name) + "} # " + notStated})
	}
	var laws []string
	for _, l := range f.laws {
		laws = append(laws, l[0]+": {title: "+quote(l[1])+", citation: "+quote(l[2])+"}")
	}
	w.group("laws", laws)
	if f.calendar != "" {
		w.line(0, "")
		w.line(0, "calendar: "+f.calendar+" # whose business days are counted is "+notStated)
	}
	w.group("regions", f.regions())
	w.line(0, "")
	w.line(0, "environments: ["+strings.Join(f.environments, ", ")+"]")
	epoch, horizon := usualEpoch, usualHorizon
	if f.backups != "" {
		epoch, horizon = schedule(length(f.backups))
	}
	w.line(0, "")
	w.line(0, "backups: # by when what was erased is gone from the last of them: epoch + horizon")
	if f.shortened != "" {
		w.comment(2, "the text keeps backups for "+f.shortened+": erasure, as it is promised, leaves them less")
	}
	w.pair(2, "epoch", epoch, f.backups == "" || f.fitted)
	w.pair(2, "horizon", horizon, f.backups == "" || f.fitted)
	w.line(0, "")
	w.line(0, "data:")
	for _, s := range f.data {
		s.render(w)
	}
	w.line(0, "")
	w.line(0, "purposes:")
	for _, p := range f.purposes {
		p.render(w)
	}
	f.others(w)
}

func (f *facts) used(control string) bool {
	for _, c := range f.clauses {
		for _, p := range c.sentence.Proposals {
			if p.Control == control {
				return true
			}
		}
	}
	return false
}

func (f *facts) regions() []string {
	var all []string
	for _, p := range f.places {
		provider, mark := p.provider, ""
		if provider == "any" {
			provider, mark = "not stated", " # the provider is "+notStated
		}
		all = append(all, fmt.Sprintf("%s: {provider: %s, place: %s, country: %s}%s", p.id, quote(provider), quote(p.name), quote(p.country), mark))
	}
	if len(all) == 0 {
		all = append(all, "home: {provider: not stated, place: not stated, country: ZZ} # "+notStated)
	}
	return all
}

// others writes what a policy need not have.
func (f *facts) others(w *writer) {
	var all []string
	for _, r := range f.recipients {
		line := fmt.Sprintf("%s: {name: %s, role: processor, region: %s", r.id, quote(clip(r.name, 150)), r.region)
		if r.does != "" {
			line += ", does: " + quote(clip(r.does, 150))
		}
		if r.safeguard != "" {
			line += ", safeguard: " + quote(r.safeguard)
		}
		line += "}"
		if !r.placed {
			line += " # the region is " + notStated
		}
		all = append(all, line)
	}
	w.group("recipients", all)
	all = nil
	for _, m := range f.models {
		all = append(all, fmt.Sprintf("%s: {name: %s, recipient: %s, regions: [%s]}", m.id, quote(m.name), m.recipient, strings.Join(m.regions, ", ")))
	}
	w.group("models", all)
	all = nil
	for _, c := range f.cookies {
		line := fmt.Sprintf("%s: {name: %s, title: %s, kind: %s", c.id, quote(c.name), quote(c.title), c.kind)
		if c.lifetime != "" {
			line += ", lifetime: " + c.lifetime
		}
		for _, flag := range c.flags {
			line += ", " + flag + ": true"
		}
		line += "}"
		if c.guessed {
			line += " # its name is " + notStated
		}
		all = append(all, line)
	}
	w.group("cookies", all)
	all = nil
	for _, a := range f.attestations {
		all = append(all, a.line())
	}
	w.group("attestations", all)
}

func (a *attestation) line() string {
	line := fmt.Sprintf("%s: {title: %s, kind: %s, standard: %s, issuer: %s, issued: %s", a.id, quote(a.title), a.kind, quote(a.title),
		quote(orElse(clip(a.issuer, 150), "not stated")), a.issued)
	if a.expires != "" {
		line += ", expires: " + a.expires
	}
	line += "}"
	var marks []string
	if a.issuer == "" {
		marks = append(marks, "the issuer")
	}
	if a.guessed {
		marks = append(marks, "the day it was issued")
	}
	if a.kindGuessed {
		marks = append(marks, "its end, with which it is a certificate,")
	}
	if len(marks) > 0 {
		line += " # " + strings.Join(marks, " and ") + " " + notStated
	}
	return line
}

func (s *dataSet) render(w *writer) {
	mark := ""
	if s.guessed {
		mark = " # " + notStated
	}
	w.line(2, s.id+":"+mark)
	w.pair(4, "title", s.title, false)
	w.line(4, "category: "+s.category)
	if s.sensitive {
		w.line(4, "sensitive: true")
	}
	switch {
	case s.memory:
		w.line(4, "storage: memory-only")
	case s.keep != "":
		w.line(4, "keep: "+s.keep)
	}
	w.line(4, "fields:")
	for _, x := range s.fields {
		line := fmt.Sprintf("%s: {title: %s, type: %s", x.id, quote(x.title), x.kind)
		if s.optional {
			line += ", optional: true"
		}
		w.line(6, line+"}")
	}
}

func (p *purpose) render(w *writer) {
	w.line(2, p.id+":")
	w.pair(4, "title", p.title, false)
	w.pair(4, "basis", p.basis, p.guessed)
	may := "read, write, delete"
	if len(p.recipients) > 0 {
		may += ", disclose"
	}
	w.line(4, "may: ["+may+"]")
	w.line(4, "sees:")
	for _, id := range p.sees {
		w.line(6, id+": all")
	}
	if len(p.recipients) > 0 {
		w.line(4, "recipients: ["+strings.Join(p.recipients, ", ")+"]")
	}
}

func (c *clause) render(w *writer) {
	s := c.sentence
	w.line(2, "- id: "+c.id)
	w.pair(4, "section", orElse(s.Section, "Policy"), false)
	w.text(4, "text", strings.TrimSpace(s.Whole()+" "+c.also))
	if c.statement {
		w.line(4, "statement: true")
		return
	}
	if len(s.Proposals) == 0 {
		w.comment(4, "no control was found for it: see clause check --explain no-control")
		return
	}
	if s.proposes(Backups) {
		w.comment(4, "backups, above, says it; that what is erased is gone from them in time, a clause of erasure proves")
		if len(s.Proposals) == 1 {
			return
		}
	}
	w.line(4, "keep:")
	for _, p := range s.Proposals {
		if p.Control == Backups {
			continue
		}
		for _, n := range p.Notes {
			w.comment(6, n)
		}
		w.control(6, p)
	}
}

func orElse(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}
