// Package osv reads lists of known weaknesses in the form that vuln.go.dev publishes them, OSV 1.x in a zip,
// and finds those that concern the parts of a Go program. Only modules and their versions are compared:
// whether the weak function is called at all, govulncheck says, in OpenVEX, which is read here too.
package osv

import (
	"archive/zip"
	"cmp"
	"encoding/json"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"clause.dev/clause/internal/fault"
)

// Part is a module that a program was built of, or the standard library: stdlib.
type Part struct{ Module, Version string }

// Stdlib is the name of the standard library among the parts.
const Stdlib = "stdlib"

// List is a list of known weaknesses.
type List struct {
	Modified time.Time // when it last grew, as it says itself
	Size     int       // how many it has, those withdrawn left out

	by map[string][]weakness // by module
}

// weakness is what is known of one in one module.
type weakness struct {
	id      string
	aliases []string
	ranges  []span
}

// span is a range of versions.
type span struct {
	Type   string  `json:"type"`
	Events []event `json:"events"`
}

type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
}

// Hit is a weakness that a part has.
type Hit struct {
	ID      string
	Aliases []string // by which others call it
	Part    Part
	Fixed   string // the next version that has not; "" for none yet
}

// The bounds of what is read.
const (
	maxFiles = 100_000
	maxFile  = 4 << 20
	maxAll   = 1 << 30
)

// Read reads a list: the zip that https://vuln.go.dev/vulndb.zip is.
func Read(from io.ReaderAt, size int64) (*List, error) {
	const op = "osv.Read"
	archive, err := zip.NewReader(from, size)
	if err != nil {
		return nil, wrong(op, "it is no zip archive")
	}
	if len(archive.File) > maxFiles {
		return nil, fault.New(op, fault.TooLarge, "the list of weaknesses has more than %d files", maxFiles)
	}
	l, total := &List{by: map[string][]weakness{}}, int64(0)
	for _, f := range archive.File {
		folder, name := path.Split(path.Clean("/" + f.Name))
		index := strings.HasSuffix(folder, "/index/") && name == "db.json"
		if name == "index.json" || !index && (!strings.HasSuffix(folder, "/ID/") || path.Ext(name) != ".json") {
			continue
		}
		data, err := content(f)
		if err != nil {
			return nil, err
		}
		if total += int64(len(data)); total > maxAll {
			return nil, fault.New(op, fault.TooLarge, "the list of weaknesses is larger than %d MiB", maxAll>>20)
		}
		if index {
			err = l.dated(data)
		} else {
			err = l.add(data)
		}
		if err != nil {
			return nil, err
		}
	}
	if l.Size == 0 || l.Modified.IsZero() {
		return nil, wrong(op, "it holds no index/db.json, or no ID/*.json")
	}
	return l, nil
}

func wrong(op, why string) error {
	return fault.New(op, fault.Invalid, "this is no list of known weaknesses: %s", why).WithHint("curl -fsSo weaknesses.zip https://vuln.go.dev/vulndb.zip")
}

func content(f *zip.File) ([]byte, error) {
	const op = "osv.Read"
	r, err := f.Open()
	if err != nil {
		return nil, wrong(op, "a file of it cannot be opened")
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, wrong(op, "a file of it is damaged")
	}
	if len(data) > maxFile {
		return nil, fault.New(op, fault.TooLarge, "a weakness is described in more than %d MiB", maxFile>>20)
	}
	return data, nil
}

func (l *List) dated(data []byte) error {
	var index struct {
		Modified time.Time `json:"modified"`
	}
	if err := json.Unmarshal(data, &index); err != nil || index.Modified.IsZero() {
		return wrong("osv.Read", "index/db.json does not say when it was modified")
	}
	l.Modified = index.Modified.UTC()
	return nil
}

func (l *List) add(data []byte) error {
	var entry struct {
		ID        string   `json:"id"`
		Aliases   []string `json:"aliases"`
		Withdrawn string   `json:"withdrawn"`
		Affected  []struct {
			Package struct {
				Name      string `json:"name"`
				Ecosystem string `json:"ecosystem"`
			} `json:"package"`
			Ranges []span `json:"ranges"`
		} `json:"affected"`
	}
	if err := json.Unmarshal(data, &entry); err != nil || entry.ID == "" {
		return wrong("osv.Read", "an entry is no OSV")
	}
	if entry.Withdrawn != "" {
		return nil
	}
	l.Size++
	for _, a := range entry.Affected {
		if a.Package.Ecosystem == "Go" {
			l.by[a.Package.Name] = append(l.by[a.Package.Name], weakness{entry.ID, entry.Aliases, a.Ranges})
		}
	}
	return nil
}

