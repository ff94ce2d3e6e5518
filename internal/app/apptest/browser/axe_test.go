package browser_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

// TestAxeSees shows axe a sound page, and one with what it must see; both under a policy that runs no script.
func TestAxeSees(t *testing.T) {
	pages := map[string]string{
		"/sound": `<!doctype html><html lang="en"><head><title>Sound</title></head><body><main><h1>Sound</h1><form><label for="a">Name</label><input id="a"><button>Go</button></form></main></body></html>`,
		"/bad":   `<!doctype html><html><head></head><body><h1 style="color:#ccc;background:#fff">Bad</h1><form><input><button></button></form><img src="x"></body></html>`,
	}
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		io.WriteString(w, pages[r.URL.Path])
	}))
	t.Cleanup(web.Close)
	p := browser.Open(t, browser.Look{Width: 700})
	p.Visit(web.URL + "/sound")
	if found := p.Axe(); len(found) > 0 {
		t.Errorf("of a sound page: %q", found)
	}
	p.Visit(web.URL + "/bad")
	found := strings.Join(p.Axe(), "\n")
	for _, rule := range []string{"html-has-lang", "document-title", "label", "button-name", "image-alt", "color-contrast"} {
		if !strings.Contains(found, rule+":") {
			t.Errorf("%s is not seen: %s", rule, found)
		}
	}
}
