package proof

import (
	"encoding/hex"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// TestTreeOfCertificateTransparency holds the tree against the vectors that certificate
// transparency's own implementations are tested with.
func TestTreeOfCertificateTransparency(t *testing.T) {
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var tr tree
	for n, want := range roots {
		if got := tr.root(int64(n)); got.String() != want {
			t.Errorf("root of %d: %s, want %s", n, got, want)
		}
		if n < len(leaves) {
			data, err := hex.DecodeString(leaves[n])
			if err != nil {
				t.Fatal(err)
			}
			tr.add(leafHash(data))
		}
	}
}

// TestTreeRemembersNothingWrong: roots asked in any order are those of the bare definition, and of
// the library that the writer uses.
func TestTreeRemembersNothingWrong(t *testing.T) {
	l := newMemLog(t, 300)
	rapid.Check(t, func(t *rapid.T) {
		var tr tree
		for _, h := range l.leaves {
			tr.add(h)
		}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 300), 1, 10).Draw(t, "sizes") {
			if tr.root(int64(n)) != naiveRoot(l.leaves[:n]) {
				t.Fatalf("root of %d", n)
			}
		}
	})
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i, e := range l.entries {
		hashes, err := tlog.StoredHashes(int64(i), e, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		root, err := tlog.TreeHash(int64(i+1), reader)
		if err != nil || Hash(root) != naiveRoot(l.leaves[:i+1]) {
			t.Fatalf("root of %d differs from the library's: %v", i+1, err)
		}
	}
	for n := int64(1); n <= 300; n += 13 {
		for m := int64(0); m < n; m += 7 {
			checkInclusion(t, l, reader, m, n)
		}
	}
}

func checkInclusion(t *testing.T, l *memLog, reader tlog.HashReader, m, n int64) {
	t.Helper()
	path, err := tlog.ProveRecord(n, m, reader)
	if err != nil {
		t.Fatal(err)
	}
	l.signText(t, l.text(int(n), l.rootOf(int(n))))
	p := Inclusion{Index: m, Signed: l.signed}
	for _, h := range path {
		p.Path = append(p.Path, Hash(h))
	}
	back, err := ParseInclusion(p.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := back.Verify(l.entries[m], l.vkey); err != nil {
		t.Errorf("entry %d of %d: %v", m, n, err)
	}
	if _, err := back.Verify(l.entries[(m+1)%300], l.vkey); err == nil {
		t.Errorf("entry %d of %d: another entry passed", m, n)
	}
	for name, bad := range map[string]Inclusion{
		"another index":    {m + 1, back.Path, back.Signed},
		"beyond":           {n, back.Path, back.Signed},
		"a longer path":    {m, append(append([]Hash(nil), back.Path...), Hash{}), back.Signed},
		"another's note":   {m, back.Path, []byte(l.origin + "\n")},
		"a shorter path":   {m, back.Path[:max(len(back.Path)-1, 0)], back.Signed},
		"a negative index": {-1, back.Path, back.Signed},
	} {
		if name == "a shorter path" && len(back.Path) == 0 {
			continue
		}
		if _, err := bad.Verify(l.entries[m], l.vkey); err == nil {
			t.Errorf("entry %d of %d: %s passed", m, n, name)
		}
	}
}

func FuzzParseInclusion(f *testing.F) {
	l := newMemLog(f, 3)
	p := Inclusion{Index: 1, Path: l.leaves[:2], Signed: l.signed}
	f.Add(p.Marshal())
	f.Add([]byte(inclusionHeader + "extra AAAA\nindex 0\n\nx\n"))
	f.Add([]byte(inclusionHeader + "index 01\n\nx\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseInclusion(data)
		if err != nil {
			return
		}
		again, err := ParseInclusion(p.Marshal())
		if err != nil || again.Index != p.Index || len(again.Path) != len(p.Path) {
			t.Errorf("%q did not come back: %v", data, err)
		}
		if _, err := p.Verify([]byte("not in it"), l.vkey); err == nil {
			t.Error("a forged proof passed")
		}
	})
}
