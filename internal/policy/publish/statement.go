package publish

import (
	"cmp"
	"strings"

	"clause.dev/clause/internal/policy"
)

// statement is the privacy and security statement.
func (w *writer) statement() *paper {
	var products []words
	for _, p := range w.policy.Products {
		products = append(products, name(p.Title).to(linkOf(p.URL)))
	}
	more := fact{Term: w.say("products")}
	if len(products) > 0 {
		more.Means = []words{w.and(products)}
	}
	p := w.paper("statement", more)
	p.add("Summary", w.say("summary"), block{Cards: w.summary()}, block{Figure: w.figure()})
	w.sections(p)
	p.Turn = len(p.Parts)
	p.add("Data", w.say("what"), block{Table: w.dataTable()})
	p.add("Uses", w.say("uses"), block{Text: w.say("uses.lead", slots{"backups": w.span(w.lastBackup())})}, block{Table: w.usesTable()})
	p.add("Recipients", w.say("who"), w.recipients()...)
	p.add("Places", w.say("places"), block{Table: w.placesTable()})
	p.add("Models", w.say("models"), w.models()...)
	p.add("Measures", w.say("measures"), block{Text: w.say("measures.lead")}, block{Table: w.measuresTable()})
	p.add("Certificates", w.say("certificates"), block{Table: w.attestationsTable()})
	p.add("Documents", w.say("documents"), block{List: w.documents()})
	p.add("Contact", w.say("contact"), block{Facts: w.contacts()})
	if open := w.open(w.policy.Clauses); open != nil {
		p.add("Open", w.say("open"), block{Text: w.say("open.lead")}, block{List: open})
	}
	p.add("About", w.say("about"), block{Text: w.say("about.marks")}, block{Text: w.say("about.digest", slots{"digest": name(w.policy.Digest)})})
	return p
}

// summary answers what a reader in a hurry asks, from the policy's structure, and then with the plain
// sentences of the clauses about it.
func (w *writer) summary() []card {
	var cards []card
	for _, q := range []struct {
		topic  topic
		answer words
	}{
		{what, w.whatInShort()}, {why, w.whyInShort()}, {who, w.whoInShort()},
		{howLong, w.howLongInShort()}, {rights, w.rightsInShort()}, {contact, w.contactInShort()},
	} {
		c := card{ID: "Summary." + string(q.topic), Title: w.say("question." + string(q.topic)), Answer: q.answer}
		for i := range w.policy.Clauses {
			clause := &w.policy.Clauses[i]
			if plain := w.plain(clause); mainTopic(clause) == q.topic && len(plain) > 0 {
				c.More = append(c.More, plain)
			}
		}
		if q.topic == why && c.More == nil {
			c.More = w.purposes()
		}
		cards = append(cards, c)
	}
	return cards
}

// purposes are links to the purposes, the first dozen.
func (w *writer) purposes() []words {
	var all []words
	for _, u := range w.policy.Purposes[:min(len(w.policy.Purposes), few)] {
		all = append(all, w.title(u.Title, u.Titles).to("#purpose."+u.ID))
	}
	return all
}

func (w *writer) whatInShort() words {
	var sets []words
	for _, d := range w.policy.Data {
		sets = append(sets, w.title(d.Title, d.Titles).to("#data."+d.ID))
	}
	return append(w.several(sets), w.say("stop")...)
}

// few is how many things are listed in a sentence or on a card.
const few = 12

// several lists at most a dozen things, and says how many more there are.
func (w *writer) several(all []words) words {
	if len(all) <= few {
		return w.and(all)
	}
	return w.and(append(all[:few:few], w.count("more", int64(len(all)-few))))
}

func (w *writer) whyInShort() words {
	count := map[policy.Basis]int64{}
	for _, u := range w.policy.Purposes {
		count[u.Basis]++
	}
	var bases []words
	for _, b := range []policy.Basis{policy.Contract, policy.Consent, policy.LegitimateInterests, policy.LegalObligation, policy.VitalInterests, policy.PublicTask} {
		if count[b] > 0 {
			bases = append(bases, w.say("basis.count", slots{"basis": w.say("basis." + string(b)), "n": figure64(count[b])}))
		}
	}
	return w.count("why.short", int64(len(w.policy.Purposes)), slots{"bases": w.and(bases)})
}

