package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// foreign are the flags of other programs that the docs show.
var foreign = []string{"cacert", "data-binary", "decrypt", "delete", "force"}

// others are words that follow the word clause in a block and are no command: in Postfix's table, and in what diff says.
var others = []string{"unix", "clesaro-change-notice"}

var (
	inBlock   = regexp.MustCompile("^ *(?:env -u [A-Z_]+ )?clause ([a-z][^`#<>|&;]*)")
	inText    = regexp.MustCompile("`clause ([a-z][^`#<>|&;]*)")
	shownFlag = regexp.MustCompile(`(?:^|[^\w-])--([a-z][a-z0-9-]*)`)
)

// TestDocsNameWhatThereIs reads README and the docs: each command and each flag that they show is one of the program's.
func TestDocsNameWhatThereIs(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	flags := slices.Clone(foreign)
	_ = kong.Visit(parser.Model, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			flags = append(flags, f.Name)
		}
		return next(nil)
	})
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		block := false
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "```") {
				block = !block
				continue
			}
			for _, m := range shownFlag.FindAllStringSubmatch(line, -1) {
				if !slices.Contains(flags, m[1]) {
					t.Errorf("%s: no command has --%s: %s", filepath.Base(file), m[1], line)
				}
			}
			shown := inText
			if block || strings.HasPrefix(line, "    ") {
				shown = inBlock
			}
			for _, m := range shown.FindAllStringSubmatch(line, -1) {
				words := strings.Fields(m[1])
				if commands++; !isCommand(parser.Model.Node, words) && !slices.Contains(others, words[0]) {
					t.Errorf("%s: there is no such command: %s", filepath.Base(file), line)
				}
			}
		}
	}
	if commands < 100 {
		t.Errorf("only %d commands were seen", commands)
	}
}

// isCommand reports whether words begin with a command, and with a part of it if it has parts.
func isCommand(n *kong.Node, words []string) bool {
	if len(n.Children) == 0 || len(words) == 0 {
		return n.Parent != nil
	}
	i := slices.IndexFunc(n.Children, func(c *kong.Node) bool { return c.Name == words[0] })
	return i >= 0 && isCommand(n.Children[i], words[1:])
}
