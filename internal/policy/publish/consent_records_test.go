package publish_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy"
)

// The mandatory fields of ISO/IEC TS 27560:2023, clause 6.3, as the W3C Data Privacy Vocabularies group
// maps them (https://w3id.org/dpv/guides/consent-27560); the lawful basis is mandatory under the GDPR.
var consentMandatory = map[string][]string{
	"header": {"schema_version", "record_id", "pii_principal_id"},
	"processing": {
		"privacy_notice", "language", "purpose", "lawful_basis", "pii_information", "pii_controllers", "storage_locations",
		"retention_period", "jurisdiction", "recipient_third_parties", "withdrawal_method",
	},
	"pii_information": {"pii_type"},
	"parties":         {"party_id", "party_address", "party_name", "party_contact", "party_type"},
	"events":          {"event_time", "validity_duration", "entity_id", "event_type", "event_state"},
}

// consentFilled are the fields that a person's consent fills in, and what a client does for a processor.
var consentFilled = []string{
	"record_id", "receipt_id", "pii_principal_id", "event_time", "entity_id",
	"pii_controllers", "party_id", "party_name", "party_address", "party_contact",
}

type consentDoc struct {
	Placeholders map[string]string
	Templates    []struct {
		Purpose         string `json:"purpose_id"`
		Record, Receipt map[string]any
	}
}

func TestEveryPurposeOnConsentHasItsTemplate(t *testing.T) {
	for folder, p := range policies(t) {
		doc := maybe(t, p, "en", "consent-records.json")
		var want, got []string
		for _, u := range p.Purposes {
			if u.Basis == policy.Consent {
				want = append(want, u.ID)
			}
		}
		if doc != "" {
			var file consentDoc
			decode(t, doc, &file)
			for _, template := range file.Templates {
				got = append(got, template.Purpose)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has templates for %q, want %q", folder, got, want)
		}
	}
}

func TestConsentRecordsHoldWhatIsMandatory(t *testing.T) {
	onConsent := strings.Replace(small, "basis: contract", "basis: consent", 1)
	all := policies(t)
	all["small"] = parse(t, onConsent)
	all["processor"] = parse(t, strings.Replace(onConsent, "role: controller", "role: processor", 1))
	for folder, p := range all {
		doc := maybe(t, p, "ar", "consent-records.json")
		if doc == "" {
			continue
		}
		var file consentDoc
		decode(t, doc, &file)
		for _, template := range file.Templates {
			where := folder + "/" + template.Purpose
			for name, form := range map[string]map[string]any{"record": template.Record, "receipt": template.Receipt} {
				header := form["header"].(map[string]any)
				profile := name
				if slices.ContainsFunc(p.Laws, func(l policy.Law) bool { return strings.Contains(l.Citation, "2016/679") }) {
					profile += "-eu-gdpr"
				}
				if header["schema_version"] != "https://w3id.org/dpv/schema/dpv-27560#"+profile {
					t.Errorf("%s: the profile is %v", where, header["schema_version"])
				}
				if _, ok := header["receipt_id"]; ok != (name == "receipt") {
					t.Errorf("%s: a %s with a receipt_id: %t", where, name, ok)
				}
				for section := range consentMandatory {
					if _, ok := form[section]; !ok && section != "pii_information" {
						t.Errorf("%s has no %s", where, section)
					}
				}
				mandatory(t, where, "", form)
				filled(t, where, "", form, file.Placeholders)
			}
		}
	}
}

// mandatory complains of mandatory fields that are not there, or empty. Nobody is a recipient: that is
// an answer.
func mandatory(t *testing.T, where, section string, n any) {
	switch n := n.(type) {
	case []any:
		for _, item := range n {
			mandatory(t, where, section, item)
		}
	case map[string]any:
		for _, field := range consentMandatory[section] {
			empty := n[field] == "" || field != "recipient_third_parties" && len(list(n[field])) == 0
			if value, ok := n[field]; !ok || value == nil || empty {
				t.Errorf("%s: %s has no %s", where, section, field)
			}
		}
		for key, value := range n {
			mandatory(t, where, key, value)
		}
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// filled complains of placeholders that are not told of, or stand where the policy must.
func filled(t *testing.T, where, field string, n any, told map[string]string) {
	switch n := n.(type) {
	case []any:
		for _, item := range n {
			filled(t, where, field, item, told)
		}
	case map[string]any:
		for key, value := range n {
			filled(t, where, key, value, told)
		}
	case string:
		for _, p := range placeholder.FindAllString(n, -1) {
			if told[p] == "" || p != n || !slices.Contains(consentFilled, field) {
				t.Errorf("%s: %s is %q", where, field, n)
			}
		}
	}
}

func TestAProcessorsClientIsTheController(t *testing.T) {
	p := parse(t, strings.NewReplacer("basis: contract", "basis: consent", "role: controller", "role: processor").Replace(small))
	doc := read(t, p, "en", "consent-records.json")
	var file consentDoc
	decode(t, doc, &file)
	processing := file.Templates[0].Record["processing"].(map[string]any)
	if got := list(processing["pii_controllers"]); len(got) != 1 || got[0] != "{controller_id}" {
		t.Errorf("the controller is %v", got)
	}
}
