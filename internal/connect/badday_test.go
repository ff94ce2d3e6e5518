package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A database that says a row was deleted, and kept it, is found out before the commit.
func TestADatabaseThatLies(t *testing.T) {
	lies := map[string][]string{
		"sqlite": {`CREATE TRIGGER keep BEFORE DELETE ON lines WHEN OLD.id = 101 BEGIN SELECT RAISE(IGNORE); END`},
		"postgres": {`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.id = 101 THEN RETURN NULL; END IF; RETURN OLD; END'`,
			`CREATE TRIGGER keep BEFORE DELETE ON lines FOR EACH ROW EXECUTE FUNCTION keep()`},
	}
	for engine, statements := range lies {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, engine)
			w.shop(t)
			w.exec(t, statements...)
			mustSay(t, walk(t, w.set(t, shopMap), person("c-1"), Erase(), &Memory{}),
				"shop.lines delete 3 failed: the database says it was done, but reading back finds 1 rows",
				"shop.orders delete 2 open: undone, because another table of the system failed",
				"shop.customers delete 1 open: undone, because another table of the system failed")
			if n := w.count(t, `SELECT COUNT(*) FROM lines`); n != 4 {
				t.Fatalf("%d lines are left, want all 4", n)
			}
		})
	}
}

// One that brings rows back as the transaction ends is found out by their keys, though nothing leads from
// the person to them any more.
func TestADatabaseThatBringsRowsBack(t *testing.T) {
	w := newWorld(t, "postgres")
	w.shop(t)
	w.exec(t, `ALTER TABLE lines DROP CONSTRAINT lines_order_id_fkey`,
		`CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO lines VALUES (OLD.id, OLD.order_id, OLD.item, OLD.n); RETURN NULL; END'`,
		`CREATE CONSTRAINT TRIGGER back AFTER DELETE ON lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION back()`)
	mustSay(t, walk(t, w.set(t, shopMap), person("c-1"), Erase(), &Memory{}),
		"shop.lines delete 3 failed: the database says it was done, but reading back finds 3 rows", "shop.orders delete 2 done", "shop.customers delete 1 done")
}

// A database without transactions half-works: each table's line says how it stands, and the next walk ends it.
func TestADatabaseThatHalfWorks(t *testing.T) {
	w := newWorld(t, "mysql")
	w.exec(t,
		`CREATE TABLE customers (id INT PRIMARY KEY, number VARCHAR(40), name VARCHAR(100)) ENGINE=InnoDB`,
		`CREATE TABLE visits (id INT PRIMARY KEY, number VARCHAR(40), name VARCHAR(100)) ENGINE=MyISAM`,
		`INSERT INTO customers VALUES (1, 'a', 'x'), (2, 'b', 'x')`, `INSERT INTO visits VALUES (1, 'a', 'x'), (2, 'a', 'x'), (3, 'b', 'x')`,
		`CREATE TRIGGER no BEFORE DELETE ON customers FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a is a secret'`)
	s := w.set(t, `
- {table: visits, key: id, data: profile, subject: {column: number}, columns: {name: name}, erase: delete}
- {table: customers, key: id, data: profile, subject: {column: number}, columns: {name: name}, erase: delete}`)
	progress := &Memory{}
	mustSay(t, walk(t, s, person("a"), Erase(), progress), "shop.visits delete 2 done",
		"shop.customers delete 1 failed: the database refuses: a trigger of the database objects (1644)")
	w.exec(t, `DROP TRIGGER no`)
	mustSay(t, walk(t, s, person("a"), Erase(), progress), "shop.visits delete 2 done", "shop.customers delete 1 done")
	if n := w.count(t, `SELECT (SELECT COUNT(*) FROM customers) * 10 + (SELECT COUNT(*) FROM visits)`); n != 11 {
		t.Fatalf("left are %d", n)
	}
}

// A server that takes the connection and never answers costs the connector's timeout, and no more.
func TestAServerThatHangs(t *testing.T) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	for engine, dsn := range map[string]string{
		"postgres": "postgres://u@" + at.Addr().String() + "/x?sslmode=disable",
		"mysql":    "u@tcp(" + at.Addr().String() + ")/x",
	} {
		t.Run(engine, func(t *testing.T) {
			w := &world{engine: engine}
			s := newSet(t, parse(t, w.timed("300ms", shopMap), map[string]string{"DSN": dsn}))
			begun := time.Now()
			for _, a := range []Action{Export(&shelf{}), Erase(), Verify()} {
				r := walk(t, s, person("c-1"), a, &Memory{})
				if r.Done() || strings.Count(says(r), "failed: it took longer than the connector's timeout") != 3 {
					t.Fatal(says(r))
				}
			}
			if took := time.Since(begun); took > 30*time.Second {
				t.Fatalf("it took %s", took)
			}
		})
	}
}

// Rows that another program holds cost the timeout; nothing is changed, and the next walk does it.
func TestRowsThatAreHeld(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		s := newSet(t, parse(t, w.timed("1s", shopMap), map[string]string{"DSN": w.dsn}))
		tx, err := w.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`UPDATE orders SET address = 'held' WHERE id = 11`); err != nil {
			t.Fatal(err)
		}
		progress := &Memory{}
		begun := time.Now()
		r := walk(t, s, person("c-1"), Erase(), progress)
		if took := time.Since(begun); r.Done() || took > 30*time.Second {
			t.Fatalf("after %s: %s", took, says(r))
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		mustSay(t, walk(t, w.set(t, shopMap), person("c-1"), Erase(), progress), "shop.lines delete 3 done", "shop.orders delete 2 done", "shop.customers delete 1 done")
	})
}