func (w *writer) whoInShort() words {
	return w.say("who.short", slots{"recipients": w.recipientsInShort(), "providers": w.providers()})
}

func (w *writer) recipientsInShort() words {
	var all []words
	for _, r := range w.policy.Recipients {
		all = append(all, name(r.Name))
	}
	if len(all) == 0 {
		return w.say("nobody")
	}
	return w.several(all)
}

func (w *writer) howLongInShort() words {
	var periods []words
	for i := range w.policy.Data {
		periods = append(periods, w.period(&w.policy.Data[i]))
	}
	periods = distinct(periods)
	if more := len(periods) - 5; more > 0 {
		periods = append(periods[:5:5], w.count("more", int64(more)))
	}
	return w.say("how-long.short", slots{"periods": w.or(periods), "backups": w.span(w.lastBackup())})
}

func (w *writer) rightsInShort() words {
	k := keepOf(w.policy, "data-subject-rights")
	var all []words
	for _, r := range texts(k, "rights") {
		all = append(all, w.say("right."+r))
	}
	if len(all) == 0 {
		return w.say("rights.none")
	}
	answer := w.say("rights.short", slots{"rights": w.and(all)})
	if within, ok := k.Params["within"].(policy.Term); ok && within.Form == policy.Within {
		answer = append(answer, w.say("rights.within", slots{"term": w.term(within)})...)
	}
	if free, _ := k.Params["free"].(bool); free {
		answer = append(answer, w.say("rights.free")...)
	}
	return append(answer, w.say("stop")...)
}

func (w *writer) contactInShort() words {
	o := w.policy.Organisation
	answer := w.say("contact.short", slots{"contact": address(o.Contact)})
	if o.Authority.Name != "" {
		answer = append(answer, w.say("contact.complain", slots{"authority": name(o.Authority.Name).to(linkOf(o.Authority.URL))})...)
	}
	return answer
}

// contacts are all who can be written to, and what they answer for.
func (w *writer) contacts() []fact {
	o, s := w.policy.Organisation, w.policy.Security
	party := func(p policy.Party) words {
		if p.Name == "" {
			return nil
		}
		return append(append(name(p.Name), w.say("list.comma")...), address(p.Contact)...)
	}
	link := func(url string) words {
		if url == "" {
			return nil
		}
		return address(url)
	}
	laws := fact{Term: w.say("laws")}
	for _, l := range w.policy.Laws {
		laws.Means = append(laws.Means, append(append(w.title(l.Title, l.Titles), w.say("colon")...), w.own(l.Citation)...))
	}
	reports := fact{Term: w.say("security.contact")}
	for _, c := range s.Contacts {
		reports.Means = append(reports.Means, address(c))
	}
	return facts(
		w.about("organisation", append(name(o.Name), w.say("bracket", slots{"text": w.say("role." + o.Role)})...)),
		w.about("address", w.own(o.Address)), w.about("contact.privacy", address(o.Contact)), w.about("website", link(o.Website)),
		w.about("terms", link(o.Terms)), w.about("officer", party(o.Officer)), w.about("agent", party(o.Agent)),
		w.about("authority", w.authority()), laws, reports, w.about("security.policy", link(s.Policy)),
	)
}

func (w *writer) authority() words {
	a := w.policy.Organisation.Authority
	return name(a.Name).to(linkOf(a.URL)).nonEmpty()
}

func (w *writer) documents() []words {
	var all []words
	for _, d := range w.policy.Documents {
		said := w.own(d.Title).to(linkOf(d.URL))
		if d.SHA256 != "" {
			said = append(said, w.say("bracket", slots{"text": name("SHA-256 " + d.SHA256)})...)
		}
		all = append(all, said)
	}
	return all
}

// category names a category of data; one that is the policy's own stays its word.
func (w *writer) category(c string) words {
	if _, known := w.phrases["category."+c]; known {
		return w.say("category." + c)
	}
	return w.in("en", strings.ReplaceAll(cmp.Or(c, "-"), "-", " "))
}
