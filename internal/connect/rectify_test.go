package connect

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func fix(set, record, fields string) Fix {
	f := Fix{DataSet: set, Record: record}
	if err := json.Unmarshal([]byte(fields), &f.Fields); err != nil {
		panic(err)
	}
	return f
}

// TestACorrectionIsWrittenAndReadBack on every engine: in the rows it is of, and in no others.
func TestACorrectionIsWrittenAndReadBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		tables := strings.Replace(shopMap, "columns: {name: name, email: email}", "columns: {name: name, email: email}\n  correct: all", 1)
		tables = strings.Replace(tables, "columns: {item: item, n: count}", "columns: {item: item, n: count}\n  correct: {record: id}", 1)
		s := w.set(t, tables)
		if found := s.Check(t.Context()); w.engine == "sqlite" && len(found) != 0 {
			t.Fatalf("check finds %+v", found)
		}
		mustSay(t, walk(t, s, person("c-1"), Count(), &Memory{}), "shop.lines count 3 done", "shop.orders count 2 done", "shop.customers count 1 done")
		mustSay(t, walk(t, s, person("c-1"), Rectify(fix("profile", "main", `{"name":"Ada King","email":null}`)), &Memory{}), "shop.customers rectification 1 done")
		if n := w.count(t, `SELECT COUNT(*) FROM customers WHERE name = 'Ada King' AND email IS NULL`); n != 1 {
			t.Errorf("%d rows are corrected", n)
		}
		mustSay(t, walk(t, s, person("c-1"), Rectify(fix("orders", "101", `{"item":"oat milk","count":7}`)), &Memory{}), "shop.lines rectification 1 done")
		mustSay(t, walk(t, s, person("c-2"), Rectify(fix("orders", "101", `{"item":"rum"}`)), &Memory{}), "shop.lines rectification 0 done") // somebody else's
		if n := w.count(t, `SELECT COUNT(*) FROM `+w.q("lines")+` WHERE item = 'oat milk' AND n = 7`); n != 1 {
			t.Errorf("%d lines are corrected", n)
		}
		mustSay(t, walk(t, s, person("c-1"), Rectify(fix("orders", "101", `{"address":"Street 9"}`)), &Memory{}),
			"shop.orders rectification 0 by-hand: the mapping does not say which rows a correction is of: staff correct it there")
		mustSay(t, walk(t, s, person("c-1"), PassOn("restriction"), &Memory{}), "shop. restriction 0 by-hand: a database takes none: staff see to it that the data is not used there")
		if w.engine == "sqlite" { // which takes a text for a number
			return
		}
		bad := walk(t, s, person("c-1"), Rectify(fix("orders", "101", `{"item":"`+strings.Repeat("x", 101)+`"}`)), &Memory{})
		if bad[0].State != Failed || strings.Contains(bad[0].Why, "xxx") {
			t.Errorf("a value that does not fit: %s", says(bad))
		}
	})
}

// TestWhatIsPassedOnToAWebhook is what the configuration names, and nothing else.
func TestWhatIsPassedOnToAWebhook(t *testing.T) {
	o, s := hooked(t, local+", takes: [rectification, objection]")
	o.answer = func(w http.ResponseWriter, a asked) bool {
		switch a.Action {
		case "objection", "rectification":
			fmt.Fprint(w, `{"state":"done","rows":1}`)
			return true
		}
		return false
	}
	mustSay(t, walk(t, s, person("c-1"), PassOn("objection", "tips"), &Memory{}), "crm. objection 1 done")
	if a := o.calls[0]; len(a.Purposes) != 1 || a.Purposes[0] != "tips" {
		t.Errorf("it was told %+v", a)
	}
	mustSay(t, walk(t, s, person("c-1"), PassOn("restriction"), &Memory{}), "crm. restriction 0 by-hand: the system takes none from here: staff see to it there")
	two := []Fix{fix("orders", "1", `{"item":"cocoa"}`), fix("orders", "1", `{"item":"coffee"}`)}
	o.calls = nil
	r := walk(t, s, person("c-1"), Rectify(two...), &Memory{})
	mustSay(t, r, "crm. rectification 2 failed: the system says it was done, but what it exports says otherwise")
	if len(o.calls) != 3 || o.calls[0].ID == o.calls[1].ID || o.calls[0].Data != "orders" || string(o.calls[0].Fields["item"]) != `"cocoa"` {
		t.Errorf("it was told %+v", o.calls)
	}
	o.rows["c-1"] = []string{"coffee"}
	mustSay(t, walk(t, s, person("c-1"), Rectify(two...), &Memory{}), "crm. rectification 2 done")
	if r := walk(t, s, person("c-1"), Rectify(fix("profile", "main", `{"name":"Ada"}`)), &Memory{}); len(r) != 0 {
		t.Errorf("of data that it does not hold it was told: %s", says(r))
	}
}

func TestSettledSystemsAreLeftAlone(t *testing.T) {
	o, s := hooked(t, local)
	kept := &Memory{}
	if err := kept.Save(t.Context(), []Line{{System: "crm", Did: "erase", State: Settled, Why: "ticket-1"}}); err != nil {
		t.Fatal(err)
	}
	r := walk(t, s, person("c-1"), Erase(), kept)
	if !r.Done() || len(o.calls) != 0 || len(o.rows) != 2 {
		t.Errorf("%s after %v", says(r), o.calls)
	}
	if got := s.Without(map[string]bool{"crm": true}).Systems(); len(got) != 0 {
		t.Errorf("without it there is %v", got)
	}
}

func TestSameValues(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`"x"`, `"x"`, true}, {`"x"`, `"y"`, false}, {`"007"`, `"7"`, false}, {`"1.50"`, `1.5`, true}, {`1`, `true`, true}, {`0`, `false`, true},
		{`null`, `null`, true}, {`null`, `""`, false}, {`""`, `null`, false}, {`2`, `3`, false}, {`1e99999999`, `1`, false},
	} {
		if got := same(json.RawMessage(c.a), json.RawMessage(c.b)); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}
