package publish_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// figures is a policy whose figures are drawn: whatever states one must state the one drawn.
const figures = `version: %[1]s
effective: %[2]s
organisation: {name: Acme, role: controller, contact: privacy@acme.example, website: "https://acme.example"}
laws: {gdpr: {title: GDPR, citation: Regulation (EU) 2016/679}}
regions: {home: {provider: Azure, place: %[3]s, country: %[4]s}}
environments: [production]
backups: {epoch: %[5]dd, horizon: %[6]dd}
data:
  person: {title: Person, category: identity, fields: {name: text}}
  orders: {title: Orders, category: commerce, keep: %[7]dd, fields: {day: date}}
purposes:
  service: {title: Service, basis: contract, may: [read], sees: {person: all}}
  advice: {title: Advice, basis: consent, may: [read], sees: {orders: all}}
attestations: {soc: {title: SOC report, kind: certificate, standard: SOC 2 Type 2, issuer: Auditor, issued: 2025-01-01, expires: %[8]s}}
security: {contacts: ["mailto:security@acme.example"], expires: %[8]s}
clauses:
  - {id: c-tls, section: S, text: Encrypted., keep: [tls: {minimum: "%[9]s"}]}
  - {id: c-erasure, section: S, text: Gone., keep: [erasure: {within: %[10]dd}]}
  - {id: c-sale, section: S, text: Not sold., keep: [no-direct-marketing]}
  - {id: c-password, section: S, text: Hashed., keep: [password-hash: {algorithm: bcrypt, cost: %[11]d}]}
  - {id: c-review, section: S, text: Reviewed., keep: [access-review: {every: every %[12]d months}]}
  - {id: c-rights, section: S, text: Rights., keep: [data-subject-rights: {rights: [access], within: %[13]d days}]}
`

// TestNoFigureIsTypedTwice draws the figures of a policy and finds each in every document that states it.
func TestNoFigureIsTypedTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		day := func(label string) time.Time {
			return published.AddDate(0, 0, rapid.IntRange(1, 900).Draw(rt, label))
		}
		number := func(label string, least, most int) int { return rapid.IntRange(least, most).Draw(rt, label) }
		effective, expires := day("effective").Format(time.DateOnly), day("expires")
		version := "v" + fmt.Sprint(number("version", 1, 999))
		place := rapid.SampledFrom([]string{"Alpha", "Beta", "Gamma"}).Draw(rt, "place")
		country := rapid.SampledFrom([]string{"AE", "IN", "DE", "SG"}).Draw(rt, "country")
		epoch, horizon, keep := number("epoch", 1, 15), number("horizon", 1, 15), number("keep", 2, 999)
		erasure := epoch + horizon + number("slack", 0, 60)
		tls := rapid.SampledFrom([]string{"1.2", "1.3"}).Draw(rt, "tls")
		cost, months, rights := number("cost", 10, 16), number("months", 2, 11), number("rights", 2, 60)
		p := parse(t, fmt.Sprintf(figures, version, effective, place, country, epoch, horizon, keep, expires.Format(time.DateOnly), tls, erasure, cost, months, rights))

		for name, stated := range map[string][]string{
			".well-known/security.txt": {"Expires: " + expires.Format(time.RFC3339)},
			".well-known/gpc.json":     {`"lastUpdate": "` + effective + `"`},
			"dpv.jsonld": {
				`"dct:hasVersion": "` + version + `"`, `"@value": "` + effective + `"`, `"@value": "` + place + `"`, `"loc:` + country + `"`,
				fmt.Sprintf(`"P%dD"`, keep), fmt.Sprintf(`"P%dD"`, erasure), fmt.Sprintf(`"%d days"`, rights),
			},
			"fides.json": {fmt.Sprintf(`"orders: P%dD"`, keep)},
			"consent-records.json": {
				"Acme, " + version + ", sha256:" + p.Digest, `"Azure, ` + place + ", " + country + `"`, fmt.Sprintf(`"orders: P%dD"`, keep),
			},
			"questionnaire.json": {
				`"policy_version": "` + version + `"`, fmt.Sprintf("%d days\"", keep), fmt.Sprintf("no backup after %d day", epoch+horizon),
				"valid until " + expires.Format("2 January 2006"), "Azure, " + place,
			},
			"questionnaire.md": {version, fmt.Sprintf("%d days", keep), expires.Format("2 January 2006"), place},
			"oscal-component.json": {
				`"version": "` + version + `"`, `"last-modified": "` + effective + "T00:00:00Z", parameter("tls.minimum", tls),
				parameter("erasure.within", fmt.Sprintf("P%dD", erasure)), parameter("password-hash.cost", fmt.Sprint(cost)),
				parameter("access-review.every", fmt.Sprintf("every %d months", months)), parameter("data-subject-rights.within", fmt.Sprintf("%d days", rights)),
			},
		} {
			doc := read(t, p, "en", name)
			for _, s := range stated {
				if !strings.Contains(doc, s) {
					rt.Errorf("%s does not state %s", name, s)
				}
			}
		}
	})
}

func parameter(class, value string) string {
	return fmt.Sprintf("\"value\": %q,\n                    \"class\": %q", value, class)
}
