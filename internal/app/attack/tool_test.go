package attack_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// within is how long a program may take at most, on a machine that is busy with other things: most end in seconds.
const within = 3 * time.Minute

// tool runs one of Debian's programs, and returns what it said. Ended for the time, it has said what it found until
// then.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := "/usr/bin/" + name
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not here: sh .ci/deps installs it", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	run := exec.CommandContext(ctx, path, args...)
	folder := t.TempDir()
	// Nothing of the machine's, such as the address of a proxy: what is asked is this machine.
	run.Dir, run.Env = folder, []string{"HOME=" + folder, "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "NO_PROXY=*"}
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) } // and its children
	run.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, &said
	began := time.Now()
	err := run.Run()
	t.Logf("%s took %s", name, time.Since(began).Round(time.Second/10))
	if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
		t.Fatalf("%s does not run: %v", name, err)
	}
	return said.String()
}
