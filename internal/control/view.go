package control

import (
	"slices"

	"clause.dev/clause/internal/policy"
)

// may reports whether the purpose may do the action.
func may(purpose *policy.Purpose, action policy.Action) bool {
	return slices.Contains(purpose.May, action)
}

// sight returns the fields of the data set that the purpose sees.
func sight(purpose *policy.Purpose, dataSet string) []string {
	var fields []string
	for _, s := range purpose.Sees {
		if s.DataSet == dataSet {
			fields = append(fields, s.Fields...)
		}
	}
	return fields
}

// plainFields returns those of the fields that travel within a record: blobs have addresses of
// their own.
func plainFields(set *policy.DataSet, fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(id string) bool {
		f, ok := set.Field(id)
		return !ok || f.Type == policy.Blob
	})
}

// writer returns the purpose that may write most fields of the data set, all required ones among
// them, and those fields. Purposes with a condition of the site are not counted on.
func writer(p *policy.Policy, set *policy.DataSet) (best *policy.Purpose, fields []string) {
	for i := range p.Purposes {
		purpose := &p.Purposes[i]
		seen := plainFields(set, sight(purpose, set.ID))
		if purpose.When == "" && may(purpose, policy.Write) && len(seen) > len(fields) && hasRequired(set, seen) {
			best, fields = purpose, seen
		}
	}
	return best, fields
}

func hasRequired(set *policy.DataSet, fields []string) bool {
	for _, f := range set.Fields {
		if !f.Optional && f.Type != policy.Blob && !slices.Contains(fields, f.ID) {
			return false
		}
	}
	return true
}

// readers returns the purposes that may read some of the data set, those with a condition of the
// site left out.
func readers(p *policy.Policy, dataSet string) []*policy.Purpose {
	var all []*policy.Purpose
	for i := range p.Purposes {
		purpose := &p.Purposes[i]
		if purpose.When == "" && may(purpose, policy.Read) && len(sight(purpose, dataSet)) > 0 {
			all = append(all, purpose)
		}
	}
	return all
}

// fieldIDs returns the fields of the data set.
func fieldIDs(set *policy.DataSet) []string {
	var ids []string
	for _, f := range set.Fields {
		ids = append(ids, f.ID)
	}
	return ids
}

// deleter returns a purpose that may delete records of the data set, nil if none may.
func deleter(p *policy.Policy, set *policy.DataSet) *policy.Purpose {
	for i := range p.Purposes {
		purpose := &p.Purposes[i]
		if purpose.When == "" && may(purpose, policy.Delete) && len(sight(purpose, set.ID)) > 0 {
			return purpose
		}
	}
	return nil
}

// titles returns the ids of the data sets.
func titles(sets []*policy.DataSet) []string {
	var ids []string
	for _, set := range sets {
		ids = append(ids, set.ID)
	}
	return ids
}

// dataSets returns the policy's data sets that keep says yes to.
func dataSets(p *policy.Policy, keep func(*policy.DataSet) bool) []*policy.DataSet {
	var sets []*policy.DataSet
	for i := range p.Data {
		if keep(&p.Data[i]) {
			sets = append(sets, &p.Data[i])
		}
	}
	return sets
}
