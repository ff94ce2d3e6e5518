package console

import (
	"maps"
	"net/url"
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/vault"
)

// customers are the tenants, for who administers them.
func customers() *matter {
	return &matter{
		Name: "customers", Central: true, Columns: []string{"tenant", "title", "state", "region", "environment", "created"},
		list: func(v *visit, _ string) (out lines, err error) {
			all, err := v.door.Desks.Work.Vault.Tenants(v.context(), v.who.Caller)
			for _, t := range all {
				name := id(t.ID)
				name.At = v.Of(t.ID, "leaving")
				out.rows = append(out.rows, row{ID: t.ID, Cells: []cell{name, {Text: t.Title}, v.state(t.State), id(t.Region), id(t.Environment), when(t.Created)}})
			}
			return out, err
		},
		acts: []act{
			opening(func(v *visit, in api.NewTenant) (vault.Tenant, error) {
				return v.door.Desks.Work.Vault.CreateTenant(v.context(), v.who.Caller, vault.Tenant{ID: in.ID, Title: in.Title, Region: in.Region, Environment: in.Environment})
			}, func(vault.Tenant) string { return "" }).choosing(func(v *visit) map[string][]string {
				regions := make([]string, 0, len(v.door.Policy.Regions))
				for _, r := range v.door.Policy.Regions {
					regions = append(regions, r.ID)
				}
				return map[string][]string{"region": regions, "environment": v.door.Policy.Environments}
			}),
		},
	}
}

// leaving is the off-boarding of a tenant, and the certificates of erasure that came of it and of people.
func leaving() *matter {
	desk := func(v *visit) *retention.Desk { return v.door.Desks.Work.Retention }
	return &matter{
		Name: "leaving", Columns: []string{"certificate", "kind", "state", "opened", "issued"},
		list: listing(func(v *visit, cursor string) ([]retention.Certificate, string, error) {
			return desk(v).Certificates(v.context(), v.who.Caller, v.tenant, cursor, listed)
		}, func(v *visit, c *retention.Certificate) row {
			return row{ID: c.ID, Cells: []cell{id(c.ID), v.words(c.Kind), v.state(stageOf(c)), when(c.Opened), when(c.Issued)}}
		}),
		show: func(v *visit, one string) (thing, error) {
			c, err := desk(v).Certificate(v.context(), v.who.Caller, v.tenant, one)
			return v.erasure(&c), err
		},
		acts: []act{opening(func(v *visit, in typedAgain) (retention.OffBoarding, error) {
			if in.Tenant != v.tenant {
				return retention.OffBoarding{}, fault.New("console.leaving", fault.Invalid, "that is not its id; nothing was erased").WithField("tenant")
			}
			return desk(v).OffBoard(v.context(), v.who.Caller, v.tenant)
		}, func(o retention.OffBoarding) string { return o.ID }).grave()},
	}
}

// typedAgain is the id of what is erased for good, typed by who means it.
type typedAgain struct {
	Tenant string `json:"tenant" maxLength:"128"`
}

// stageOf is how far an erasure has come. What a legal hold keeps is held in another sense than an exercise is.
func stageOf(c *retention.Certificate) string {
	if c.State == retention.Held {
		return "on-hold"
	}
	return string(c.State)
}

func (v *visit) erasure(c *retention.Certificate) thing {
	t := thing{
		ID: c.ID, State: v.word(stageOf(c)), Tone: toneOf(stageOf(c)),
		Facts:   facts(of("kind", v.words(c.Kind)), of("about", id(c.About)), of("keys", number(len(c.Keys)))),
		Moments: v.moments(moment{At: c.Opened, Label: "opened"}, moment{At: c.Erased, Label: "erased"}, moment{At: c.Issued, Label: "issued", Tone: "kept"}),
	}
	for _, table := range slices.Sorted(maps.Keys(c.Removed)) {
		t.Facts = append(t.Facts, of("removed", id(table), number(c.Removed[table])))
	}
	if len(c.Document) > 0 {
		t.Links = []cell{{Text: v.phrase("leaving.document"), At: v.At("leaving", c.ID, "document")}}
	}
	return t
}

// certificate hands out the signed document.
func (v *visit) certificate() error {
	c, err := v.door.Desks.Work.Retention.Certificate(v.context(), v.who.Caller, v.tenant, v.r.PathValue("id"))
	switch {
	case err != nil:
		return err
	case len(c.Document) == 0:
		return fault.New("console.certificate", fault.NotFound, "the certificate is not issued yet")
	}
	v.send(c.ID+".json", "application/json", c.Document)
	return nil
}

// turnTo leads to the grants of a tenant whose id somebody knows.
func (v *visit) turnTo() error {
	tenant := v.query("tenant")
	if !isID(tenant) {
		return fault.New("console.turnTo", fault.NotFound, "there is no such tenant")
	}
	v.redirect("at/" + url.PathEscape(tenant) + "/grants")
	return nil
}
