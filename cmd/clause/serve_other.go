//go:build unix && !linux

package main

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// noDumps turns core dumps off.
func noDumps() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }

// swaps is not known here, and so taken for granted.
func swaps(fs.FS) bool { return true }
