package control

import (
	"context"
	"encoding/json"
	"fmt"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
)

// way is a request by which data could be had.
type way struct {
	what string
	call call
	open bool // asks what there is: an answer that there is nothing is as good as a refusal
}

// ways are the requests by which the purpose could have a record: by its address, in a list, by a
// value that can be looked up, and by the address of its blobs.
func (p *person) ways(purpose *policy.Purpose, k kept) []way {
	all := []way{
		{"Reading " + k.set.ID, call{method: "GET", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID}, false},
		{"Listing " + k.set.ID, call{method: "GET", path: p.path("data", k.set.ID), purpose: purpose.ID}, false},
	}
	for _, id := range sight(purpose, k.set.ID) {
		f, ok := k.set.Field(id)
		switch {
		case !ok:
		case f.Type == policy.Blob:
			all = append(all, way{"Reading a blob of " + k.set.ID, call{method: "GET", path: p.path("data", k.set.ID, k.id, "blobs", id), purpose: purpose.ID}, false})
		case (f.Find || f.Unique) && k.values[id] != nil && k.set.Storage != policy.Memory:
			body := api.Find{DataSet: k.set.ID, Field: id, Value: fmt.Sprint(k.values[id])}
			all = append(all, way{"Finding " + k.set.ID + " by " + id, call{method: "POST", path: p.home() + "/find", purpose: purpose.ID, body: body}, true})
		}
	}
	return all
}

// mustHide goes the way, on which nothing may be had.
func (t *trial) mustHide(ctx context.Context, d door, w way, circumstance string) {
	a, err := d.do(ctx, w.call)
	var found api.Records
	if w.open && err == nil && a.ok() && json.Unmarshal(a.body, &found) == nil && len(found.Records) == 0 {
		t.good("%s %s finds nothing.", w.what, circumstance)
		return
	}
	t.mustForbid(w.what+" "+circumstance, a, err)
}
