package app

import (
	"os"
	"runtime/debug"
)

// Tune makes the garbage collector run less often: what lives on the heap is little, and collecting it
// at every few megabytes costs a request a sixth of its processor time. GOGC in the environment wins.
func Tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
