package control

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"

	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
)

// packaged asks for the package of the person's data, opens it, and looks that everything of the person
// and nothing else is in it. Its link must work once.
func (x *exercise) packaged(ctx context.Context, right rights.Right, alias string) {
	r, ok := x.open(ctx, right)
	if !ok {
		return
	}
	out, ok := x.answer(ctx, r)
	if !ok {
		return
	}
	if !strings.HasPrefix(out.Link, "/download/") {
		x.t.breach("The answer to a request of %s gives no link to a package.", right)
		return
	}
	anyone := x.s.door("")
	a, err := anyone.do(ctx, call{method: "GET", path: out.Link})
	if !x.t.mustShow("fetching the package of "+string(right), a, err) {
		return
	}
	again, err := anyone.do(ctx, call{method: "GET", path: out.Link})
	x.t.mustRefuse("Using the link to a package a second time", again, err)
	parts, err := unzip(a.body)
	if err != nil {
		x.t.breach("The package of %s does not open: %v.", right, err)
		return
	}
	x.holdsAll(right, parts)
	x.holdsNobody(right, parts)
	x.proves(ctx, right, parts["ledger.json"], alias)
	x.ended(ctx, r)
}

// unzip reads an archive. The probe's own data is small: what is large is not it.
func unzip(archive []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	parts := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(r, maxAnswer))
		if err != nil {
			return nil, err
		}
		parts[f.Name] = body
	}
	return parts, nil
}

// holdsAll looks for every value that the person was given, in data.json, in the tables and on the page.
func (x *exercise) holdsAll(right rights.Right, parts map[string][]byte) {
	var data struct {
		Data map[string][]struct {
			ID     string                     `json:"id"`
			Fields map[string]json.RawMessage `json:"fields"`
		} `json:"data"`
	}
	if err := json.Unmarshal(parts["data.json"], &data); err != nil {
		x.t.breach("The package of %s has no data.json that can be read.", right)
		return
	}
	records := 0
	for _, all := range data.Data {
		records += len(all)
	}
	if records != len(x.records) {
		x.t.breach("The package of %s holds %s, and the person has %d.", right, plural(records, "record"), len(x.records))
	}
	for _, k := range x.records {
		var found map[string]json.RawMessage
		for _, r := range data.Data[k.set.ID] {
			if r.ID == k.id {
				found = r.Fields
			}
		}
		for id, value := range k.values {
			if !same(found[id], value) {
				x.t.breach("The package of %s lacks %s of %s, or has another value.", right, id, k.set.ID)
			}
		}
		x.shown(right, k, parts)
	}
	if len(parts["index.html"]) == 0 || len(parts["about.json"]) == 0 {
		x.t.breach("The package of %s lacks the page, or what is said about it.", right)
	}
	x.t.good("The package of %s holds every one of %s of the person.", right, plural(len(x.records), "record"))
}

// shown looks for a record in its table and on the page, and for its blobs.
func (x *exercise) shown(right rights.Right, k kept, parts map[string][]byte) {
	for name, body := range map[string][]byte{"table": parts["data/"+k.set.ID+".csv"], "page": parts["index.html"]} {
		if !bytes.Contains(body, []byte(k.id)) {
			x.t.breach("The %s in the package of %s lacks a record of %s.", name, right, k.set.ID)
		}
	}
	purpose, _ := writer(x.s.Policy, k.set)
	for _, id := range sight(purpose, k.set.ID) {
		if f, ok := k.set.Field(id); !ok || f.Type != policy.Blob {
			continue
		}
		held := false
		for name, body := range parts {
			held = held || strings.HasPrefix(name, "blobs/"+k.set.ID+"/"+k.id+"/"+id) && bytes.Contains(body, []byte(x.person.marks.text))
		}
		if !held {
			x.t.breach("The package of %s lacks a blob of %s.", right, k.set.ID)
		}
	}
}

// holdsNobody looks for the neighbour.
func (x *exercise) holdsNobody(right rights.Right, parts map[string][]byte) {
	look := searchFor(append(x.neighbour.marks.list(), x.neighbour.id)...)
	for name, body := range parts {
		if look.in(body) != "" {
			x.t.breach("The package of %s holds data of somebody else, in %s.", right, strings.SplitN(name, "/", 2)[0])
			return
		}
	}
	x.t.good("The package of %s holds nothing of another person.", right)
}

// proves checks the person's part of the ledger, by the key that the ledger is known by.
func (x *exercise) proves(ctx context.Context, right rights.Right, excerpt []byte, alias string) {
	log, err := x.s.openLog(ctx, x.person.tenant)
	if err != nil {
		unverified(x.t, err)
		return
	}
	key, err := log.source.Key(ctx)
	if err != nil {
		x.t.hurdle("the ledger's key could not be read: %v", err)
		return
	}
	stored := 0
	report, err := proof.VerifyExcerpt(bytes.NewReader(excerpt), key, func(e proof.Entry) {
		if strings.HasPrefix(e.Kind, "record.p") {
			stored++
		}
	})
	switch {
	case err != nil:
		x.t.breach("The ledger in the package of %s does not verify: %v.", right, err)
	case report.Subject != alias || stored < len(x.records):
		x.t.breach("The ledger in the package of %s does not tell of all that was stored.", right)
	default:
		x.t.good("The ledger in the package of %s, %s about the person, verifies.", right, plural(report.Entries, "entry"))
	}
}
