package draft

import (
	"embed"
	"strings"
	"sync"
)

// data are the tables that the rules rest on, one thing a line.
//
//go:embed data
var data embed.FS

// table returns the lines of a data file, cut at " | ". What begins with # is for people.
func table(name string) [][]string {
	src, err := data.ReadFile("data/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	var rows [][]string
	for l := range strings.Lines(string(src)) {
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		cells := strings.Split(l, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// wordTable maps the words of a file's rows to the first cell.
func wordTable(name string) map[string]string {
	all := map[string]string{}
	for _, r := range table(name) {
		for _, w := range strings.Fields(r[1]) {
			all[w] = r[0]
		}
	}
	return all
}

func wordSet(kind string) map[string]bool {
	all := map[string]bool{}
	for w, k := range wordTable("words.txt") {
		if k == kind {
			all[w] = true
		}
	}
	return all
}

var (
	abbreviations = sync.OnceValue(func() map[string]string { return wordTable("abbreviations.txt") })
	starters      = sync.OnceValue(func() map[string]bool { return wordSet("starter") })
	common        = sync.OnceValue(func() map[string]bool { return wordSet("common") })
	elsewhere     = sync.OnceValue(func() map[string]bool { return wordSet("foreign") })
)