// file is a Progress in a file, which kills its process at its nth writing.
type file struct {
	path string
	kill int
	n    int
}

func (f *file) Load(context.Context) (lines []Line, err error) {
	data, err := os.ReadFile(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return lines, errors.Join(err, json.Unmarshal(data, &lines))
}

func (f *file) Save(ctx context.Context, lines []Line) error {
	f.n++
	if f.n == f.kill {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	before, err := f.Load(ctx)
	if err != nil {
		return err
	}
	data, err := json.Marshal(append(without(before, lines), lines...))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(f.path+".new", data, 0o600), os.Rename(f.path+".new", f.path))
}

// child erases c-1 as another process, and is killed at a step, or after a while.
func child() {
	var step int
	fmt.Sscan(os.Getenv("CLAUSE_CONNECT_STEP"), &step)
	c, err := Parse("connect.yaml", []byte(os.Getenv("CLAUSE_CONNECT_CHILD")), shopPolicy, os.LookupEnv)
	if err != nil {
		panic(err)
	}
	s, err := New(c, time.Now)
	if err != nil {
		panic(err)
	}
	r, err := s.Walk(context.Background(), person("c-1"), Erase(), &file{path: os.Getenv("CLAUSE_CONNECT_FILE"), kill: step})
	fmt.Println(says(r), err)
}

// Killed before anything, after the commit, or anywhere between, the next walk ends what was begun, once,
// and still knows how many rows there were.
func TestKilledInTheMiddle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for step := range 8 {
			w.exec(t, `DROP TABLE IF EXISTS `+w.q("lines"), `DROP TABLE IF EXISTS orders`, `DROP TABLE IF EXISTS customers`)
			w.shop(t)
			kept := t.TempDir() + "/progress"
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), "CLAUSE_CONNECT_CHILD="+w.connector(shopMap), "DSN="+w.dsn, "CLAUSE_CONNECT_FILE="+kept)
			if step < 3 {
				c.Env = append(c.Env, fmt.Sprintf("CLAUSE_CONNECT_STEP=%d", step+1))
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if step >= 3 {
				time.Sleep(time.Duration(step*step) * time.Millisecond)
				_ = c.Process.Kill()
			}
			_ = c.Wait()
			r := walk(t, w.set(t, shopMap), person("c-1"), Erase(), &file{path: kept})
			mustSay(t, r, "shop.lines delete 3 done", "shop.orders delete 2 done", "shop.customers delete 1 done")
			if n := w.count(t, `SELECT (SELECT COUNT(*) FROM customers) + (SELECT COUNT(*) FROM orders) + (SELECT COUNT(*) FROM `+w.q("lines")+`)`); n != 3 {
				t.Fatalf("step %d: %d rows are left, want Bob's 3", step, n)
			}
		}
	})
}

// Progress that cannot be kept: nothing is begun.
type broken struct{ Memory }

func (*broken) Save(context.Context, []Line) error { return errors.New("disk full") }

func TestNothingIsBegunThatIsNotRecorded(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.shop(t)
	r, err := w.set(t, shopMap).Walk(context.Background(), person("c-1"), Erase(), &broken{})
	if err == nil || r.Done() || w.count(t, `SELECT COUNT(*) FROM lines`) != 4 {
		t.Fatalf("%v: %s", err, says(r))
	}
}

// What a walk does not know, it does not call done.
func TestWhoIsNotKnown(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.shop(t)
	s := w.set(t, shopMap)
	r := walk(t, s, Person{Ref: "r", IDs: map[string][]string{"email": {"x"}}}, Erase(), &Memory{})
	if r.Done() || !strings.Contains(says(r), "failed: no external id of the kind customer was given") {
		t.Fatal(says(r))
	}
	if r := walk(t, s, person(), Erase(), &Memory{}); !r.Done() {
		t.Fatal(says(r))
	}
	for _, p := range []Person{{}, person(""), person("a\x00b"), person("a\nb"), person(strings.Repeat("x", 2000)), person(make([]string, 101)...)} {
		if _, err := s.Walk(context.Background(), p, Erase(), &Memory{}); err == nil {
			t.Fatalf("walks for %v", p)
		}
	}
	to := &shelf{fail: true}
	if r := walk(t, s, person("c-1"), Export(to), &Memory{}); r.Done() || !strings.Contains(says(r), "the rows could not be handed on") {
		t.Fatal(says(r))
	}
}

// A value is in no report, whatever goes wrong.
func TestNoValueIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		w.exec(t, `CREATE TABLE guests (id INT PRIMARY KEY, customer_id INT, FOREIGN KEY (customer_id) REFERENCES customers (id))`, `INSERT INTO guests VALUES (1, 1)`)
		r := walk(t, w.set(t, shopMap), person("c-1"), Erase(), &Memory{})
		if r.Done() || strings.Contains(says(r), "c-1") || strings.Contains(says(r), "Ada") || !strings.Contains(says(r), "other rows refer to these") {
			t.Fatal(says(r))
		}
	})
}
