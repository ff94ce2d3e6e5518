package db_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
)

// killRounds is how often the writer is killed in one test: CLAUSE_KILL_ROUNDS, or 20.
func killRounds(t *testing.T) int {
	t.Helper()
	asked := os.Getenv("CLAUSE_KILL_ROUNDS")
	if asked == "" {
		return 20
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		t.Fatalf("CLAUSE_KILL_ROUNDS is %q", asked)
	}
	return n
}

// writerURL is set for the copy of this binary that writes until it is killed.
const writerURL = "CLAUSE_DBTEST_WRITER"

func TestMain(m *testing.M) {
	if url := os.Getenv(writerURL); url != "" {
		writeForEver(url, os.Getenv(writerURL+"_ROUND"))
	}
	os.Exit(m.Run())
}

// writeForEver writes rows from several goroutines and prints each key once it is acknowledged.
func writeForEver(url, round string) {
	d, err := db.Open(context.Background(), db.Config{URL: url, Now: time.Now})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	for g := range 8 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s/%d/%d", round, g, i)
				err := d.Write(context.Background(), "t", func(tx *db.Tx) error {
					_, err := tx.Exec(putRecord, "t", key, "d", "r", make([]byte, 500), 0)
					return err
				})
				if err != nil {
					fmt.Println("write:", err)
					os.Exit(1)
				}
				os.Stdout.WriteString(key + "\n")
			}
		}()
	}
	select {}
}

// TestKilled: a server killed at random moments loses nothing that it has acknowledged, leaves a
// sound file and no lock behind.
func TestKilled(t *testing.T) {
	c := dbtest.SQLite(t)
	acknowledged, rounds := 0, killRounds(t)
	for round := range rounds {
		keys := runAndKill(t, c.URL, round)
		acknowledged += len(keys)
		d, err := db.Open(t.Context(), c)
		if err != nil {
			t.Fatalf("after round %d: %v", round, err)
		}
		for _, key := range keys {
			var version, updated int64
			var sealed []byte
			if err := d.Get(t.Context(), "t", getRecord, []any{"t", key, "d", "r"}, &version, &sealed, &updated); err != nil {
				t.Errorf("%s was acknowledged: %v", key, err)
			}
		}
		if verdict, err := d.Check(); err != nil || verdict != "ok" {
			t.Errorf("integrity: %s, %v", verdict, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if acknowledged < rounds {
		t.Errorf("only %d writes in %d rounds: too few to show anything", acknowledged, rounds)
	}
}

// runAndKill runs a writer, kills it between two of its writes or amid one, and returns the keys it
// had acknowledged.
func runAndKill(t *testing.T, url string, round int) (keys []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	writer := exec.Command(self)
	writer.Env = append(os.Environ(), writerURL+"="+url, fmt.Sprintf("%s_ROUND=%d", writerURL, round))
	out, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if len(keys) == 0 { // it is up and writing
			time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { writer.Process.Kill() })
		}
		keys = append(keys, lines.Text())
	}
	if err := writer.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("the writer ended by itself: %v %v", err, keys)
	}
	return keys
}

// TestKilledLeavesNothing: the folder holds the store's files alone.
func TestKilledLeavesNothing(t *testing.T) {
	c := dbtest.SQLite(t)
	runAndKill(t, c.URL, 0)
	d := dbtest.Open(t, c)
	d.Close()
	names, err := filepath.Glob(filepath.Dir(d.Path()) + "/*")
	if err != nil || len(names) != 2 {
		t.Errorf("%v, %v: want the file and its lock", names, err)
	}
}
