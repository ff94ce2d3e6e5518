// Package decision answers one question: may this principal do this to this data of this subject,
// for this purpose, here, now? It is pure: it reads compiled rules and a request, nothing else.
//
// Access is denied by default: a zero request, an id the policy does not declare, a condition that
// cannot be evaluated are refused. The steps are taken in a fixed order, and the first that fails
// refuses: tenant, environment, credential, erasure, data set, purpose, action, fields, legal
// basis, restriction, region, staff grant, recipient (one of the purpose's,
// announced, not opted out of, allowed by the tenant), site condition. Each answer carries the
// clauses it rests on.
//
// Rules are compiled from the policy into tables indexed by purpose and data set, so that a
// decision costs the same for ten clauses as for a thousand, and allocates nothing.
package decision

import "math/bits"

// PurposeID numbers a purpose of the compiled policy; 0 is an unknown one.
type PurposeID uint16

// DataSetID numbers a data set of the compiled policy; 0 is an unknown one.
type DataSetID uint16

// RecipientID numbers a recipient of the compiled policy; 0 is an unknown one, or none.
type RecipientID uint16

// RegionID numbers a region of the compiled policy; 0 is an unknown one.
type RegionID uint16

// Fields is a set of fields of one data set: bit i stands for its i-th field in the policy.
type Fields uint64

// Has reports whether the i-th field is in the set.
func (f Fields) Has(i int) bool { return i >= 0 && i < maxFields && f&(1<<uint(i)) != 0 }

// Count returns the number of fields in the set.
func (f Fields) Count() int { return bits.OnesCount64(uint64(f)) }

// Set is a set of declared purposes, whose ids are 1 to 255.
type Set [4]uint64

// Has reports whether the purpose is in the set; 0 never is.
func (s Set) Has(id PurposeID) bool {
	return id != 0 && id < 256 && s[id>>6]&(1<<(id&63)) != 0
}

// With returns the set with the purpose added; ids that no declared purpose can have change nothing.
func (s Set) With(id PurposeID) Set {
	if id != 0 && id < 256 {
		s[id>>6] |= 1 << (id & 63)
	}
	return s
}

// Without returns the set with the purpose taken out.
func (s Set) Without(id PurposeID) Set {
	if id < 256 {
		s[id>>6] &^= 1 << (id & 63)
	}
	return s
}

// Op is what is to be done.
type Op uint8

// The operations; the zero Op is none and is refused.
const (
	Read      Op = iota + 1
	Write        // put, patch: Want holds the fields written
	Delete       // delete one record
	Aggregate    // count towards a statistic
	Disclose     // release to a recipient
	Manage       // create or erase a subject, record consent, objection, restriction: of no purpose
)

var opNames = [...]string{"none", "read", "write", "delete", "aggregate", "disclose", "manage"}

func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return opNames[0]
}
