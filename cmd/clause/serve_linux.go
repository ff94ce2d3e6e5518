package main

import (
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// noDumps turns core dumps off: the limit of their size, and, since a limit does not hold for dumps
// that go to a program, the process's being dumpable at all.
func noDumps() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// swaps reports whether the machine whose files these are may write this process's memory to a disk:
// it has swap space, and the process's group of control may use it.
func swaps(machine fs.FS) bool {
	spaces, err := fs.ReadFile(machine, "proc/swaps")
	if err != nil || strings.Count(strings.TrimSpace(string(spaces)), "\n") == 0 { // a heading, then a line each
		return false
	}
	groups, err := fs.ReadFile(machine, "proc/self/cgroup")
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(groups)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/")
		if !ok {
			continue
		}
		limit, err := fs.ReadFile(machine, path.Join("sys/fs/cgroup", group, "memory.swap.max"))
		return err != nil || strings.TrimSpace(string(limit)) != "0"
	}
	return true
}
