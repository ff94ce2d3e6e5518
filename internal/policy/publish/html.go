package publish

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"

	"clause.dev/clause/internal/fault"
)

//go:embed pages/paper.html pages/paper.css
var pages embed.FS

// page is what the template shows.
type page struct {
	*paper
	Style template.CSS
	// Rules is the content security policy: the page's own style and nothing else, so that it does the
	// same under any server's.
	Rules string
}

// html writes a paper as a page that holds all it needs: no script, no request to anybody.
func html(p *paper) ([]byte, error) {
	const op = "publish.html"
	shape, err := template.New("paper.html").Funcs(template.FuncMap{"href": href, "add": func(a, b int) int { return a + b }}).ParseFS(pages, "pages/paper.html")
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	style, err := pages.ReadFile("pages/paper.css")
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	sum := sha256.Sum256(style)
	var b bytes.Buffer
	err = shape.Execute(&b, page{
		paper: p, Style: template.CSS(style), // embedded, ours
		Rules: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return b.Bytes(), nil
}

// href lets the template write tel:, which it takes for unsafe. [linkOf] made every link.
func href(link string) template.URL { return template.URL(link) }
