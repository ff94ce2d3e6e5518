package publish

import (
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
)

// placesTable says where data is stored, and where else it goes.
func (w *writer) placesTable() *table {
	t := &table{Caption: w.say("places.caption"), Head: w.head("place", "provider", "country", "used-for")}
	for _, r := range w.policy.Regions {
		t.Groups = append(t.Groups, row("region."+r.ID,
			one(w.title(r.Place, r.Titles)), one(name(r.Provider)), one(w.country(r.Country)), one(w.orNone(w.usedFor(r.ID))),
		))
	}
	return t
}

// usedFor says what happens in a region.
func (w *writer) usedFor(id string) words {
	var all []words
	if slices.ContainsFunc(w.home(), func(r policy.Region) bool { return r.ID == id }) {
		all = append(all, w.say("used-for.storage"))
	}
	for _, r := range w.policy.Recipients {
		if r.Region == id {
			all = append(all, name(r.Name))
		}
	}
	for _, m := range w.policy.Models {
		if slices.Contains(m.Regions, id) {
			all = append(all, name(m.Name))
		}
	}
	return w.and(all)
}

// home are the regions where data is stored: those a clause about residency names; where none does,
// all but those named only for recipients and language models.
func (w *writer) home() []policy.Region {
	var kept []string
	for _, c := range w.policy.Clauses {
		for _, k := range c.Keep {
			if k.Control == "residency" {
				kept = append(kept, texts(&k, "regions")...)
			}
		}
	}
	abroad := map[string]bool{}
	for _, r := range w.policy.Recipients {
		abroad[r.Region] = true
	}
	for _, m := range w.policy.Models {
		for _, r := range m.Regions {
			abroad[r] = true
		}
	}
	var home []policy.Region
	for _, r := range w.policy.Regions {
		if slices.Contains(kept, r.ID) || len(kept) == 0 && !abroad[r.ID] {
			home = append(home, r)
		}
	}
	if len(home) == 0 {
		return w.policy.Regions
	}
	return home
}

// providers are whose data centres the data is stored in.
func (w *writer) providers() words {
	var all []words
	for _, r := range w.home() {
		all = append(all, name(r.Provider))
	}
	return w.several(distinct(all))
}

// attestationsTable lists certificates and reports; one whose last day has passed is named expired.
func (w *writer) attestationsTable() *table {
	t := &table{Caption: w.say("certificates.caption"), Head: w.head("certificate", "issuer", "issued", "validity", "document")}
	for _, a := range w.policy.Attestations {
		document := w.say("on-request")
		if a.Document != "" {
			document = w.say("read-it").to(linkOf(a.Document))
		}
		fingerprint := words(nil)
		if a.SHA256 != "" {
			fingerprint = name("SHA-256 " + a.SHA256)
		}
		t.Groups = append(t.Groups, row("attestation."+a.ID,
			lines(w.own(a.Title), w.kindOf(a)), one(name(a.Issuer)), one(w.date(a.Issued)), one(w.validity(a)), lines(document, fingerprint),
		))
	}
	return t.filled()
}

func (w *writer) kindOf(a policy.Attestation) words {
	kind := w.say("attestation." + string(a.Kind))
	if a.Standard == "" || a.Standard == a.Title {
		return kind
	}
	return append(append(kind, w.say("colon")...), name(a.Standard)...)
}

func (w *writer) validity(a policy.Attestation) words {
	switch end := a.Expires.Add(24 * time.Hour); {
	case a.Expires.IsZero():
		return w.say("validity.open")
	case !w.options.On.Before(end):
		return w.say("validity.expired", slots{"date": w.date(a.Expires)})
	}
	return w.say("validity.until", slots{"date": w.date(a.Expires)})
}
