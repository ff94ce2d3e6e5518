package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// folder is the folder that is published into. Nothing outside of it is written to, wherever links in
// it lead.
type folder struct {
	root *os.Root
	name string
}

// into writes the files, and removes those of an earlier time that the policy does not say any more.
func (c *publishCmd) into(e *env, p *policy.Policy, on time.Time, editions []edition) error {
	to := c.To
	if to == "" {
		to = "public"
	}
	f, err := openFolder(to)
	if err != nil {
		return err
	}
	defer f.root.Close()
	there, err := f.files(c.Force || c.Only != "")
	if err != nil {
		return err
	}
	e.printf("%s: version %s of the policy, as of %s\n", e.paint(strong, to), p.Version, on.Format(time.DateOnly))
	var written []string
	for _, ed := range editions {
		for _, file := range ed.files {
			name := ed.folder + file.Name
			if err := f.put(name, file.Bytes); err != nil {
				return err
			}
			written = append(written, name)
			e.printf("  %-30s %7s  %s\n", name, sized(len(file.Bytes)), whatIs(file.Name))
		}
	}
	if c.Only != "" {
		return nil
	}
	for _, name := range there {
		if slices.Contains(written, name) {
			continue
		}
		if err := f.root.Remove(name); err != nil {
			return f.failed(name, err)
		}
		_ = f.root.Remove(path.Dir(name)) // if nothing is left in it
		e.printf("  %-30s %7s  the policy has nothing for it any more\n", name, e.paint(warn, "removed"))
	}
	c.tellUnpublished(e, editions[0])
	return nil
}

// tellUnpublished names the files that the policy has nothing for.
func (c *publishCmd) tellUnpublished(e *env, ed edition) {
	names, docs := publish.Names()
	for i, name := range names {
		if !slices.ContainsFunc(ed.files, func(f publish.File) bool { return f.Name == name }) {
			e.printf("  %s\n", e.paint(faint, "not published: "+name+", "+docs[i]))
		}
	}
}

// whatIs says what a file is, without what it needs.
func whatIs(name string) string {
	names, docs := publish.Names()
	what, _, _ := strings.Cut(docs[slices.Index(names, name)], " (needs")
	return what
}

func sized(n int) string {
	if n < 10_000 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%d kB", (n+500)/1000)
}

func openFolder(name string) (*folder, error) {
	f := &folder{name: name}
	if err := os.MkdirAll(name, 0o755); err != nil {
		return nil, f.failed("", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, f.failed("", err)
	}
	f.root = root
	return f, nil
}

// publishedNames are the names that files of any edition have, and those they have while written.
func publishedNames() map[string]bool {
	names, _ := publish.Names()
	all := map[string]bool{}
	for _, lang := range append([]string{""}, publishable...) {
		for _, name := range names {
			all[path.Join(lang, name)], all[unfinished(path.Join(lang, name))] = true, true
		}
	}
	return all
}

// unfinished is the name of a file while it is written.
func unfinished(name string) string { return path.Join(path.Dir(name), "."+path.Base(name)+".new") }

// files returns the files in the folder that are published ones. Others are an error unless they may
// be there: publishing must not mix with, or write over, what somebody keeps.
func (f *folder) files(others bool) (ours []string, err error) {
	known := publishedNames()
	err = fs.WalkDir(f.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case known[name]:
			ours = append(ours, name)
		case entry.IsDir() && others && name != "." && name != ".well-known" && !slices.Contains(publishable, name):
			return fs.SkipDir // somebody's: not ours to look at
		case !entry.IsDir() && !others:
			return fault.New("clause.publish", fault.Invalid, "the folder %q holds other files, such as %s", f.name, name).
				WithHint("name an empty folder with --to, or allow it with --force; the other files stay as they are")
		}
		return nil
	})
	if err != nil && fault.KindOf(err) == fault.Other {
		return nil, f.failed("", err)
	}
	return ours, err
}

// put writes a file as a whole or not at all.
func (f *folder) put(name string, body []byte) error {
	if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return f.failed(name, err)
	}
	temporary := unfinished(name)
	if err := f.root.WriteFile(temporary, body, 0o644); err != nil {
		return f.failed(name, err)
	}
	if err := f.root.Rename(temporary, name); err != nil {
		_ = f.root.Remove(temporary)
		return f.failed(name, err)
	}
	return nil
}

func (f *folder) failed(name string, err error) error {
	const op = "clause.publish"
	at := path.Join(f.name, name)
	if errors.Is(err, fs.ErrPermission) {
		return fault.New(op, fault.Invalid, "%q may not be written", at).WithHint("look at its permissions, or name another folder with --to")
	}
	cause := rootCause(err)
	if link := (*os.LinkError)(nil); errors.As(err, &link) {
		cause = link.Err
	}
	return fault.New(op, fault.Invalid, "%q cannot be written: %v", at, cause).WithHint("name a folder with --to")
}
