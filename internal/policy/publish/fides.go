package publish

import (
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// fidesTable is tables/fides.json.
type fidesTable struct {
	dataTerms
	Category    string // of what nothing else is known
	Uses        []wordTerm
	UsesByBasis map[policy.Basis]string
	Bases       map[policy.Basis]string
	Subjects    []string
}

// The resources of Fides that a manifest holds, as fideslang's models name their fields.
type (
	fidesFile struct {
		Dataset []fidesDataset `json:"dataset"`
		System  []fidesSystem  `json:"system"`
	}
	fidesDataset struct {
		Key         string            `json:"fides_key"`
		Name        string            `json:"name"`
		Description string            `json:"description,omitempty"`
		Categories  []string          `json:"data_categories"`
		Collections []fidesCollection `json:"collections"`
	}
	fidesCollection struct {
		Name   string       `json:"name"`
		Fields []fidesField `json:"fields"`
	}
	fidesField struct {
		Name       string   `json:"name"`
		Categories []string `json:"data_categories"`
	}
	fidesSystem struct {
		Key          string             `json:"fides_key"`
		Name         string             `json:"name"`
		Type         string             `json:"system_type"`
		LegalName    string             `json:"legal_name"`
		LegalAddress string             `json:"legal_address,omitempty"`
		Officer      string             `json:"dpo,omitempty"`
		Declarations []fidesDeclaration `json:"privacy_declarations"`
	}
	fidesDeclaration struct {
		Name       string   `json:"name"`
		Categories []string `json:"data_categories"`
		Use        string   `json:"data_use"`
		Subjects   []string `json:"data_subjects"`
		Datasets   []string `json:"dataset_references"`
		Basis      string   `json:"legal_basis_for_processing"`
		Retention  string   `json:"retention_period"`
		Special    bool     `json:"processes_special_category_data"`
		Shared     bool     `json:"data_shared_with_third_parties"`
		With       string   `json:"third_parties,omitempty"`
	}
)

// fidesManifest writes the data sets and what they are used for as a manifest of Fides, whose keys name
// categories of data and uses.
func fidesManifest(r *register) ([]byte, error) {
	var table fidesTable
	if err := readTable("fides.json", &table); err != nil {
		return nil, err
	}
	org := r.Organisation
	file := fidesFile{System: []fidesSystem{{
		Key: "service." + uuid(org.Name)[:8], Name: org.Name, Type: "Service", LegalName: org.Name, LegalAddress: org.Address, Officer: org.Officer.Contact,
	}}}
	for i := range r.Data {
		file.Dataset = append(file.Dataset, table.dataset(r, &r.Data[i]))
	}
	for i := range r.Purposes {
		file.System[0].Declarations = append(file.System[0].Declarations, table.declaration(r, &r.Purposes[i]))
	}
	return encode(file)
}

func (t *fidesTable) dataset(r *register, d *policy.DataSet) fidesDataset {
	out := fidesDataset{Key: d.ID, Name: r.titled(d.Title, d.Titles), Categories: []string{t.category(d)}}
	collection := fidesCollection{Name: d.ID}
	for _, f := range d.Fields {
		collection.Fields = append(collection.Fields, fidesField{f.ID, []string{t.fieldCategory(d, f)}})
	}
	out.Collections = []fidesCollection{collection}
	return out
}

func (t *fidesTable) category(d *policy.DataSet) string {
	if key, ok := t.Categories[d.Category]; ok {
		return key
	}
	return t.Category
}

func (t *fidesTable) fieldCategory(d *policy.DataSet, f policy.Field) string {
	if key := t.field(f); key != "" {
		return key
	}
	return t.category(d)
}

func (t *fidesTable) declaration(r *register, u *policy.Purpose) fidesDeclaration {
	out := fidesDeclaration{Name: r.titled(u.Title, u.Titles), Use: byWord(t.Uses, u.ID), Subjects: []string{}, Basis: t.Bases[u.Basis], Shared: len(u.Recipients) > 0}
	if out.Use == "" {
		out.Use = t.UsesByBasis[u.Basis]
	}
	var kept []string
	for _, s := range u.Sees {
		d, _ := r.DataSet(s.DataSet)
		out.Datasets = append(out.Datasets, d.ID)
		out.Special = out.Special || d.Sensitive
		kept = append(kept, d.ID+": "+storagePeriod(d))
		for _, id := range s.Fields {
			f, _ := d.Field(id)
			out.Categories = append(out.Categories, t.fieldCategory(d, *f))
		}
		if subject := strings.TrimSuffix(d.Subject, "s"); slices.Contains(t.Subjects, subject) {
			out.Subjects = append(out.Subjects, subject)
		}
	}
	out.Retention = strings.Join(kept, "; ")
	out.Categories, out.Subjects = sorted(out.Categories), sorted(out.Subjects)
	var with []string
	for _, id := range u.Recipients {
		c, _ := r.Recipient(id)
		with = append(with, c.Name)
	}
	out.With = strings.Join(with, ", ")
	return out
}

// storagePeriod says how long a data set is kept, for programs: a span of ISO 8601, or an event.
func storagePeriod(d *policy.DataSet) string {
	if d.Keep > 0 {
		return isoDuration(d.Keep)
	}
	return "while-active"
}

// sorted returns each of the texts once, in order.
func sorted(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}
