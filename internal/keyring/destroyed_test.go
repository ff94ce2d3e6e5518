package keyring

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

func ids(n int) []ID {
	all := make([]ID, n)
	for i := range all {
		all[i] = NewID()
	}
	return all
}

func lines(all ...ID) []byte {
	var text []byte
	for _, id := range all {
		text = destroyal{id: id, at: noon}.appendLine(text)
	}
	return text
}

func TestDestroyedSurvives(t *testing.T) {
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	r, all := openRing(t, dir, root), ids(500)
	if err := r.Destroy(all[:400], noon); err != nil {
		t.Fatal(err)
	}
	if err := r.Destroy(all[300:], noon); err != nil { // 100 of them again
		t.Fatal(err)
	}
	again := openRing(t, dir, root)
	for _, ring := range []*Ring{r, again} {
		if got := ring.DestroyedAll(); len(got) != len(all) {
			t.Fatalf("%d destroyed, want %d", len(got), len(all))
		}
		for _, id := range all {
			if !ring.Destroyed(id) {
				t.Fatal("an erasure was forgotten")
			}
		}
		if ring.Destroyed(NewID()) {
			t.Fatal("a living key counts as destroyed")
		}
	}
	if text := must(os.ReadFile(filepath.Join(dir, destroyedName)))(t); len(text) != len(all)*destroyedLine {
		t.Fatalf("%d bytes: an id was written twice, or the line has another length", len(text))
	}
	wantKind(t, r.Destroy([]ID{{}}, noon), fault.Invalid)
}

// A crash while a line is being written leaves any part of it, or zeros where the file grew but the
// data did not come. That erasure was not acknowledged; those before it were.
func TestDestroyedTornLineIsHealed(t *testing.T) {
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	openRing(t, dir, root)
	path, kept, torn := filepath.Join(dir, destroyedName), NewID(), NewID()
	for cut := range destroyedLine {
		for _, tail := range [][]byte{lines(torn)[:cut], make([]byte, cut), make([]byte, 9000+cut)} {
			writeFile(t, path, append(lines(kept), tail...), 0o600)
			r := openRing(t, dir, root)
			if !r.Destroyed(kept) || r.Destroyed(torn) {
				t.Fatalf("cut after %d bytes: wrong list", cut)
			}
			if err := r.Destroy([]ID{torn}, noon); err != nil {
				t.Fatal(err)
			}
			if got := must(os.ReadFile(path))(t); !bytes.Equal(got, lines(kept, torn)) {
				t.Fatalf("cut after %d bytes: the list is not healed", cut)
			}
		}
	}
}

// The line may also be torn by another server, while this one is running.
func TestDestroyedTornByAnother(t *testing.T) {
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	r, first, second := openRing(t, dir, root), NewID(), NewID()
	path := filepath.Join(dir, destroyedName)
	writeFile(t, path, append(lines(first), lines(second)[:20]...), 0o600)
	if err := r.Refresh(context.Background()); err != nil || !r.Destroyed(first) {
		t.Fatal(err)
	}
	if err := r.Destroy([]ID{second}, noon); err != nil {
		t.Fatal(err)
	}
	if got := must(os.ReadFile(path))(t); !bytes.Equal(got, lines(first, second)) {
		t.Fatal("the next line did not begin on a line of its own")
	}
}

func TestDestroyedDamageIsRefused(t *testing.T) {
	good := lines(ids(3)...)
	change := func(at int, to string) []byte {
		text := bytes.Clone(good)
		copy(text[at:], to)
		return text
	}
	for name, text := range map[string][]byte{
		"first line garbled":   change(0, "zz"),
		"a digit of an id":     change(destroyedLine+5, string('0'+(good[destroyedLine+5]-'0'+1)%10)),
		"a time":               change(destroyedLine+33, "2027"),
		"a checksum":           change(2*destroyedLine-9, "00000000"),
		"last whole line":      change(2*destroyedLine, "zz"),
		"zeros in the middle":  change(destroyedLine, strings.Repeat("\x00", destroyedLine)),
		"an empty line":        append(bytes.Clone(good), '\n'),
		"windows line endings": bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")),
		"two lines in one":     bytes.Replace(good, []byte("\n"), nil, 1),
		"upper case":           append(bytes.ToUpper(good[:destroyedLine]), good...),
	} {
		t.Run(name, func(t *testing.T) {
			dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
			openRing(t, dir, root)
			writeFile(t, filepath.Join(dir, destroyedName), text, 0o600)
			_, err := Open(context.Background(), dir, root, noon)
			wantKind(t, err, fault.Invalid)
			if !strings.Contains(err.Error(), "damaged") {
				t.Fatal(err)
			}
			if got := must(os.ReadFile(filepath.Join(dir, destroyedName)))(t); !bytes.Equal(got, text) {
				t.Fatal("a damaged list was changed")
			}
		})
	}
}

