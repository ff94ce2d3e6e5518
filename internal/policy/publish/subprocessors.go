package publish

import (
	"slices"

	"clause.dev/clause/internal/policy"
)

// subProcessors is the list of who processes data for the organisation. It is drawn from who is
// declared to get data, not from what clauses say of it: whoever hosts a language model is on it.
func (w *writer) subProcessors() *paper {
	o := w.policy.Organisation
	guide := words(nil)
	if o.Guide != "" {
		guide = address(o.Guide)
	}
	p := w.paper("sub-processors", w.about("guide", guide))
	all := w.processors()
	if len(all) == 0 {
		p.add("List", w.say("sub-processors.list"), block{Text: w.say("sub-processors.none", slots{"name": name(o.Name)})})
	} else {
		p.add("List", w.say("sub-processors.list"), block{Note: w.contradicted()}, block{Table: w.recipientsTable("sub-processors.caption", all)})
	}
	p.add("Hosting", w.say("hosting"), block{Text: w.say("hosting.lead")}, block{Table: w.hostingTable()})
	var about []block
	for i := range w.policy.Clauses {
		c := &w.policy.Clauses[i]
		if slices.ContainsFunc(c.Keep, func(k policy.Keep) bool {
			return slices.Contains([]string{"sub-processors", "no-disclosure", "model-provider", "allowed-recipients"}, k.Control)
		}) {
			about = append(about, block{Clause: w.entry(c)})
		}
	}
	p.add("Clauses", w.say("clauses"), about...)
	w.notes(p)
	return p
}

// notes explains the marks of clauses in a paper that is not the statement.
func (w *writer) notes(p *paper) {
	var shown []policy.Clause
	marked := false
	for _, part := range p.Parts {
		for _, b := range part.Blocks {
			if b.Clause != nil {
				c, _ := w.policy.Clause(b.Clause.ID)
				shown, marked = append(shown, *c), marked || len(b.Clause.Marks) > 0
			}
		}
	}
	if open := w.open(shown); open != nil {
		p.add("Open", w.say("open"), block{Text: w.say("open.lead")}, block{List: open})
	}
	if marked {
		p.add("About", w.say("about"), block{Text: w.say("about.marks")})
	}
}

// processors are the recipients who process data on the organisation's behalf, and those who host a
// language model, whatever they are called.
func (w *writer) processors() []policy.Recipient {
	host := hosts(w.policy)
	var all []policy.Recipient
	for _, r := range w.policy.Recipients {
		if r.Role == "processor" || host[r.ID] != nil {
			all = append(all, r)
		}
	}
	return all
}

// contradicted says so where a clause names fewer sub-processors than there are.
func (w *writer) contradicted() words {
	k := keepOf(w.policy, "sub-processors")
	if k == nil {
		return nil
	}
	var missing []words
	for _, r := range w.processors() {
		if !slices.Contains(texts(k, "recipients"), r.ID) {
			missing = append(missing, name(r.Name))
		}
	}
	if missing == nil {
		return nil
	}
	return w.say("sub-processors.contradicted", slots{"missing": w.and(missing)})
}

// recipients is the part of the statement about who gets data.
func (w *writer) recipients() []block {
	if len(w.policy.Recipients) == 0 {
		return []block{{Text: w.say("who.none", slots{"providers": w.providers()})}}
	}
	return []block{{Note: w.contradicted()}, {Table: w.recipientsTable("recipients.caption", w.policy.Recipients)}}
}

func (w *writer) recipientsTable(caption string, all []policy.Recipient) *table {
	t := &table{Caption: w.say(caption), Head: w.head("recipient.one", "does", "role", "place", "safeguard")}
	host := hosts(w.policy)
	for _, r := range all {
		does := lines(w.title(r.Does, r.Titles).nonEmpty())
		for _, m := range host[r.ID] {
			does = append(does, w.say("hosts", slots{"model": name(m.Name)}))
		}
		if len(does) == 0 {
			does = one(w.none())
		}
		t.Groups = append(t.Groups, row("recipient."+r.ID,
			one(name(r.Name)), does, one(w.say("role."+r.Role)), w.placesOf(r), one(w.safeguard(r)),
		))
	}
	return t.filled()
}

// placesOf are where a recipient has what it is given: its region, and those of the models it hosts.
func (w *writer) placesOf(r policy.Recipient) cell {
	ids := []string{r.Region}
	for _, m := range hosts(w.policy)[r.ID] {
		for _, id := range m.Regions {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	var c cell
	for _, id := range ids {
		if region, ok := w.policy.Region(id); ok {
			c = append(c, w.placeOf(region))
		}
	}
	return c
}

// placeOf is a region's place and country.
func (w *writer) placeOf(r *policy.Region) words {
	return append(append(w.title(r.Place, r.Titles), w.say("list.comma")...), w.country(r.Country)...)
}

// abroad are the countries, other than those where data is stored, in which a recipient has it.
func (w *writer) abroad(r policy.Recipient) []words {
	var seen []string
	for _, h := range w.home() {
		seen = append(seen, h.Country)
	}
	ids := []string{r.Region}
	for _, m := range hosts(w.policy)[r.ID] {
		ids = append(ids, m.Regions...)
	}
	var all []words
	for _, id := range ids {
		if region, ok := w.policy.Region(id); ok && !slices.Contains(seen, region.Country) {
			seen = append(seen, region.Country)
			all = append(all, w.country(region.Country))
		}
	}
	return all
}

// safeguard says under what safeguard data leaves the countries where it is stored: GDPR art. 30(1)(e).
func (w *writer) safeguard(r policy.Recipient) words {
	abroad := w.abroad(r)
	switch {
	case r.Safeguard != "":
		return w.own(r.Safeguard)
	case len(abroad) > 0:
		return w.say("safeguard.none")
	}
	return w.say("safeguard.not-needed")
}

func (w *writer) hostingTable() *table {
	t := &table{Caption: w.say("hosting.caption"), Head: w.head("provider", "place", "country")}
	for _, r := range w.home() {
		t.Groups = append(t.Groups, row("region."+r.ID, one(name(r.Provider)), one(w.title(r.Place, r.Titles)), one(w.country(r.Country))))
	}
	return t.filled()
}

// models is the part of the statement about language models.
func (w *writer) models() []block {
	if len(w.policy.Models) == 0 {
		return []block{{Text: w.say("models.none")}}
	}
	t := &table{Caption: w.say("models.caption"), Head: w.head("model", "host", "place", "model.keeps", "model.trains")}
	for _, m := range w.policy.Models {
		host := name(w.policy.Organisation.Name)
		if r, ok := w.policy.Recipient(m.Recipient); ok {
			host = name(r.Name).to("#recipient." + r.ID)
		}
		var places cell
		for _, id := range m.Regions {
			if r, ok := w.policy.Region(id); ok {
				places = append(places, w.placeOf(r))
			}
		}
		trains := w.say("no")
		if m.Trains {
			trains = w.say("yes")
		}
		keeps := lines(w.own(m.Retention), w.own(m.Tenancy))
		if len(keeps) == 0 {
			keeps = one(w.say("unsaid"))
		}
		t.Groups = append(t.Groups, row("model."+m.ID, one(name(m.Name)), one(host), places, keeps, one(trains)))
	}
	return []block{{Table: t}}
}
