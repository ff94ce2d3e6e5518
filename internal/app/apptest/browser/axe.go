package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/chromedp/chromedp"
)

// What .ci/deps fetches, and the SHA-256 of it: nothing else is run in a page.
const (
	axeFile = "clause/axe-4.14.1.js"
	axeHash = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// axe is the program axe-core.
var axe = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(cache, axeFile))
	if err != nil {
		return "", fmt.Errorf("%w: fetch it with sh .ci/deps", err)
	}
	if sum := sha256.Sum256(source); hex.EncodeToString(sum[:]) != axeHash {
		return "", errors.New(axeFile + " is another file than it should be: remove it, and fetch it with sh .ci/deps")
	}
	return string(source), nil
})

// axeAsks has axe look at the page by all its rules but those it calls experimental, and says of each that is not
// kept where.
const axeAsks = `axe.run(document, {resultTypes: ["violations"]}).then((r) =>
  r.violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")))`

// Axe is what axe-core finds wrong with the page for people who read it with a screen reader, by keyboard, or with
// weak eyes.
func (p *Page) Axe() []string {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.scripts(true) // axe waits for timers
	defer p.scripts(!p.look.NoScript)
	run(p, chromedp.Evaluate[bool](source+"\n;true"))
	return run(p, chromedp.Evaluate[[]string](axeAsks, chromedp.EvalAwaitPromise))
}
