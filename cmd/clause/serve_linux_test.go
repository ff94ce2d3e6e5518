package main

import (
	"testing"
	"testing/fstest"
)

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
