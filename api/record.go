package api

import (
	"encoding/json"
	"time"
)

// Fields are the values of a record by field id. Dates are "2006-01-02", money is "1250.00 AED",
// phones are in E.164 form; in a patch null removes an optional field.
type Fields map[string]json.RawMessage

// Text returns the field's value if it is a JSON string, otherwise "".
func (f Fields) Text(field string) string {
	var s string
	if json.Unmarshal(f[field], &s) != nil {
		return ""
	}
	return s
}

// Content is what a request writes into a record.
type Content struct {
	Fields Fields `json:"fields" nullable:"false"`
}

// Stored is the outcome of a change.
type Stored struct {
	Record  string `json:"record" doc:"The record's id."`
	Version int64  `json:"version" doc:"The version the change made; for If-Match."`
}

// Record is personal data of one person in one data set, as much of it as the purpose may see.
type Record struct {
	ID      string    `json:"id"`
	Subject string    `json:"subject"`
	DataSet string    `json:"data_set"`
	Version int64     `json:"version"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Fields  Fields    `json:"fields" nullable:"false"`
}

// Records is one page of records.
type Records struct {
	Records []Record `json:"records" nullable:"false"`
	Next    string   `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

// Find asks for the records of a tenant whose field has exactly the value.
type Find struct {
	DataSet string `json:"data_set" minLength:"1" maxLength:"128"`
	Field   string `json:"field" minLength:"1" maxLength:"128" doc:"A field that the policy allows to be found by."`
	Value   string `json:"value" minLength:"1" maxLength:"4096"`
}

// The actions of a batch.
const (
	ActionPut    = "put"
	ActionPatch  = "patch"
	ActionDelete = "delete"
)

// Operation is one change of a batch.
type Operation struct {
	Action    string `json:"action" enum:"put,patch,delete"`
	Subject   string `json:"subject" minLength:"1" maxLength:"128"`
	DataSet   string `json:"data_set" minLength:"1" maxLength:"128"`
	Record    string `json:"record,omitempty" maxLength:"128" doc:"Absent in a put: a new record."`
	Fields    Fields `json:"fields,omitempty" nullable:"false"`
	IfVersion *int64 `json:"if_version,omitempty" minimum:"0" doc:"Change only this version; 0 means that the record must not exist."`
}

// Batch is a list of changes that happen together or not at all.
type Batch struct {
	Operations []Operation `json:"operations" nullable:"false" minItems:"1" maxItems:"1000"`
}

// BatchResult is the outcome of a batch, in its order.
type BatchResult struct {
	Results []Stored `json:"results" nullable:"false"`
}

// The statistics of an aggregate.
const (
	StatisticCount = "count"
	StatisticSum   = "sum"
	StatisticMean  = "mean"
)

// AggregateQuery asks for a statistic over the people of a tenant.
type AggregateQuery struct {
	DataSet   string `json:"data_set" minLength:"1" maxLength:"128"`
	Statistic string `json:"statistic" enum:"count,sum,mean"`
	Field     string `json:"field,omitempty" maxLength:"128" doc:"What to add up; absent for a count."`
	GroupBy   string `json:"group_by,omitempty" maxLength:"128"`
}

// Aggregate is a statistic; groups of too few people are counted in Suppressed and not shown.
type Aggregate struct {
	People     int     `json:"people"`
	Groups     []Group `json:"groups" nullable:"false"`
	Suppressed int     `json:"suppressed"`
}

// Group is one line of an aggregate; Key is absent without grouping.
type Group struct {
	Key    string `json:"key,omitempty"`
	People int    `json:"people"`
	Value  string `json:"value" doc:"A decimal."`
}
