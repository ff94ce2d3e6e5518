package httpapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// appendRecord appends the record as api.Record. Its fields are JSON already and go out as they are.
func appendRecord(dst []byte, r *vault.Record) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendText(dst, r.ID)
	dst = append(dst, `,"subject":`...)
	dst = appendText(dst, r.Subject)
	dst = append(dst, `,"data_set":`...)
	dst = appendText(dst, r.DataSet)
	dst = append(dst, `,"version":`...)
	dst = strconv.AppendInt(dst, r.Version, 10)
	dst = append(dst, `,"created":"`...)
	dst = r.Created.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","updated":"`...)
	dst = r.Updated.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","fields":`...)
	if len(r.Fields) == 0 {
		dst = append(dst, '{', '}')
	}
	dst = append(dst, r.Fields...)
	return append(dst, '}')
}

// appendText appends s as a JSON string; ids need no escape.
func appendText(dst []byte, s string) []byte {
	if isID(s) {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(dst, '"', '"')
	}
	return append(dst, quoted...)
}

// recordSize is a guess of a record's size without its fields, in bytes.
const recordSize = 224

// sendRecords answers with a page of records.
func (x *exchange) sendRecords(records []vault.Record, next string) error {
	size := 32 + len(next)
	for i := range records {
		size += recordSize + len(records[i].Fields)
	}
	body := append(make([]byte, 0, size), `{"records":[`...)
	var clauses []string
	for i := range records {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendRecord(body, &records[i])
		for _, c := range records[i].Clauses {
			if !slices.Contains(clauses, c) {
				clauses = append(clauses, c)
			}
		}
	}
	body = append(body, ']')
	if next != "" {
		body = append(body, `,"next":`...)
		body = appendText(body, next)
	}
	x.restsOn(clauses)
	return x.send(200, append(body, '}', '\n'))
}

// restsOn tells the clauses that the access rests on.
func (x *exchange) restsOn(clauses []string) {
	if len(clauses) > 0 {
		x.Header()[api.HeaderRestsOn] = []string{strings.Join(clauses, ", ")}
	}
}

// version tells the record's version.
func (x *exchange) version(n int64) {
	tag := append(make([]byte, 0, 24), '"')
	tag = strconv.AppendInt(tag, n, 10)
	x.Header()["Etag"] = []string{string(append(tag, '"'))}
}

// stored answers with the outcome of a change.
func (x *exchange) stored(status int, s vault.Stored) error {
	x.restsOn(s.Clauses)
	x.version(s.Version)
	if s.Replayed {
		x.Header()[api.HeaderReplayed] = []string{"true"}
	}
	body := append(make([]byte, 0, 96), `{"record":`...)
	body = appendText(body, s.Record)
	body = append(body, `,"version":`...)
	body = strconv.AppendInt(body, s.Version, 10)
	return x.send(status, append(body, '}', '\n'))
}
