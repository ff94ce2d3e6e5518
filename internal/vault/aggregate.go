package vault

import (
	"context"
	"encoding/json"
	"sort"
	"strconv"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
	"github.com/govalues/decimal"
)

// The statistics.
const (
	statCount = "count"
	statSum   = "sum"
	statMean  = "mean"
)

// tally gathers one group.
type tally struct {
	people   map[string]bool
	n        int64
	sum      decimal.Decimal
	currency string
}

// Aggregate computes a statistic over the people of a tenant whose data the purpose may use, and
// releases only groups of at least AggregateMin people. count counts records, sum and mean take an
// integer or money field; groupBy is an enum or bool field, or empty.
func (v *Vault) Aggregate(ctx context.Context, c Caller, tenant, purpose, dataSet, statistic, field, groupBy string) (Aggregate, error) {
	t := Target{Tenant: tenant, DataSet: dataSet, Purpose: purpose}
	var fields []string
	for _, f := range []string{field, groupBy} {
		if f != "" {
			fields = append(fields, f)
		}
	}
	q := v.ask("aggregate", &c, decision.Aggregate, &t, fields)
	if err := v.admit(ctx, &q); err != nil {
		return Aggregate{}, err
	}
	if err := q.set.checkStatistic(statistic, field, groupBy); err != nil {
		return Aggregate{}, err
	}
	groups := map[string]*tally{}
	if err := v.tallyAll(ctx, &q, field, groupBy, groups); err != nil {
		return Aggregate{}, err
	}
	out, err := v.release(groups, statistic)
	if err != nil {
		return Aggregate{}, err
	}
	q.req.Standing, q.alias = nobody, "" // it is about nobody in particular
	e := v.entry(&q, v.Rules.Decide(&q.req))
	note(&e, "statistic", statistic)
	note(&e, "groups", strconv.Itoa(len(out.Groups)))
	note(&e, "suppressed", strconv.Itoa(out.Suppressed))
	if len(out.Groups) == 0 {
		e.Answer, e.Reason, e.Clauses = proof.Refuse, "too few people", v.aggregateClauses()
	}
	if err := v.record(ctx, tenant, e); err != nil {
		return Aggregate{}, err
	}
	if len(out.Groups) == 0 {
		return Aggregate{}, fault.New("vault.Aggregate", fault.Refused, "the statistic is about fewer than %d people", v.AggregateMin).
			WithClause(v.AggregateClause)
	}
	return out, nil
}

func (set *dataSet) checkStatistic(statistic, field, groupBy string) error {
	const op = "vault.Aggregate"
	if set.Storage == policy.Memory {
		return fault.New(op, fault.Invalid, "a memory-only data set has no statistics").WithField("data_set")
	}
	switch statistic {
	case statCount:
	case statSum, statMean:
		if f, ok := set.Field(field); !ok || (f.Type != policy.Integer && f.Type != policy.Money) {
			return fault.New(op, fault.Invalid, "%s needs an integer or money field", statistic).WithField("field")
		}
	default:
		return fault.New(op, fault.Invalid, "a statistic is count, sum or mean").WithField("statistic")
	}
	if groupBy != "" {
		if f, ok := set.Field(groupBy); !ok || (f.Type != policy.Enum && f.Type != policy.Bool) {
			return fault.New(op, fault.Invalid, "only an enum or bool field can group: other values could single people out").WithField("group_by")
		}
	}
	return nil
}

// tallyPeople is how many people are read in one snapshot.
const tallyPeople = 200