func TestDestroyedByManyAtOnce(t *testing.T) {
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	rings := []*Ring{openRing(t, dir, root), openRing(t, dir, root)}
	all := ids(64)
	var group sync.WaitGroup
	for i, id := range all {
		group.Go(func() {
			r := rings[i%2]
			if err := r.Destroy([]ID{id}, noon); err != nil || !r.Destroyed(id) {
				t.Error(err)
			}
		})
		group.Go(func() { rings[i%2].Destroyed(id) })
	}
	group.Wait()
	for _, r := range append(rings, openRing(t, dir, root)) {
		if err := r.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(r.DestroyedAll()) != len(all) {
			t.Fatalf("%d of %d erasures are known", len(r.DestroyedAll()), len(all))
		}
	}
}

func TestPruneKeepsWhatABackupCouldStillOpen(t *testing.T) {
	ctx, day := context.Background(), 24*time.Hour
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	r, other := openRing(t, dir, root), openRing(t, dir, root)
	all := ids(3)
	at := []time.Time{noon.Add(day), noon.Add(11 * day), noon.Add(21 * day)} // in epochs 1, 2, 3
	for i, id := range all {
		if err := r.Destroy([]ID{id}, at[i]); err != nil {
			t.Fatal(err)
		}
		must(r.Turn(ctx, noon.Add(time.Duration(i+1)*10*day)))(t)
	}
	prune := func(before time.Time, want ...ID) {
		t.Helper()
		if err := r.Prune(before); err != nil {
			t.Fatal(err)
		}
		want = slices.Clone(want)
		slices.SortFunc(want, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
		if got := r.DestroyedAll(); !slices.Equal(got, want) {
			t.Fatalf("%d ids left, want %d", len(got), len(want))
		}
	}
	prune(noon.Add(100*day), all...) // epoch 1 lives: a backup of it holds all three
	if err := r.DestroyEpoch(ctx, 1, noon.Add(40*day)); err != nil {
		t.Fatal(err)
	}
	prune(noon.Add(day), all...) // not before the time asked for
	prune(noon.Add(100*day), all[1:]...)
	if err := r.DestroyEpoch(ctx, 2, noon.Add(40*day)); err != nil {
		t.Fatal(err)
	}
	prune(noon.Add(100*day), all[2])

	// Another server still appends, and learns of new lines, though the file was replaced under it.
	late := NewID()
	if err := r.Destroy([]ID{late}, noon.Add(41*day)); err != nil {
		t.Fatal(err)
	}
	if err := other.Refresh(ctx); err != nil || !other.Destroyed(late) {
		t.Fatal("a line in the replaced list was missed", err)
	}
	later := NewID()
	if err := other.Destroy([]ID{later}, noon.Add(42*day)); err != nil {
		t.Fatal(err)
	}
	again := openRing(t, dir, root)
	if got := again.DestroyedAll(); len(got) != 3 || !again.Destroyed(later) {
		t.Fatalf("%d ids after reopening", len(got))
	}
}

func FuzzParseDestroyed(f *testing.F) {
	f.Add([]byte{})
	f.Add(lines(ID{1}, ID{2}))
	f.Add(lines(ID{1}, ID{2})[:100])
	f.Add(append(lines(ID{1}), "\n"...))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, rest, err := parseDestroyed(text)
		if err != nil {
			return
		}
		// What is accepted is exactly what would be written, and a torn part never hides a line.
		var again []byte
		for _, line := range parsed {
			again = line.appendLine(again)
		}
		if !bytes.Equal(append(again, rest...), text) || bytes.IndexByte(rest, '\n') >= 0 {
			t.Fatal("the list was read as something else")
		}
	})
}
