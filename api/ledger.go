package api

import "time"

// Entry is one event of a ledger. It holds ids and clause ids, no personal data; a person appears
// under a random alias.
type Entry struct {
	Seq       int64             `json:"seq" doc:"The entry's index in its log, from 0."`
	Time      time.Time         `json:"time"`
	Kind      string            `json:"kind"`
	Actor     string            `json:"actor,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	DataSet   string            `json:"data_set,omitempty"`
	Record    string            `json:"record,omitempty"`
	Version   int64             `json:"version,omitempty"`
	Purpose   string            `json:"purpose,omitempty"`
	Recipient string            `json:"recipient,omitempty"`
	Answer    string            `json:"answer,omitempty" enum:"allow,refuse"`
	Reason    string            `json:"reason,omitempty"`
	Clauses   []string          `json:"clauses,omitempty"`
	Detail    map[string]string `json:"detail,omitempty"`
}

// Entries is one page of a ledger, newest first.
type Entries struct {
	Entries []Entry `json:"entries" nullable:"false"`
	Next    string  `json:"next,omitempty" doc:"The cursor of the next, older page; absent on the last."`
}
