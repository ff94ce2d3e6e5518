package httpapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// quiet is a vault that answers at once, so that a benchmark sees this package alone.
type quiet struct {
	*fake
	record vault.Record
}

func (q quiet) Get(context.Context, vault.Caller, vault.Target) (vault.Record, error) {
	return q.record, nil
}

func (q quiet) Put(context.Context, vault.Caller, vault.Target, vault.Fields, vault.Condition, vault.Idempotency) (vault.Stored, error) {
	return stored, nil
}

// sink throws an answer away.
type sink struct{ header http.Header }

func (s sink) Header() http.Header         { return s.header }
func (s sink) Write(b []byte) (int, error) { return len(b), nil }
func (s sink) WriteHeader(int)             {}

const largeFields = `{"income":"12500.00 AED","employer":"A company of medium size","note":"` +
	`some two hundred bytes of text that a person entered by hand, and which nobody but the purposes ` +
	`of the policy may see; long enough to make the record about as large as the issue says it is"}`

func largeRecord() vault.Record {
	r := sampleRecord("rec_1")
	r.Fields = []byte(largeFields)
	return r
}

// throughHuma serves the same read through huma, with the same schema.
func throughHuma() http.Handler {
	mux := http.NewServeMux()
	type input struct {
		Tenant, Subject, DataSet, Record string
		Authorization                    string `header:"Authorization"`
		Purpose                          string `header:"Clause-Purpose"`
	}
	type output struct {
		ETag string `header:"ETag"`
		Body api.Record
	}
	record := largeRecord()
	huma.Register(humago.New(mux, huma.DefaultConfig("bench", "1")), huma.Operation{Method: "GET", Path: recordPath, OperationID: "get"},
		func(context.Context, *input) (*output, error) {
			return &output{ETag: `"3"`, Body: api.Record{ID: record.ID, Subject: record.Subject, DataSet: record.DataSet,
				Version: 3, Created: record.Created, Updated: record.Updated, Fields: api.Fields{"income": record.Fields}}}, nil
		})
	return mux
}

// bare is what the issue compares with: a handler that returns the same bytes.
func bare() http.Handler {
	record := largeRecord()
	body := appendRecord(nil, &record)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+recordPath, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	mux.HandleFunc("PUT "+recordPath, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(body)
	})
	return mux
}

func benchSetting(b *testing.B) http.Handler {
	return set(b, func(c *Config) {
		c.Vault = quiet{&fake{}, largeRecord()}
		c.Limits.PerCredential = 1e9
	}).handler
}

func BenchmarkGet(b *testing.B) {
	for _, kind := range []struct {
		name    string
		handler http.Handler
	}{{"bare", bare()}, {"ours", benchSetting(b)}, {"huma", throughHuma()}} {
		b.Run(kind.name, func(b *testing.B) { bench(b, kind.handler, http.MethodGet, "") })
	}
}

func BenchmarkPut(b *testing.B) {
	for _, kind := range []struct {
		name    string
		handler http.Handler
	}{{"bare", bare()}, {"ours", benchSetting(b)}} {
		b.Run(kind.name, func(b *testing.B) { bench(b, kind.handler, http.MethodPut, `{"fields":`+largeFields+`}`) })
	}
}

func bench(b *testing.B, h http.Handler, method, body string) {
	r, err := http.NewRequest(method, record, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+dataKey)
	r.Header.Set("Clause-Purpose", "health-score")
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "192.0.2.1:1234"
	w := sink{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}
