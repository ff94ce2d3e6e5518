package decision

import (
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

const (
	maxFields   = 64      // bits of Fields
	maxPurposes = 255     // ids of Set
	maxIDs      = 1 << 15 // of data sets, recipients, regions
	maxCells    = 1 << 20 // of the table: about 90 MB
)

// Rules is a compiled policy: read-only, shared by all requests. Only Compile makes one that
// allows anything.
type Rules struct {
	purposes   []purpose // by PurposeID; [0] is the unknown one
	sets       []dataSet // by DataSetID
	recipients []recipient
	regions    []region
	cells      []cell     // by purpose, then data set
	lists      [][]string // of clauses, shared by the cells; [0] is empty

	environments []string

	purposeIDs   map[string]PurposeID
	dataSetIDs   map[string]DataSetID
	recipientIDs map[string]RecipientID
	regionIDs    map[string]RegionID
}

type purpose struct {
	id               string
	declared         bool // false: named by a clause only to be refused
	may              uint8
	basis            basis
	underRestriction bool
	recipients       []uint64 // bits, by RecipientID
	when             *condition
}

type basis uint8

// The legal bases by what a decision checks for them.
const (
	basisOther     basis = iota // legal obligation, vital interests: nothing the subject does ends them
	basisContract               // an account exists
	basisConsent                // consent stands
	basisInterests              // no objection stands
)

type dataSet struct {
	id     string
	fields []string
	index  map[string]int
}

func (d *dataSet) all() Fields { return Fields(1)<<len(d.fields) - 1 }

type recipient struct {
	id   string
	safe bool // inside the allowed regions, or with a recorded safeguard
}

type region struct {
	id      string
	allowed bool
}

// cell is what the tables hold for one purpose and one data set.
type cell struct {
	sees   Fields           // 0: nothing
	refuse [steps]uint32    // the list of each step's clauses, most specific first
	allow  [variants]uint32 // the list an allowed answer rests on
}

// An allowed answer rests on more steps if staff asked, and if data is disclosed.
const (
	byStaff   = 1
	disclosed = 2
	variants  = 4
)

// cell returns the table's cell, for ids out of range that of the unknown.
func (r *Rules) cell(p PurposeID, d DataSetID) *cell {
	if int(p) >= len(r.purposes) {
		p = 0
	}
	if int(d) >= len(r.sets) {
		d = 0
	}
	return &r.cells[int(p)*len(r.sets)+int(d)]
}

// Purpose returns the id of a purpose, 0 if the policy neither declares nor names it.
func (r *Rules) Purpose(id string) PurposeID { return r.purposeIDs[id] }

// DataSet returns the id of a data set, 0 if the policy does not declare it.
func (r *Rules) DataSet(id string) DataSetID { return r.dataSetIDs[id] }

// Recipient returns the id of a recipient, 0 if the policy does not declare it.
func (r *Rules) Recipient(id string) RecipientID { return r.recipientIDs[id] }

// Region returns the id of a region, 0 if the policy does not declare it.
func (r *Rules) Region(id string) RegionID { return r.regionIDs[id] }

// PurposeName returns a purpose's id in the policy, "" if it is unknown.
func (r *Rules) PurposeName(p PurposeID) string {
	if int(p) < len(r.purposes) {
		return r.purposes[p].id
	}
	return ""
}

// PurposeSet returns the declared ones of the purposes named, and fault.Invalid if one is not.
func (r *Rules) PurposeSet(ids []string) (Set, error) {
	var set Set
	var err error
	for _, id := range ids {
		p := r.purposeIDs[id]
		if p == 0 || !r.purposes[p].declared {
			err = fault.New("decision.PurposeSet", fault.Invalid, "the policy does not declare a purpose named here").WithField("purposes")
			continue
		}
		set = set.With(p)
	}
	return set, err
}

// FieldNames returns the fields of a data set in the order of their bits, nil if it is unknown.
// Shared: never write to it.
func (r *Rules) FieldNames(d DataSetID) []string {
	if int(d) < len(r.sets) {
		return r.sets[d].fields
	}
	return nil
}

// FieldSet returns the bits of the fields named. A name that is not declared is fault.Refused with
// the clause that says that only declared data is kept.
func (r *Rules) FieldSet(d DataSetID, names []string) (Fields, error) {
	if d == 0 || int(d) >= len(r.sets) {
		return 0, r.undeclared(d, UnknownDataSet).WithField("data_set")
	}
	set := &r.sets[d]
	var fields Fields
	for _, name := range names {
		i, ok := set.index[name]
		if !ok {
			return 0, r.undeclared(d, UnknownField).WithField("fields").WithHint("the fields of %s are listed in the policy", set.id)
		}
		fields |= 1 << i
	}
	return fields, nil
}

func (r *Rules) undeclared(d DataSetID, why Reason) *fault.Error {
	err := fault.New("decision.FieldSet", fault.Refused, "%s", why)
	if len(r.cells) == 0 {
		return err
	}
	return err.WithClause(first(r.lists[r.cell(0, d).refuse[StepDeclared]]))
}

// Undeclared returns the refusal of a field that the data set does not declare, which has no bit
// to ask Decide with: for the ledger, beside FieldSet's error.
func (r *Rules) Undeclared(d DataSetID) Answer {
	if len(r.cells) == 0 {
		return Answer{}
	}
	return r.refusal(r.cell(0, d), UnknownField)
}

// Visible returns the fields of a data set that a purpose sees, legal basis apart.
func (r *Rules) Visible(p PurposeID, d DataSetID) Fields {
	if len(r.cells) == 0 {
		return 0
	}
	return r.cell(p, d).sees
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func action(a policy.Action) (uint8, bool) {
	switch a {
	case policy.Read:
		return 1 << Read, true
	case policy.Write:
		return 1 << Write, true
	case policy.Delete:
		return 1 << Delete, true
	case policy.Aggregate:
		return 1 << Aggregate, true
	case policy.Disclose:
		return 1 << Disclose, true
	}
	return 0, false
}
