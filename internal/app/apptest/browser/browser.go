// Package browser opens pages in a real browser, for tests: Chromium without a window, with a new
// profile, that reaches nothing but this machine.
package browser

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Look says how a page is looked at.
type Look struct {
	Width    int64 // of the window, in CSS pixels
	Dark     bool  // the reader prefers dark colours
	NoScript bool  // scripts are off
	Print    bool  // on paper
}

// Page is a window of the browser.
type Page struct {
	t    testing.TB
	ctx  context.Context
	look Look

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// within bounds one step in the browser.
const within = 30 * time.Second

// Open opens a window of a browser of its own; both end with the test.
func Open(t testing.TB, look Look) *Page {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium was found: install it with apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"))
	allocator, end := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	p := &Page{t: t, look: look}
	ctx, closeWindow := chromedp.NewContext(allocator, chromedp.WithListener(p.listen))
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser did not end: %v", err)
		}
		closeWindow()
		end()
	})
	p.ctx = ctx
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(look.Width, 900)); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	p.prefer(look)
	return p
}

func (p *Page) prefer(look Look) {
	p.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}}
	if look.Dark {
		media.Features[0].Value = "dark"
	}
	if look.Print {
		media.Media = "print"
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media); err != nil {
		p.t.Fatal(err)
	}
	p.scripts(!look.NoScript)
	if _, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{}); err != nil {
		p.t.Fatal(err)
	}
}

// scripts lets those of the page run, or not.
func (p *Page) scripts(may bool) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !may}); err != nil {
		p.t.Fatal(err)
	}
}

// listen notes what the page asks for and what the browser complains of.
func (p *Page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *log.EventEntryAdded:
		p.complaints = append(p.complaints, string(e.Entry.Level)+": "+e.Entry.Text)
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		p.complaints = append(p.complaints, "console: "+string(e.Type))
	case *network.EventLoadingFailed:
		p.complaints = append(p.complaints, "not loaded: "+e.ErrorText)
	}
}

func (p *Page) do(action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		p.t.Fatal(err)
	}
}

// Visit loads the address.
func (p *Page) Visit(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
}

// Press presses a key, one of package kb or a character.
func (p *Page) Press(key string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(key))
}

// Submit presses Enter where the focus is, in a form, and waits for the page that answers.
func (p *Page) Submit() {
	p.t.Helper()
	Eval[bool](p, `window.left = true`)
	p.do(chromedp.KeyEvent(kb.Enter))
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	for {
		// While one page gives way to the next there is nothing to ask.
		arrived, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`window.left === undefined && document.readyState === "complete"`))
		if err == nil && arrived {
			return
		}
		if ctx.Err() != nil {
			p.t.Fatal("the form was sent and no page came")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Complaints are the errors and warnings of the browser since the window was opened.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

// Elsewhere are the addresses that were asked for and are not below the origin.
func (p *Page) Elsewhere(origin string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, url := range p.requests {
		if !strings.HasPrefix(url, origin+"/") {
			out = append(out, url)
		}
	}
	return out
}

// Asked is how many requests were made.
func (p *Page) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.requests)
}

// Picture is what the window shows, as a PNG.
func (p *Page) Picture() []byte { return run(p, chromedp.CaptureScreenshot()) }

// Paper is the page printed to PDF.
func (p *Page) Paper() []byte { return run(p, chromedp.PrintToPDF()) }

// Eval is the value of a JavaScript expression.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return run(p, chromedp.Evaluate[T](expression))
}

func run[T any](p *Page, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}
