package publish

import (
	"encoding/json"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Receipts returns the template of the receipt of each purpose on consent, as ConsentReceipt fills it in. An
// unknown language is Invalid.
func Receipts(p *policy.Policy, o Options) (map[string][]byte, error) {
	const op = "publish.Receipts"
	f, err := One(p, "consent-records.json", o)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Templates []struct {
			Purpose string          `json:"purpose_id"`
			Receipt json.RawMessage `json:"receipt"`
		} `json:"templates"`
	}
	if err := json.Unmarshal(f.Bytes, &file); err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	all := map[string][]byte{}
	for _, t := range file.Templates {
		all[t.Purpose] = t.Receipt
	}
	return all, nil
}

// Expressed is what a receipt is of.
type Expressed struct {
	Record, Principal string
	At                time.Time
	Given             bool
}

// What stands in a receipt of a withdrawal, in place of the template's state.
const consentGiven, consentWithdrawn = "ConsentGiven", "ConsentWithdrawn"

// ConsentReceipt fills in the template of a receipt, ISO/IEC TS 27560:2023, as it was when somebody consented.
func ConsentReceipt(template []byte, e Expressed) ([]byte, error) {
	const op = "publish.ConsentReceipt"
	var r consentRecord
	if err := json.Unmarshal(template, &r); err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	r.Header.RecordID, r.Header.ReceiptID, r.Header.PrincipalID = e.Record, e.Record+".receipt", e.Principal
	for i := range r.Events {
		v := &r.Events[i]
		v.Time, v.Entity = e.At.UTC().Format(time.RFC3339), e.Principal
		if !e.Given {
			v.State = strings.Replace(v.State, consentGiven, consentWithdrawn, 1)
			v.Validity = "ended"
		}
	}
	out, err := json.MarshalIndent(r, "", "  ")
	return append(out, '\n'), fault.As(op, fault.Other, err)
}
