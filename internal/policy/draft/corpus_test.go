package draft_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy/draft"
)

var day = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// label is what a person said of a sentence.
type label struct {
	class    string
	controls []wanted // the controls that keep it
	text     string
}

// wanted is one control, or several of which any will do, with parameters.
type wanted struct {
	names  []string
	params map[string]string
}

// labelled is a policy of the corpus.
type labelled struct {
	name   string
	src    []byte
	part   string // tuned, held out, later
	labels []label
}

func corpus(t testing.TB) []labelled {
	files, err := filepath.Glob("testdata/corpus/*.labels")
	if err != nil || len(files) < 20 {
		t.Fatalf("the corpus has %d policies: %v", len(files), err)
	}
	var all []labelled
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		l := labelled{name: strings.TrimSuffix(filepath.Base(f), ".labels")}
		for i, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
			if i == 0 {
				l.part = map[string]string{"heldout: false": "tuned on", "heldout: true": "held out", "heldout: later": "written later", "heldout: last": "written last"}[line]
				continue
			}
			cells := strings.SplitN(line, "\t", 3)
			l.labels = append(l.labels, label{cells[0], wants(cells[1]), cells[2]})
		}
		for _, ext := range []string{".txt", ".md", ".html"} {
			if src, err := os.ReadFile("testdata/corpus/" + l.name + ext); err == nil {
				l.src, l.name = src, l.name+ext
			}
		}
		all = append(all, l)
	}
	return all
}

func wants(s string) []wanted {
	if s == "-" {
		return nil
	}
	var all []wanted
	for part := range strings.SplitSeq(s, " | ") {
		names, params, _ := strings.Cut(part, " ")
		w := wanted{strings.Split(names, "/"), map[string]string{}}
		for p := range strings.SplitSeq(params, "; ") {
			if k, v, ok := strings.Cut(p, "="); ok {
				w.params[k] = v
			}
		}
		all = append(all, w)
	}
	return all
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// score counts how drafts compare with the labels.
type score struct {
	right, got, want map[string]int // by class or control
	sentences, split int            // labelled; those the draft splits alike
	promises, exact  int            // promises found, those with the right controls and no others
	some             int            // those with at least one right control, or rightly none
	params, read     int
}

func newScore() *score {
	return &score{right: map[string]int{}, got: map[string]int{}, want: map[string]int{}}
}

func (s *score) add(l labelled, d *draft.Draft, say func(string, ...any)) {
	byText := map[string][]int{}
	for i, x := range d.Sentences {
		byText[letters(x.Text)] = append(byText[letters(x.Text)], i)
	}
	used := map[int]bool{}
	for _, want := range l.labels {
		key := letters(want.text)
		if want.class == "heading" {
			for _, i := range byText[key] {
				used[i] = true
			}
			continue
		}
		s.sentences++
		s.want[want.class]++
		if len(byText[key]) == 0 {
			say("%s: not split so: %q", l.name, want.text)
			s.controls(want, nil)
			continue
		}
		i := byText[key][0]
		byText[key] = byText[key][1:]
		used[i] = true
		s.split++
		x := &d.Sentences[i]
		s.got[string(x.Class)]++
		if string(x.Class) == want.class {
			s.right[want.class]++
		} else {
			say("%s:%d: %s, not %s (%s): %q %v", l.name, x.Line, x.Class, want.class, x.Rule, x.Whole(), x.Proposals)
		}
		if !s.controls(want, x.Proposals) && want.class == "promise" && x.Class == "promise" {
			say("%s:%d: controls %v, not %v: %q", l.name, x.Line, names(x.Proposals), want.controls, x.Whole())
		}
		s.readParams(want, x.Proposals, func(format string, args ...any) {
			say("%s:%d: %s: %q", l.name, x.Line, fmt.Sprintf(format, args...), x.Text)
		})
	}
	for i, x := range d.Sentences {
		if !used[i] {
			s.got[string(x.Class)]++
			say("%s:%d: not labelled: %s %q", l.name, x.Line, x.Class, x.Text)
		}
	}
}

func names(ps []draft.Proposal) []string {
	var all []string
	for _, p := range ps {
		all = append(all, p.Control)
	}
	return all
}

// controls compares the controls proposed with those wanted. It reports whether they are the same.
func (s *score) controls(want label, got []draft.Proposal) bool {
	left := names(got)
	for _, c := range left {
		s.got["+"+c]++
	}
	missing, hit := 0, 0
	for _, w := range want.controls {
		i := slices.IndexFunc(left, func(c string) bool { return slices.Contains(w.names, c) })
		switch {
		case i >= 0:
			s.want["+"+left[i]]++
			s.right["+"+left[i]]++
			left = slices.Delete(left, i, i+1)
			hit++
		case slices.Contains(w.names, "-"):
		default:
			s.want["+"+w.names[0]]++
			missing++
		}
	}
	same := missing == 0 && len(left) == 0
	if want.class == "promise" {
		s.promises++
		if same {
			s.exact++
		}
		if hit > 0 || same {
			s.some++
		}
	}
	return same
}

// readParams compares the parameters of controls that were rightly proposed.
func (s *score) readParams(want label, got []draft.Proposal, say func(string, ...any)) {
	for _, w := range want.controls {
		i := slices.IndexFunc(got, func(p draft.Proposal) bool { return slices.Contains(w.names, p.Control) })
		if i < 0 {
			continue
		}
		for name, value := range w.params {
			j := slices.IndexFunc(got[i].Params, func(p draft.Param) bool { return p.Name == name && p.Stated })
			if j < 0 && len(w.names) > 1 && got[i].Control != w.names[0] {
				continue // another of the controls has not this parameter
			}
			s.params++
			found := "nothing"
			if j >= 0 {
				found = shown(got[i].Params[j].Value)
			}
			if sameValue(found, value) {
				s.read++
			} else {
				say("%s %s is %s, not %s", got[i].Control, name, found, value)
			}
		}
	}
}

func shown(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v)
}

