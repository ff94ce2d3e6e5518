package app

import (
	"os"
	"runtime/debug"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/control/osv"
	"clause.dev/clause/internal/fault"
)

// Weaknesses names the files that say what is known to be weak. They are read at each look, so that they
// can be replaced while the server runs.
type Weaknesses struct {
	List     string     // OSV, as https://vuln.go.dev/vulndb.zip; "" for none
	Assessed string     // OpenVEX: those that somebody found not to concern the program; "" for none
	Parts    []osv.Part // that the program was built of; nil: what it says itself
}

// Check reads the files, so that a mistake is seen at start.
func (w Weaknesses) Check() error {
	if w.List == "" {
		return nil
	}
	_, err := w.read()
	return err
}

func (w Weaknesses) read() (*control.Weaknesses, error) {
	const op = "app.Weaknesses"
	if w.List == "" {
		return nil, control.ErrNoWeaknesses
	}
	file, err := os.Open(w.List)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "the list of weaknesses %q cannot be read", w.List)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fault.As(op, fault.Unavailable, err)
	}
	known := &control.Weaknesses{Fetched: info.ModTime(), Parts: w.Parts}
	if known.Parts == nil {
		known.Parts = parts()
	}
	if known.List, err = osv.Read(file, info.Size()); err != nil || w.Assessed == "" {
		return known, fault.Wrap(op, err)
	}
	src, err := os.ReadFile(w.Assessed)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "the assessment of weaknesses %q cannot be read", w.Assessed)
	}
	known.Assessed, err = osv.Assessed(src)
	return known, fault.Wrap(op, err)
}

// parts is what the running program says that it was built of.
func parts() (all []osv.Part) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	all = append(all, osv.Part{Module: osv.Stdlib, Version: info.GoVersion})
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		all = append(all, osv.Part{Module: m.Path, Version: m.Version})
	}
	return all
}
