//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

// noDumps turns core dumps off.
func noDumps() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
