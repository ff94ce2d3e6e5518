package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/internal/fault"
)

// lettersPrintCmd prints letters into a folder.
type lettersPrintCmd struct {
	Letter   []string `arg:"" optional:"" help:"A letter, printed again if it was printed already. Without any: all that wait."`
	Tenant   string   `required:"" placeholder:"ID" help:"The tenant whose people they are for."`
	To       string   `required:"" placeholder:"DIR" help:"The folder to print into, which nobody else can open; it is made if it is not there."`
	HTML     bool     `name:"html" xor:"how" help:"Write pages for a browser, whether or not there is a Chromium."`
	Chromium string   `xor:"how" env:"CLAUSE_CHROMIUM" placeholder:"FILE" help:"The Chromium or Chrome that makes PDF of them. Without it, one that is found on the PATH."`
	Server   server   `embed:""`
}

// Help is the rest of what --help shows.
func (*lettersPrintCmd) Help() string {
	return `Each letter is marked as printed once its file is safely in the folder; clause letters posted says that it was posted. The key needs the scopes duties and data, and the purpose for which the policy says that people are reached (contacts): names and addresses are read in its name. Chromium is given a new profile and no network, and both are removed.

The exit status is 0 if all were printed, 1 if some could not be.`
}

// Run prints the letters, and goes on where one cannot be.
func (c *lettersPrintCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	if err := privateFolder(c.To); err != nil {
		return err
	}
	p, err := c.printer(e)
	if err != nil {
		return err
	}
	letters := c.Letter
	if len(letters) == 0 {
		open, err := openLetters(e, s, c.Tenant)
		if err != nil {
			return err
		}
		for _, l := range open {
			if l.State == "waiting" {
				letters = append(letters, l.ID)
			}
		}
	}
	if len(letters) == 0 {
		e.printf("No letter waits to be printed.\n")
	}
	return eachLetter(e, letters, func(id string) (string, error) {
		file, err := c.print(e, s, p, id)
		return "printed  " + file, err
	})
}

// print prints one letter. Its file comes first: what is marked as printed is there.
func (c *lettersPrintCmd) print(e *env, s *client.Client, p *printer, id string) (string, error) {
	page, err := s.LetterPage(e.Context, c.Tenant, id)
	if err != nil {
		return "", err
	}
	content, end := []byte(page.HTML), ".html"
	if p.chromium != "" {
		end = ".pdf"
		if content, err = p.pdf(e.Context, content); err != nil {
			return "", err
		}
	}
	// An id of the server's is a word; a path would be a server's that means harm.
	file := filepath.Join(c.To, filepath.Base(cmp.Or(page.ID, id))+end)
	if err := writeWhole(file, content); err != nil {
		return "", fault.New("clause.letters", fault.Unavailable, "%q cannot be written: %v", file, rootCause(err))
	}
	_, err = s.MarkPrinted(e.Context, c.Tenant, id)
	return file, err
}

// privateFolder makes a folder that nobody else can open, or makes sure that it is one.
func privateFolder(path string) error {
	const op = "clause.letters"
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fault.New(op, fault.Invalid, "the folder %q cannot be made: %v", path, rootCause(err))
	}
	info, err := os.Stat(path)
	if err != nil {
		return fault.New(op, fault.Invalid, "the folder %q cannot be read: %v", path, rootCause(err))
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fault.New(op, fault.Invalid, "others can look into the folder %q", path).WithHint("chmod 0700 %s", path)
	}
	return nil
}

