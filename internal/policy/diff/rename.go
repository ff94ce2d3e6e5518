package diff

import (
	"maps"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// renames finds what has another id and else is the same, gives it its new id in the old policy,
// and wherever the old policy names it, so that the id alone is a change. What has no title is never
// taken for another: of a bare field the id is all the meaning there is.
func (d *differ) renames() {
	o, n := d.old, d.new
	regions.rename(d, o.Regions, n.Regions)
	laws.rename(d, o.Laws, n.Laws)
	products.rename(d, o.Products, n.Products)
	subjects.rename(d, o.Subjects, n.Subjects)
	recipients.rename(d, o.Recipients, n.Recipients)
	models.rename(d, o.Models, n.Models)
	cookies.rename(d, o.Cookies, n.Cookies)
	attestations.rename(d, o.Attestations, n.Attestations)
	documents.rename(d, o.Documents, n.Documents)
	dataSets.rename(d, o.Data, n.Data)
	for i := range o.Data {
		if set, ok := n.DataSet(o.Data[i].ID); ok {
			fieldsOf(set).rename(d, o.Data[i].Fields, set.Fields)
		}
	}
	purposes.rename(d, o.Purposes, n.Purposes)
	wholeClauses.rename(d, o.Clauses, n.Clauses)
}

// mostAlike bounds how many things of one title are compared with each other.
const mostAlike = 16

// rename finds the renamed among two lists.
func (n noun[T]) rename(d *differ, old, new []T) {
	came := map[string][]*T{}
	for _, t := range n.missing(new, old) {
		came[n.like(t)] = append(came[n.like(t)], t)
	}
	delete(came, "")
	if len(came) == 0 {
		return
	}
	ids := map[string]string{}
	for _, t := range n.missing(old, new) {
		alike := came[n.like(t)]
		i := slices.IndexFunc(alike[:min(len(alike), mostAlike)], func(other *T) bool { return n.same(d, t, other) })
		if i < 0 {
			continue
		}
		from, to := *n.id(t), alike[i]
		came[n.like(t)] = slices.Delete(alike, i, i+1)
		it := n.item(d, to)
		it.ids = append(it.ids, n.prefix+from)
		d.add(it, "renamed", from, *n.id(to), Neutral)
		d.renamed = append(d.renamed, it.ids[0])
		*n.id(t) = *n.id(to)
		ids[n.prefix+from] = n.prefix + *n.id(to)
	}
	if len(ids) > 0 {
		d.rewrite(n.sort, ids)
	}
}

// same reports whether nothing would differ between two things if they had one id.
func (n noun[T]) same(d *differ, a, b *T) bool {
	quiet := &differ{old: d.old, new: d.new, controls: d.controls}
	twin := *a
	*n.id(&twin) = *n.id(b)
	n.both(quiet, n.item(quiet, b), &twin, b)
	return len(quiet.changes) == 0
}

// missing returns those of all whose ids none of others has.
func (n noun[T]) missing(all, others []T) (rest []*T) {
	have := n.byID(others)
	for i := range all {
		if have[*n.id(&all[i])] == nil {
			rest = append(rest, &all[i])
		}
	}
	return rest
}

// rewrite puts new ids in place of the old ones, wherever the old policy names things of a sort.
func (d *differ) rewrite(sort policy.ParamType, ids map[string]string) {
	p := d.old
	for i := range p.Recipients {
		swap(sort, policy.ParamRegions, ids, &p.Recipients[i].Region)
	}
	for i := range p.Models {
		swap(sort, policy.ParamRecipients, ids, &p.Models[i].Recipient)
		swapAll(sort, policy.ParamRegions, ids, p.Models[i].Regions)
	}
	for i := range p.Data {
		swap(sort, subjects.sort, ids, &p.Data[i].Subject)
	}
	for i := range p.Purposes {
		swapAll(sort, policy.ParamRecipients, ids, p.Purposes[i].Recipients)
		for j := range p.Purposes[i].Sees {
			rewriteSight(&p.Purposes[i].Sees[j], sort, ids)
		}
	}
	rewriteContacts(&p.Contacts, sort, ids)
	for i := range p.Clauses {
		for _, k := range p.Clauses[i].Keep {
			d.rewriteParams(k, sort, ids)
		}
	}
	for i := range p.Known {
		swapAll(sort, sort, ids, p.Known[i].About)
	}
}

func rewriteContacts(c *policy.Contacts, sort policy.ParamType, ids map[string]string) {
	swap(sort, policy.ParamPurposes, ids, &c.Purpose)
	for _, field := range []*string{&c.Name, &c.Email, &c.Phone, &c.Address} {
		swap(sort, policy.ParamFields, ids, field)
		if sort == policy.ParamDataSets {
			swapDataSet(ids, field)
		}
	}
}

// swapDataSet renames the data set of a field written as data-set.field.
func swapDataSet(ids map[string]string, name *string) {
	set, field, _ := strings.Cut(*name, ".")
	if to, ok := ids[set]; ok {
		*name = to + "." + field
	}
}

func rewriteSight(s *policy.Sight, sort policy.ParamType, ids map[string]string) {
	swap(sort, policy.ParamDataSets, ids, &s.DataSet)
	if sort != policy.ParamFields {
		return
	}
	for i, f := range s.Fields {
		if to, ok := ids[s.DataSet+"."+f]; ok {
			s.Fields[i] = strings.TrimPrefix(to, s.DataSet+".")
		}
	}
}

func (d *differ) rewriteParams(k policy.Keep, sort policy.ParamType, ids map[string]string) {
	spec, _ := d.controls.Control(k.Control)
	for _, p := range spec.Params {
		names, _ := k.Params[p.Name].([]string)
		swapAll(sort, p.Type, ids, names)
		if p.Type != policy.ParamFields || sort != policy.ParamDataSets {
			continue
		}
		for i := range names {
			swapDataSet(ids, &names[i])
		}
	}
}

// swap puts a new id in place of an old one, if it is of the sort.
func swap(sort, of policy.ParamType, ids map[string]string, id *string) {
	if to, ok := ids[*id]; ok && sort == of {
		*id = to
	}
}

func swapAll(sort, of policy.ParamType, ids map[string]string, all []string) {
	for i := range all {
		swap(sort, of, ids, &all[i])
	}
}

// titles compares translations of a title.
func (d *differ) titles(it item, old, new policy.Titles) {
	if !maps.Equal(old, new) {
		d.add(it, "translation", translated(old), translated(new), Neutral)
	}
}

// translated writes translations in the order of their languages.
func translated(t policy.Titles) string {
	var all []string
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		all = append(all, lang+": "+t[lang])
	}
	return strings.Join(all, "; ")
}
