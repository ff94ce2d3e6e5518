package connect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawn is a schema of linked tables with the rows of several people, and whose they are.
type drawn struct {
	tables []drawnTable
}

type drawnTable struct {
	name    string
	parents []int // -1 is a column with the person's id
	foreign bool  // the links are foreign keys
	empties bool
	rows    []drawnRow
}

type drawnRow struct {
	links []int // by link: the number of the person, or the index of the parent's row; -1 for NULL
}

func drawSchema(t *rapid.T) drawn {
	var d drawn
	for i := range rapid.IntRange(1, 6).Draw(t, "tables") {
		one := drawnTable{name: fmt.Sprintf("t%d", i), foreign: rapid.Bool().Draw(t, "foreign keys")}
		for range rapid.IntRange(1, 2).Draw(t, "links") {
			one.parents = append(one.parents, rapid.IntRange(-1, i-1).Draw(t, "parent"))
		}
		for range rapid.IntRange(0, 8).Draw(t, "rows") {
			var r drawnRow
			for _, p := range one.parents {
				among := 3
				if p >= 0 {
					among = len(d.tables[p].rows)
				}
				r.links = append(r.links, rapid.IntRange(-1, among-1).Draw(t, "link"))
			}
			one.rows = append(one.rows, r)
		}
		d.tables = append(d.tables, one)
	}
	for i := range d.tables { // what nothing leads through may stay, emptied
		leaf := !slices.ContainsFunc(d.tables, func(o drawnTable) bool { return slices.Contains(o.parents, i) })
		d.tables[i].empties = leaf && !d.tables[i].foreign && rapid.Bool().Draw(t, "empties")
	}
	return d
}

// owned reports whether a row is the person's: the model.
func (d *drawn) owned(table, row, person int) bool {
	t := &d.tables[table]
	for i, p := range t.parents {
		at := t.rows[row].links[i]
		if at >= 0 && (p < 0 && at == person || p >= 0 && d.owned(p, at, person)) {
			return true
		}
	}
	return false
}

func (d *drawn) create() (statements []string) {
	for i := range d.tables {
		t := &d.tables[i]
		parts, keys := []string{"id INT PRIMARY KEY", "v VARCHAR(20)"}, []string(nil)
		for n, p := range t.parents {
			switch {
			case p < 0:
				parts = append(parts, fmt.Sprintf("l%d VARCHAR(20)", n))
			default:
				parts = append(parts, fmt.Sprintf("l%d INT", n))
				if t.foreign {
					keys = append(keys, fmt.Sprintf("FOREIGN KEY (l%d) REFERENCES %s (id)", n, d.tables[p].name))
				}
			}
		}
		statements = append(statements, "CREATE TABLE "+t.name+" ("+strings.Join(append(parts, keys...), ", ")+")")
		var rows []string
		for k, r := range t.rows {
			values := []string{fmt.Sprint(k), fmt.Sprintf("'v%d'", k)}
			for n, p := range t.parents {
				switch at := r.links[n]; {
				case at < 0:
					values = append(values, "NULL")
				case p < 0:
					values = append(values, fmt.Sprintf("'p%d'", at))
				default:
					values = append(values, fmt.Sprint(at))
				}
			}
			rows = append(rows, "("+strings.Join(values, ", ")+")")
		}
		if len(rows) > 0 {
			statements = append(statements, "INSERT INTO "+t.name+" VALUES "+strings.Join(rows, ", "))
		}
	}
	return statements
}

func (d *drawn) mapping(order []int) string {
	var b strings.Builder
	for _, i := range order {
		t := &d.tables[i]
		var links []string
		for n, p := range t.parents {
			if p < 0 {
				links = append(links, fmt.Sprintf("{column: l%d}", n))
			} else {
				links = append(links, fmt.Sprintf("{table: t%d, from: l%d, to: id}", p, n))
			}
		}
		erase := "delete"
		if t.empties {
			erase = "{empty: [v]}"
		}
		fmt.Fprintf(&b, "- table: %s\n  key: id\n  data: orders\n  subject: [%s]\n  columns: {v: item}\n  erase: %s\n", t.name, strings.Join(links, ", "), erase)
	}
	return b.String()
}

// TestExactlyOnePersonsRows: whatever the tables and in whatever order they are named, an export holds
// one person's rows, an erasure takes them, and nothing else.
func TestExactlyOnePersonsRows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rapid.Check(t, func(rt *rapid.T) {
			d := drawSchema(rt)
			w.exec(t, d.create()...)
			defer func() {
				for i := range d.tables {
					w.exec(t, "DROP TABLE "+d.tables[len(d.tables)-1-i].name)
				}
			}()
			order := rapid.Permutation(slices.Collect(func(yield func(int) bool) {
				for i := range d.tables {
					if !yield(i) {
						return
					}
				}
			})).Draw(rt, "order")
			s, err := New(parse(t, w.connector(d.mapping(order)), map[string]string{"DSN": w.dsn}), nil)
			if err != nil {
				rt.Fatal(err)
			}
			defer s.Close()
			who := rapid.IntRange(0, 2).Draw(rt, "who")
			var theirs, kept, emptied []string
			for i := range d.tables {
				for k := range d.tables[i].rows {
					switch name := fmt.Sprintf("t%d/%d", i, k); {
					case !d.owned(i, k, who):
						kept = append(kept, name+"/v")
					case d.tables[i].empties:
						theirs, emptied = append(theirs, name), append(emptied, name+"/")
					default:
						theirs = append(theirs, name)
					}
				}
			}
			to := &shelf{}
			id := fmt.Sprintf("p%d", who)
			if r := walk(t, s, person(id), Export(to), &Memory{}); !r.Done() {
				rt.Fatal(says(r))
			}
			var got []string
			for _, r := range to.rows {
				got = append(got, r.Table+"/"+r.Key)
			}
			if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(theirs))) {
				rt.Fatalf("exports %q, want %q", got, theirs)
			}
			if r := walk(t, s, person(id), Erase(), &Memory{}); !r.Done() {
				rt.Fatal(says(r))
			}
			left := d.left(t, w)
			want := append(kept, emptied...)
			if !slices.Equal(slices.Sorted(slices.Values(left)), slices.Sorted(slices.Values(want))) {
				rt.Fatalf("left are %q, want %q", left, want)
			}
		})
	})
}

func (d *drawn) left(t *testing.T, w *world) (all []string) {
	for i := range d.tables {
		rows, err := w.db.Query("SELECT id, CASE WHEN v IS NULL THEN '' ELSE 'v' END FROM " + d.tables[i].name)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id int
			var v string
			if err := rows.Scan(&id, &v); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("t%d/%d/%s", i, id, v))
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestMoreRowsThanAreRemembered: a person with more rows than keys are kept of.
func TestMoreRowsThanAreRemembered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		var values []string
		for i := range keysKept + 500 {
			values = append(values, fmt.Sprintf("(%d, %d, 'x', %d)", 1000+i, 10+rand.IntN(2), i))
		}
		w.exec(t, "INSERT INTO "+w.q("lines")+" VALUES "+strings.Join(values, ", "))
		r := walk(t, w.set(t, shopMap), person("c-1"), Erase(), &Memory{})
		mustSay(t, r, fmt.Sprintf("shop.lines delete %d done", keysKept+503), "shop.orders delete 2 done", "shop.customers delete 1 done")
		if n := w.count(t, "SELECT COUNT(*) FROM "+w.q("lines")); n != 1 {
			t.Fatalf("%d lines are left, want 1", n)
		}
	})
}
