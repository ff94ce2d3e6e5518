package web

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
)

// Views are pages by their names: each a template within the frame.
type Views map[string]*template.Template

// ReadViews reads the pages, pages/<name>.html, within pages/frame.html and with the files of parts that they share.
func ReadViews(files fs.FS, parts ...string) (Views, error) {
	const op = "web.ReadViews"
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	shared := append([]string{"pages/frame.html"}, parts...)
	all := Views{}
	for _, name := range names {
		if slices.Contains(shared, name) {
			continue
		}
		t, err := template.New("frame.html").Funcs(template.FuncMap{"dict": dict}).ParseFS(files, append(slices.Clone(shared), name)...)
		if err != nil {
			return nil, fault.As(op, fault.Other, err)
		}
		all[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return all, nil
}

// dict hands a part of a page several values.
func dict(pairs ...any) map[string]any {
	all := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if key, ok := pairs[i].(string); ok {
			all[key] = pairs[i+1]
		}
	}
	return all
}

// Show writes a page, or nothing where it cannot be made.
func (all Views) Show(w http.ResponseWriter, status int, name string, page any) error {
	var body bytes.Buffer
	if err := all[name].Execute(&body, page); err != nil {
		return fault.As("web.Show", fault.Other, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // who went away needs no page
	return nil
}
