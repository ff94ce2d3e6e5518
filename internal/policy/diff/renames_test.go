package diff_test

import (
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
)

// Whatever gets another id, wherever it is named, that alone is told.
func TestRenames(t *testing.T) {
	src := string(parseFile(t, "testdata/base.yaml").Source)
	for _, row := range []struct{ what, old, new string }{
		{"region", "london", "uk-south"},
		{"region", "dublin", "eu-north"},
		{"data set", "orders", "purchases"},
		{"data set", "person", "people"},
		{"field", "total", "sum"},
		{"field", "home", "house"},
		{"purpose", "safety", "security-of-all"},
		{"recipient", "courier", "parcels"},
		{"recipient", "cloud", "fog"},
		{"model", "large", "huge"},
		{"subject", "visitors", "guests"},
		{"cookie", "count", "counter"},
		{"attestation", "iso", "iso27001"},
		{"product", "desk", "office"},
		{"law", "dpa", "uk-dpa"},
		{"clause", "acme-care", "acme-carefulness"},
	} {
		t.Run(row.old, func(t *testing.T) {
			old := parse(t, "old.yaml", []byte(src))
			new := parse(t, "new.yaml", []byte(renamedIn(src, row.old, row.new)))
			for _, r := range []diff.Report{compare(old, new), compare(new, old)} {
				if len(r.Changes) != 1 || r.Changes[0].Kind != "renamed" || r.Notice.Needed {
					t.Fatalf("told: %q", told(r, false))
				}
				if !strings.Contains(r.Changes[0].Says, " has the id ") || len(r.Warnings) == 0 || !strings.Contains(r.Warnings[0].Says, "Ids are for ever") {
					t.Errorf("says %q, warns %v", r.Changes[0].Says, r.Warnings)
				}
			}
		})
	}
}

// renamedIn puts a new id for an old one where it stands as a key or in a list, not within words.
func renamedIn(src, old, new string) string {
	for _, form := range []string{"  %s:", "[%s]", "[%s,", " %s]", " %s,", ", %s:", "subject: %s\n", "{%s:", "[%s.", " %s.", ".%s}", "id: %s\n"} {
		src = strings.ReplaceAll(src, strings.Replace(form, "%s", old, 1), strings.Replace(form, "%s", new, 1))
	}
	return src
}

// How people are reached names a purpose: it follows the purpose to its new id.
func TestContactsFollowTheirPurpose(t *testing.T) {
	new := base(t)
	new.Purposes[0].ID, new.Contacts.Purpose = "delivery", "delivery"
	if r := compare(base(t), new); !slices.Equal(told(r, false), []string{"renamed neutral"}) {
		t.Errorf("told: %q", told(r, false))
	}
}

// A bare field is no other field: its id is all it says.
func TestABareFieldIsNeverARename(t *testing.T) {
	old, new := base(t), base(t)
	old.Data[0].Fields = append(old.Data[0].Fields, policy.Field{ID: "town", Type: policy.Text})
	new.Data[0].Fields = append(new.Data[0].Fields, policy.Field{ID: "religion", Type: policy.Text})
	if r := compare(old, new); !slices.Contains(told(r, false), "field-new widens") || !r.Notice.Needed {
		t.Errorf("told: %q", told(r, false))
	}
}

// What has another id and says something else too is another thing.
func TestARenameChangesNothingElse(t *testing.T) {
	new := base(t)
	new.Data[1].ID, new.Data[1].Keep = "purchases", new.Data[1].Keep*2
	if r := compare(base(t), new); !slices.Contains(told(r, false), "data-new widens") {
		t.Errorf("told: %q", told(r, false))
	}
}

// Consents are kept by the purpose's id: under another one there are none.
func TestARenamedPurposeIsAskedAgain(t *testing.T) {
	src := string(base(t).Source)
	new := parse(t, "new.yaml", []byte(renamedIn(src, "advice", "tips")))
	r := compare(base(t), new)
	if len(r.Consents) != 1 || r.Consents[0].ID != "tips" || r.Consents[0].Lacking || !r.CanTakeEffect() {
		t.Errorf("consents %+v, problems %v", r.Consents, r.Problems)
	}
}

// The same policy written with other layout, other order and other words for the same is the same.
func TestLayoutIsNoChange(t *testing.T) {
	plain, other := parseFile(t, "testdata/layout.yaml"), parseFile(t, "testdata/layout_other.yaml")
	if r := compare(plain, other); len(r.Changes) > 0 || len(r.Warnings) > 0 {
		t.Errorf("told: %+v, %+v", r.Changes, r.Warnings)
	}
}
