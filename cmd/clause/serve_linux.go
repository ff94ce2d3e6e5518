package main

import "golang.org/x/sys/unix"

// noDumps turns core dumps off: the limit of their size, and, since a limit does not hold for dumps
// that go to a program, the process's being dumpable at all.
func noDumps() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
