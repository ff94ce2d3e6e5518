package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"
)

// TestServeKeepsToItself wants no core dump, neither to a file nor to a program, and temporary files
// in the server's folder. That serve asks for it shows TestABackupExpires.
func TestServeKeepsToItself(t *testing.T) {
	data := t.TempDir()
	t.Setenv("TMPDIR", "/elsewhere")
	if err := (&serveCmd{Place: place{Data: data}}).keepToItself(); err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("core dumps may have %+v bytes, %v", limit, err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("the process is dumpable (%d), %v", dumpable, err)
	}
	if got := os.TempDir(); got != filepath.Join(data, "tmp") {
		t.Errorf("temporary files go to %s", got)
	}
}

func TestSwapsIsTrueOnlyWhereMemoryCouldReachADisk(t *testing.T) {
	const heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	const space = heading + "/dev/sda2                               partition\t1000\t0\t-2\n"
	for _, c := range []struct {
		name, swaps, group, limit string
		want                      bool
	}{
		{"no swap space", heading, "", "", false},
		{"swap space", space, "", "", true},
		{"swap space, no limit", space, "0::/system.slice/clause.service\n", "max\n", true},
		{"swap space that the service may not use", space, "0::/system.slice/clause.service\n", "0\n", false},
		{"an old hierarchy", space, "4:memory:/system.slice\n", "0\n", true},
	} {
		machine := fstest.MapFS{"proc/swaps": {Data: []byte(c.swaps)}}
		if c.group != "" {
			machine["proc/self/cgroup"] = &fstest.MapFile{Data: []byte(c.group)}
			machine["sys/fs/cgroup/system.slice/clause.service/memory.swap.max"] = &fstest.MapFile{Data: []byte(c.limit)}
		}
		if got := swaps(machine); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if swaps(fstest.MapFS{}) {
		t.Error("a machine without /proc/swaps is said to swap")
	}
}