// sameValue compares values; the order of lists is nobody's matter, and 7d is 7 days.
func sameValue(got, want string) bool {
	norm := func(s string) string {
		parts := strings.Split(s, ",")
		for i, p := range parts {
			for _, unit := range []string{"day", "hour", "week"} {
				p = strings.ReplaceAll(strings.ReplaceAll(p, " "+unit+"s", unit[:1]), " "+unit, unit[:1])
			}
			parts[i] = p
		}
		slices.Sort(parts)
		return strings.Join(parts, ",")
	}
	return norm(got) == norm(want)
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func (s *score) table() string {
	var b strings.Builder
	keys := slices.Sorted(maps.Keys(s.want))
	for k := range s.got {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		fmt.Fprintf(&b, "  %-24s recall %.2f  precision %.2f  of %d\n", k, ratio(s.right[k], s.want[k]), ratio(s.right[k], s.got[k]), s.want[k])
	}
	fmt.Fprintf(&b, "  split %.3f; controls exact %.3f, some right %.3f of %d promises; parameters %.3f of %d\n",
		ratio(s.split, s.sentences), ratio(s.exact, s.promises), ratio(s.some, s.promises), s.promises, ratio(s.read, s.params), s.params)
	return b.String()
}

func measured(t *testing.T) map[string]*score {
	scores := map[string]*score{}
	for _, part := range parts {
		scores[part] = newScore()
	}
	for _, l := range corpus(t) {
		d, err := draft.Read(l.name, l.src, control.Catalogue(), day)
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		say := func(string, ...any) {} // what goes wrong in the other parts is counted, not looked at
		if l.part == parts[0] {
			say = t.Logf
		}
		scores[l.part].add(l, d, say)
	}
	return scores
}

var parts = []string{"tuned on", "held out", "written later", "written last"}

// TestCorpus prints, with -v, how drafts compare with what people said of the same sentences, and
// holds what was measured.
func TestCorpus(t *testing.T) {
	scores := measured(t)
	sentences := 0
	for _, part := range parts {
		s := scores[part]
		sentences += s.sentences
		t.Logf("%s:\n%s", part, s.table())
		floor := map[string][3]float64{ // promise recall, promise precision, right controls
			"tuned on": {0.97, 0.97, 0.94}, "held out": {0.95, 0.96, 0.90}, "written later": {0.87, 0.89, 0.90}, "written last": {0.87, 0.96, 0.72},
		}[part]
		got := [3]float64{ratio(s.right["promise"], s.want["promise"]), ratio(s.right["promise"], s.got["promise"]), ratio(s.exact, s.promises)}
		for i, what := range []string{"recall of promises", "precision of promises", "share of promises with the right controls"} {
			if got[i] < floor[i] {
				t.Errorf("%s: the %s is %.3f, it was %.2f at least", part, what, got[i], floor[i])
			}
		}
		for _, class := range []string{"description", "boilerplate"} {
			if r := ratio(s.right[class], s.want[class]); r < 0.8 && s.want[class] >= 10 { // of fewer it says nothing
				t.Errorf("%s: the recall of %s is %.3f", part, class, r)
			}
		}
		if ratio(s.split, s.sentences) < 0.98 || ratio(s.read, s.params) < 0.96 {
			t.Errorf("%s: split %.3f, parameters %.3f", part, ratio(s.split, s.sentences), ratio(s.read, s.params))
		}
	}
	if sentences < 600 {
		t.Errorf("the corpus has %d sentences", sentences)
	}
}

var update = flag.Bool("update", false, "write the table of docs/draft.md")

// TestTheFiguresInTheDocs keeps the table of docs/draft.md in step with what is measured.
func TestTheFiguresInTheDocs(t *testing.T) {
	const path, begin, end = "../../../docs/draft.md", "<!-- measured -->\n", "<!-- /measured -->"
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(doc), begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("the docs have no place for the table")
	}
	table := figuresTable(measured(t))
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != table {
		t.Errorf("the docs say\n%s\nmeasured is\n%s\ngo test ./internal/policy/draft -run Docs -update writes it", old, table)
	}
}

func figuresTable(scores map[string]*score) string {
	var b strings.Builder
	b.WriteString("| policies | sentences | promises found | of those called promises | descriptions | boilerplate | controls right | parameters right |\n|---|---|---|---|---|---|---|---|\n")
	for _, part := range parts {
		s := scores[part]
		class := func(c string) string {
			return fmt.Sprintf("%.2f, %.2f", ratio(s.right[c], s.want[c]), ratio(s.right[c], s.got[c]))
		}
		fmt.Fprintf(&b, "| %s | %d | %.2f of %d | %.2f | %s | %s | %.2f | %.2f of %d |\n", part, s.sentences, ratio(s.right["promise"], s.want["promise"]), s.want["promise"],
			ratio(s.right["promise"], s.got["promise"]), class("description"), class("boilerplate"), ratio(s.exact, s.promises), ratio(s.read, s.params), s.params)
	}
	return b.String()
}
