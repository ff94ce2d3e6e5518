package diff_test

import (
	"slices"
	"testing"

	"clause.dev/clause/internal/policy"
)

// What must be asked again, and where old consents would be taken for the new.
func TestConsents(t *testing.T) {
	const advice = 1
	for _, row := range []struct {
		name    string
		edit    func(p *policy.Policy)
		id      string // "" for none
		lacking bool
	}{
		{"sees more", func(p *policy.Policy) { p.Purposes[advice].Sees[0].Fields = []string{"name", "email"} }, "advice", true},
		{"sees less", func(p *policy.Policy) { p.Purposes[advice].Sees = p.Purposes[advice].Sees[:1] }, "", false},
		{"may more", func(p *policy.Policy) { p.Purposes[advice].May = append(p.Purposes[advice].May, policy.Write) }, "advice", true},
		{"more recipients", func(p *policy.Policy) {
			p.Purposes[advice].Recipients = append(p.Purposes[advice].Recipients, "courier")
		}, "advice", true},
		{"machines decide otherwise", func(p *policy.Policy) { p.Purposes[advice].Automated = "Dice." }, "advice", true},
		{"machines decide no more", func(p *policy.Policy) { p.Purposes[advice].Automated = "" }, "", false},
		{"its recipient decides for itself", func(p *policy.Policy) { p.Recipients[1].Role = "controller" }, "advice", true},
		{"its recipient is another", func(p *policy.Policy) { p.Recipients[1].Name = "Fog Inc" }, "advice", true},
		{"its recipient loses the safeguard", func(p *policy.Policy) { p.Recipients[1].Safeguard = "" }, "advice", true},
		{"another recipient loses nothing of it", func(p *policy.Policy) { p.Recipients[0].Role = "authority" }, "", false},
		{"its recipient's region is elsewhere", func(p *policy.Policy) { p.Regions[2].Country = "US" }, "advice", true},
		{"its recipient's model is elsewhere too", func(p *policy.Policy) { p.Models[0].Regions = append(p.Models[0].Regions, "london") }, "advice", true},
		{"data is kept in another country", func(p *policy.Policy) { p.Clauses[1].Keep[0].Params["regions"] = []string{"london", "leeds", "dublin"} }, "advice", true},
		{"data is kept in fewer places", func(p *policy.Policy) { p.Clauses[1].Keep[0].Params["regions"] = []string{"london"} }, "", false},
		{"what it sees is of a special category", func(p *policy.Policy) { p.Data[0].Sensitive = true }, "advice", true},
		{"another controller", func(p *policy.Policy) { p.Organisation.Name = "Bcme" }, "advice", true},
		{"another purpose sees more", func(p *policy.Policy) { p.Purposes[2].May = append(p.Purposes[2].May, policy.Delete) }, "", false},
		{"a new purpose", func(p *policy.Policy) {
			u := p.Purposes[advice]
			u.ID, u.Title = "tips", "Tips"
			p.Purposes = append(p.Purposes, u)
		}, "tips", false},
		{"consent where there was none needed", func(p *policy.Policy) { p.Purposes[2].Basis = policy.Consent }, "safety", false},
		{"a cookie that is not necessary", func(p *policy.Policy) {
			p.Cookies = append(p.Cookies, policy.Cookie{ID: "ad", Title: "Ads", Kind: policy.Advertising})
		}, "ad", false},
		{"a cookie that was necessary", func(p *policy.Policy) { p.Cookies[0].Kind = policy.Analytics }, "session", false},
		{"a cookie for more", func(p *policy.Policy) { p.Cookies[1].Kind = policy.Advertising }, "count", true},
		{"a cookie that stays longer", func(p *policy.Policy) { p.Cookies[1].Lifetime *= 2 }, "count", true},
		{"a cookie that stays shorter", func(p *policy.Policy) { p.Cookies[1].Lifetime /= 2 }, "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			new := base(t)
			row.edit(new)
			r := compare(base(t), new)
			if row.id == "" {
				if len(r.Consents) > 0 || slices.Contains(codes(r.Problems), "consent-lacking") {
					t.Fatalf("asks %+v", r.Consents)
				}
				return
			}
			if len(r.Consents) != 1 || r.Consents[0].ID != row.id || r.Consents[0].Lacking != row.lacking || len(r.Consents[0].Reasons) == 0 {
				t.Fatalf("asks %+v", r.Consents)
			}
			if slices.Contains(codes(r.Problems), "consent-lacking") != row.lacking {
				t.Errorf("problems %+v", r.Problems)
			}
			asked := compare(base(t), new, row.id)
			if !asked.Consents[0].Asked || slices.Contains(codes(asked.Problems), "consent-lacking") {
				t.Errorf("once asked: %+v", asked.Problems)
			}
		})
	}
}
