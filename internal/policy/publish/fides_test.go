package publish_test

import (
	"regexp"
	"slices"
	"testing"
)

// fidesKey is the form of a key: FidesKey of fideslang's validation.
var fidesKey = regexp.MustCompile(`^[a-zA-Z0-9_.<>-]+$`)

type fidesDoc struct {
	Dataset []struct {
		Key         string   `json:"fides_key"`
		Categories  []string `json:"data_categories"`
		Collections []struct {
			Fields []struct {
				Name       string
				Categories []string `json:"data_categories"`
			}
		}
	}
	System []struct {
		Key          string `json:"fides_key"`
		Type         string `json:"system_type"`
		Declarations []struct {
			Categories []string `json:"data_categories"`
			Use        string   `json:"data_use"`
			Subjects   []string `json:"data_subjects"`
			Datasets   []string `json:"dataset_references"`
			Basis      string   `json:"legal_basis_for_processing"`
		} `json:"privacy_declarations"`
	}
}

// What fideslang's models demand: keys of one form, every reference to a data set that is there, every
// category and use of the taxonomy (testdata/fides-3.1.json says where it comes from).
func TestFidesManifestIsOne(t *testing.T) {
	var taxonomy struct{ Categories, Uses, Subjects, Bases []string }
	decode(t, file(t, "testdata/fides-3.1.json"), &taxonomy)
	for folder, p := range policies(t) {
		var doc fidesDoc
		decode(t, read(t, p, "en", "fides.json"), &doc)
		one := func(what string, keys []string, known []string) {
			t.Helper()
			for _, key := range keys {
				if !fidesKey.MatchString(key) || !slices.Contains(known, key) {
					t.Errorf("%s: the %s %q is none of Fides'", folder, what, key)
				}
			}
		}
		var sets []string
		for i, d := range doc.Dataset {
			sets = append(sets, d.Key)
			one("category", d.Categories, taxonomy.Categories)
			fields := d.Collections[0].Fields
			if d.Key != p.Data[i].ID || len(fields) != len(p.Data[i].Fields) {
				t.Errorf("%s: data set %s has %d fields", folder, d.Key, len(fields))
			}
			for _, f := range fields {
				one("category", f.Categories, taxonomy.Categories)
			}
		}
		if len(doc.System) != 1 || len(doc.System[0].Declarations) != len(p.Purposes) || doc.System[0].Type == "" {
			t.Fatalf("%s: the systems are %+v", folder, doc.System)
		}
		for _, d := range doc.System[0].Declarations {
			one("category", d.Categories, taxonomy.Categories)
			one("use", []string{d.Use}, taxonomy.Uses)
			one("subject", d.Subjects, taxonomy.Subjects)
			one("data set", d.Datasets, sets)
			if !slices.Contains(taxonomy.Bases, d.Basis) {
				t.Errorf("%s: the basis is %q", folder, d.Basis)
			}
		}
	}
}
