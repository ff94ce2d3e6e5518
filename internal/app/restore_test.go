package app_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestKilledRestore kills clause restore at moments ever later. What it leaves is refused, or whole:
// no server serves half a store.
func TestKilledRestore(t *testing.T) {
	t.Parallel()
	p := setUp(t, t.TempDir())
	s := p.serve(t)
	audit, workers := s.staff(p.admin, 1)
	w := workers[0]
	for range 400 {
		w.step(t)
	}
	if status := s.end(); status != 0 {
		t.Fatalf("the server ended with status %d", status)
	}
	file := filepath.Join(p.folder, "now.backup")
	if said, err := p.command(t, "backup", "--to", file).CombinedOutput(); err != nil {
		t.Fatalf("clause backup: %v\n%s", err, said)
	}
	named := func(name string) *place {
		return &place{folder: p.folder, data: filepath.Join(p.folder, name, "data"), admin: p.admin, company: p.company}
	}
	began := time.Now()
	if said, err := named("undisturbed").command(t, "restore", file).CombinedOutput(); err != nil {
		t.Fatalf("clause restore: %v\n%s", err, said)
	}
	takes := time.Since(began)
	refused, whole := 0, 0
	for i := 0; i < 12 || whole == 0; i++ {
		if i > 100 {
			t.Fatal("no restore ends in time")
		}
		q := named("restored-" + strconv.Itoa(i))
		restore := q.command(t, "restore", file)
		if err := restore.Start(); err != nil {
			t.Fatal(err)
		}
		end := time.AfterFunc(takes*time.Duration(i)/10, func() { _ = restore.Process.Kill() }) // it may have ended
		killed := restore.Wait() != nil
		end.Stop()
		said, err := q.command(t, "backup", "--to", filepath.Join(q.folder, strconv.Itoa(i)+".backup")).CombinedOutput()
		switch {
		case err == nil:
			whole++
			s := q.serve(t)
			w.check(t, s, len(w.people))
			verified(t, s, audit, nil, nil)
			s.kill()
		case !killed:
			t.Fatalf("the restored store does not open: %v %s", err, said)
		default:
			refused++
			if status := err.Error(); status != "exit status 2" || strings.Contains(string(said), "panic") || len(said) == 0 {
				t.Errorf("half a store: %s: %s", status, said)
			}
		}
	}
	t.Logf("%d were refused, %d were whole", refused, whole)
	if refused == 0 {
		t.Error("no restore was killed in time")
	}
}