// Affecting returns the weaknesses that the parts have, each of a part once, sorted.
func (l *List) Affecting(parts []Part) (hits []Hit) {
	for _, p := range parts {
		version := Canonical(p)
		if version == "" {
			continue
		}
		for _, w := range l.by[p.Module] {
			if fixed, has := w.has(version); has && !slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == w.id && h.Part == p }) {
				hits = append(hits, Hit{w.id, w.aliases, p, fixed})
			}
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Part.Module, b.Part.Module)) })
	return hits
}

// Canonical is a part's version as versions are compared, "" where it is none: of what was built from a
// checkout.
func Canonical(p Part) string {
	v := p.Version
	if p.Module == Stdlib {
		v = goVersion(v)
	}
	if !strings.HasPrefix(v, "v") {
		v = "v" + v
	}
	return semver.Canonical(v)
}

// goVersion makes a version of Go one of SemVer: go1.26rc1 is 1.26.0-rc.1.
func goVersion(s string) string {
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "go"), " ") // what follows names experiments
	s, _, _ = strings.Cut(s, "-")
	for _, mark := range []string{"rc", "beta"} {
		if v, n, ok := strings.Cut(s, mark); ok {
			return v + strings.Repeat(".0", max(0, 2-strings.Count(v, "."))) + "-" + mark + "." + n
		}
	}
	return s
}

// has reports whether a version is weak: a range without events says that all are.
func (w *weakness) has(version string) (fixed string, weak bool) {
	if len(w.ranges) == 0 {
		return "", true
	}
	for _, r := range w.ranges {
		if r.Type != "SEMVER" && r.Type != "" {
			continue
		}
		if fixed, in := r.holds(version); in {
			return fixed, true
		}
	}
	return "", false
}

// holds reports whether a version is in the range, and the version at which it ends.
func (r span) holds(version string) (fixed string, in bool) {
	events := slices.Clone(r.Events)
	slices.SortStableFunc(events, func(a, b event) int { return semver.Compare(at(a), at(b)) })
	for _, e := range events {
		order := semver.Compare(version, at(e))
		switch {
		case e.Introduced != "":
			in, fixed = in || order >= 0, ""
		case e.Fixed != "":
			if order >= 0 {
				in = false
			} else if in && fixed == "" {
				fixed = e.Fixed
			}
		case e.LastAffected != "" && order > 0:
			in = false
		}
		if order < 0 && in {
			return fixed, true
		}
	}
	return fixed, in
}

// at is the version of an event: the introduction in 0 is before everything.
func at(e event) string {
	v := cmp.Or(e.Introduced, e.Fixed, e.LastAffected)
	if v == "0" {
		return "v0.0.0-0"
	}
	return "v" + strings.TrimPrefix(v, "v")
}

// Assessed reads OpenVEX, as govulncheck -format openvex writes it: the weaknesses that somebody looked at
// and found not to concern the program, and why.
func Assessed(data []byte) (map[string]string, error) {
	var vex struct {
		Context    string `json:"@context"`
		Statements []struct {
			Vulnerability struct {
				Name string `json:"name"`
			} `json:"vulnerability"`
			Status        string `json:"status"`
			Justification string `json:"justification"`
			Impact        string `json:"impact_statement"`
		} `json:"statements"`
	}
	if err := json.Unmarshal(data, &vex); err != nil || !strings.HasPrefix(vex.Context, "https://openvex.dev/ns") {
		return nil, fault.New("osv.Assessed", fault.Invalid, "the assessment of weaknesses is no OpenVEX").WithHint("govulncheck -mode binary -format openvex ./clause > assessed.json")
	}
	all := map[string]string{}
	for _, s := range vex.Statements {
		delete(all, s.Vulnerability.Name) // a later statement counts
		if s.Status == "not_affected" && (s.Justification != "" || s.Impact != "") {
			all[s.Vulnerability.Name] = cmp.Or(s.Justification, "by its impact statement")
		}
	}
	return all, nil
}
