// Command bench measures what docs/speed.md claims, each figure as a ratio to something run beside
// it on the same machine at the same time, because these machines are noisy:
//
//	go run ./bench            everything, about ten minutes
//	go run ./bench -people 0  without the tenant of a million, about two
//
// Servers are processes of their own, whose CPU time is read from /proc: that of the load is not in
// it. Rounds of the two sides alternate, and the median of the rounds' ratios is what is shown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// figure is a line of the table.
type figure struct {
	what, measured, beside, ratio, target string
	met                                   bool
}

func main() {
	child := flag.String("child", "", "internal: be this server")
	folder := flag.String("folder", "", "internal: the child's folder")
	fill := flag.Int("fill", 0, "internal: how many people the child makes up")
	people := flag.Int("people", 1_000_000, "size of the large tenant; 0 leaves it out")
	rounds := flag.Int("rounds", 9, "rounds of each side")
	only := flag.String("only", "", "one part: http, gate, accounts, decision, blobs, large, start")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *child != "" {
		exit(beChild(ctx, *child, *folder, *fill))
	}
	exit(measure(ctx, *people, *rounds, *only))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(ctx context.Context, people, rounds int, only string) error {
	scratch, err := os.MkdirTemp("", "clause-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	parts := []struct {
		name string
		run  func() ([]figure, error)
	}{
		{"decision", decisions},
		{"blobs", blobs},
		{"http", func() ([]figure, error) { return overHTTP(ctx, scratch, rounds) }},
		{"gate", func() ([]figure, error) { return gates(ctx, scratch, rounds) }},
		{"accounts", func() ([]figure, error) { return accounts(ctx, scratch, rounds) }},
		{"start", func() ([]figure, error) { return starting(ctx, scratch) }},
		{"large", func() ([]figure, error) { return large(ctx, scratch, people, rounds) }},
	}
	var all []figure
	for _, part := range parts {
		if (only != "" && part.name != only) || (part.name == "large" && people == 0) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring: %s\n", part.name)
		got, err := part.run()
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		all = append(all, got...)
	}
	show(all)
	return nil
}

// show prints the table as Markdown.
func show(all []figure) {
	rows := [][]string{{"what", "measured", "beside it", "ratio", "target", ""}}
	for _, f := range all {
		mark := "met"
		if !f.met {
			mark = "MISSED"
		}
		rows = append(rows, []string{f.what, f.measured, f.beside, f.ratio, f.target, mark})
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, row := range rows {
		for i, cell := range row {
			fmt.Printf("| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		fmt.Println("|")
		if n == 0 {
			for _, w := range widths {
				fmt.Printf("|%s", strings.Repeat("-", w+2))
			}
			fmt.Println("|")
		}
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}
