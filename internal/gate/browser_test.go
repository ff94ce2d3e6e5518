package gate_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

// TestATrackedPageComesOutClean: an application with a tracking cookie, a counter in a picture and a script of
// somebody who analyses, in a real browser. None of it reaches anybody; what is the application's own works.
func TestATrackedPageComesOutClean(t *testing.T) {
	var asked atomic.Int64
	tracker := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		rw.Header().Set("Access-Control-Allow-Origin", "*")
		rw.Header().Set("Content-Type", "text/javascript")
		io.WriteString(rw, `document.title = "tracked"; document.cookie = "_tracker=1"`)
	}))
	t.Cleanup(tracker.Close)
	for name, own := range map[string]string{"an application that says nothing": "", "one that lets anybody in": "default-src * 'unsafe-inline' 'unsafe-eval' data: blob:"} {
		t.Run(name, func(t *testing.T) {
			w := open(t, func(rw http.ResponseWriter, r *http.Request) {
				h := rw.Header()
				if own != "" {
					h.Set("Content-Security-Policy", own)
				}
				switch r.URL.Path {
				case "/own.js":
					h.Set("Content-Type", "text/javascript")
					io.WriteString(rw, `document.body.dataset.own = "runs"`)
				case "/":
					h.Set("Content-Type", "text/html; charset=utf-8")
					h.Add("Set-Cookie", "_ga=GA1.1.12; Max-Age=63072000; Path=/")
					h.Add("Set-Cookie", "basket=7; Path=/")
					h.Set("Link", "<"+tracker.URL+"/preload.js>; rel=preload; as=script")
					fmt.Fprintf(rw, `<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>
<script src="%[1]s/analytics.js"></script><img alt="" src="%[1]s/pixel.gif"><link rel="stylesheet" href="%[1]s/font.css"><iframe title="x" src="%[1]s/frame"></iframe>
<script>document.cookie = "_inline=1"; fetch("%[1]s/beacon"); navigator.sendBeacon("%[1]s/beacon2"); new Image().src = "%[1]s/inline.gif"</script>
<script src="/own.js"></script></body></html>`, tracker.URL)
				}
			})
			b := browser.Open(t, browser.Look{Width: 800})
			b.Visit(w.config.URL + "/")
			b.Visit(w.config.URL + "/")
			if got := browser.Eval[string](b, "document.title"); got != "Shop" {
				t.Errorf("the title is %q", got)
			}
			if got := browser.Eval[string](b, "document.body.dataset.own || ''"); got != "runs" {
				t.Errorf("the application's own script: %q", got)
			}
			if n := asked.Load(); n != 0 {
				t.Errorf("the tracker was asked %d times", n)
			}
			for _, r := range w.arrived() {
				if cookies := strings.Join(r.Header["Cookie"], "; "); cookies != "" && cookies != "basket=7" {
					t.Errorf("%s: the application is sent %q", r.URL, cookies)
				}
			}
			if reported := w.reported(); !slices.Contains(reported, "cookie set _ga") {
				t.Errorf("reported: %q", reported)
			}
		})
	}
}