// writeWhole writes a file that its user alone can read, whole or not at all, also where the machine fails.
func writeWhole(path string, content []byte) (err error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// printer makes PDF of pages; without a Chromium it makes none.
type printer struct{ chromium, in string }

// browsers are what a Chromium is called on the machines there are.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// printer finds the Chromium to print with.
func (c *lettersPrintCmd) printer(e *env) (*printer, error) {
	if c.HTML {
		return &printer{}, nil
	}
	names := browsers
	if c.Chromium != "" {
		names = []string{c.Chromium}
	}
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err == nil {
			path, err = filepath.Abs(path) // it is run from another folder
		}
		if err == nil {
			return &printer{chromium: path, in: c.To}, nil
		}
	}
	if c.Chromium != "" {
		return nil, fault.New("clause.letters", fault.Invalid, "there is no program %q", c.Chromium).WithHint("name a Chromium or Chrome, or leave --chromium out")
	}
	write(e.Stderr, "There is no Chromium on the PATH: the letters are pages, to be printed from a browser.\n")
	return &printer{}, nil
}

// onePage bounds the printing of a page: a browser that hangs is ended.
const onePage = time.Minute

// pdf prints a page. Page and profile are in a folder of their own beside the letters, since they hold what
// the letters hold, and go with it.
func (p *printer) pdf(ctx context.Context, page []byte) (pdf []byte, err error) {
	const op = "clause.letters"
	dir, err := os.MkdirTemp(p.in, ".printing-")
	if err != nil {
		return nil, fault.New(op, fault.Unavailable, "the folder %q cannot be written: %v", p.in, rootCause(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp(shortTemp(), "clause-")
	if err != nil {
		return nil, fault.New(op, fault.Unavailable, "no temporary folder can be made: %v", rootCause(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(sockets)) }()
	from, to := filepath.Join(dir, "letter.html"), filepath.Join(dir, "letter.pdf")
	if err := os.WriteFile(from, page, 0o600); err != nil {
		return nil, fault.New(op, fault.Unavailable, "the folder %q cannot be written: %v", p.in, rootCause(err))
	}
	ctx, cancel := context.WithTimeout(ctx, onePage)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.chromium, append(alone(dir), "--no-pdf-header-footer", "--print-to-pdf="+to, (&url.URL{Scheme: "file", Path: from}).String())...)
	cmd.Dir, cmd.WaitDelay = dir, 5*time.Second
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + sockets, "XDG_CONFIG_HOME=" + dir, "XDG_CACHE_HOME=" + dir, "LANG=C.UTF-8"}
	said, failed := cmd.CombinedOutput()
	if pdf, err = os.ReadFile(to); failed == nil && err == nil && bytes.HasPrefix(pdf, []byte("%PDF-")) && bytes.Contains(pdf[max(0, len(pdf)-32):], []byte("%%EOF")) {
		return pdf, nil
	}
	return nil, fault.New(op, fault.Unavailable, "%s makes no PDF: %s", p.chromium, complaint(ctx, said, failed)).WithHint("--html writes pages, to be printed from a browser")
}

// shortTemp is a folder for temporary files with a path short enough for the sockets that Chromium makes
// there, whose paths are at most 107 bytes; "" for the machine's own.
func shortTemp() string {
	if len(os.TempDir()) > 40 {
		return "/tmp"
	}
	return ""
}

// alone are the flags of a Chromium without a window that reaches nothing, keeps nothing elsewhere, and
// tells nobody. Its sandbox cannot be had by root; the page has no script, and its policy allows none.
func alone(profile string) []string {
	flags := []string{
		"--headless", "--disable-gpu", "--user-data-dir=" + filepath.Join(profile, "profile"), "--no-first-run", "--no-default-browser-check",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps", "--disable-breakpad",
		"--disable-dev-shm-usage", "--metrics-recording-only", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:1", "--proxy-bypass-list=<-loopback>",
	}
	if os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox")
	}
	return flags
}

// complaint is why a browser failed, as far as it says.
func complaint(ctx context.Context, said []byte, failed error) string {
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	last := lines[len(lines)-1]
	for _, l := range lines {
		if strings.Contains(l, ":FATAL:") {
			last = l
		}
	}
	last = printable(last)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "it hangs"
	case failed != nil && last != "":
		return failed.Error() + ": " + last[:min(len(last), 200)]
	case failed != nil:
		return failed.Error()
	}
	return "it says nothing of why"
}