// tallyAll goes through the tenant's people, page by page, in bounded memory.
func (v *Vault) tallyAll(ctx context.Context, q *question, field, groupBy string, groups map[string]*tally) error {
	for after := ""; ; {
		var page []string
		err := v.DB.Read(ctx, q.target.Tenant, func(tx *db.Tx) error {
			var err error
			if page, err = subjectsAfter(tx, q.target.Tenant, after); err != nil {
				return err
			}
			for _, id := range page {
				if err := v.tallyOne(tx, q, id, field, groupBy, groups); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(page) < tallyPeople {
			return err
		}
		after = page[len(page)-1]
	}
}

func subjectsAfter(tx *db.Tx, tenant, after string) (ids []string, err error) {
	err = tx.Each(`SELECT subject_id FROM subjects WHERE tenant_id = $1 AND subject_id > $2 ORDER BY subject_id LIMIT $3`,
		[]any{tenant, after, tallyPeople}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// tallyOne counts one person in, if the purpose may use their data.
func (v *Vault) tallyOne(tx *db.Tx, q *question, id, field, groupBy string, groups map[string]*tally) error {
	s, err := v.load(tx, q.target.Tenant, id)
	if fault.Is(err, fault.Erased) || fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if a := v.decide(q, s); !a.Allow {
		return nil
	}
	rows, err := allRows(tx, s, q.set)
	if err != nil {
		return err
	}
	for i := range rows {
		plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, q.set.ID, rows[i].id, rows[i].version), rows[i].sealed)
		if err != nil {
			return err
		}
		if err := q.set.tallyRow(plain, id, field, groupBy, groups); err != nil {
			return err
		}
	}
	return nil
}

func (set *dataSet) tallyRow(plain []byte, person, field, groupBy string, groups map[string]*tally) error {
	var value, group string
	err := eachItem(plain, func(name, raw []byte) error {
		if string(name) == field {
			value = string(raw)
		}
		if string(name) == groupBy {
			group = plainValue(raw)
		}
		return nil
	})
	if err != nil || (field != "" && value == "") || (groupBy != "" && group == "") {
		return err
	}
	var amount, currency string
	switch f, _ := set.Field(field); {
	case f == nil:
	case f.Type == policy.Integer:
		amount = value
	case f.Type == policy.Money:
		amount, currency, _ = strings.Cut(plainValue([]byte(value)), " ")
		group = strings.TrimPrefix(group+" "+currency, " ") // amounts of two currencies are never added
	}
	g := groups[group]
	if g == nil {
		g = &tally{people: map[string]bool{}, currency: currency}
		groups[group] = g
	}
	g.people[person] = true
	g.n++
	if amount == "" {
		return nil // a count of what is not a number
	}
	d, err := decimal.Parse(amount)
	if err == nil {
		g.sum, err = g.sum.Add(d)
	}
	return fault.As("vault.tally", fault.Other, err)
}

func plainValue(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// release withholds groups of too few people. What all withheld groups come to can be had by subtracting
// the rest from a total asked for elsewhere: so the next smallest go with them, until there are two at
// least, about enough people.
func (v *Vault) release(groups map[string]*tally, statistic string) (Aggregate, error) {
	keys := make([]string, 0, len(groups))
	for key := range groups {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := len(groups[keys[i]].people), len(groups[keys[j]].people)
		return a < b || (a == b && keys[i] < keys[j])
	})
	withheld := sort.Search(len(keys), func(i int) bool { return len(groups[keys[i]].people) >= v.AggregateMin })
	for withheld > 0 && withheld < len(keys) && (withheld == 1 || peopleOf(groups, keys[:withheld]) < v.AggregateMin) {
		withheld++
	}
	out := Aggregate{Suppressed: withheld}
	people := map[string]bool{}
	kept := keys[withheld:]
	sort.Strings(kept)
	for _, key := range kept {
		value, err := groups[key].value(statistic)
		if err != nil {
			return Aggregate{}, fault.As("vault.release", fault.Other, err)
		}
		for person := range groups[key].people {
			people[person] = true
		}
		out.Groups = append(out.Groups, Group{Key: key, People: len(groups[key].people), Value: value})
	}
	out.People = len(people)
	return out, nil
}

func peopleOf(groups map[string]*tally, keys []string) int {
	people := map[string]bool{}
	for _, key := range keys {
		for person := range groups[key].people {
			people[person] = true
		}
	}
	return len(people)
}

func (v *Vault) aggregateClauses() []string {
	if v.AggregateClause == "" {
		return nil
	}
	return []string{v.AggregateClause}
}

func (g *tally) value(statistic string) (string, error) {
	out := g.sum
	switch statistic {
	case statCount:
		return strconv.FormatInt(g.n, 10), nil
	case statMean:
		n, err := decimal.New(g.n, 0)
		if err != nil {
			return "", err
		}
		if out, err = g.sum.Quo(n); err != nil {
			return "", err
		}
		out = out.Round(2)
	}
	return strings.TrimSpace(out.String() + " " + g.currency), nil
}
