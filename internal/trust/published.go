package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// shelf holds what clause publish writes of the policy that runs, so that the text and the behaviour
// cannot part. It is made once a day: a certificate that has expired is called so the day after.
type shelf struct {
	policy *policy.Policy
	mu     sync.Mutex
	day    time.Time
	made   map[edition]made
}

// edition is a document in a language.
type edition struct{ name, lang string }

type made struct {
	file publish.File
	err  error
}

// get makes a document as of a day, or finds it made already.
func (s *shelf) get(e edition, on time.Time) (publish.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.day.Equal(on) || s.made == nil {
		s.day, s.made = on, map[edition]made{}
	}
	m, ok := s.made[e]
	if !ok {
		m.file, m.err = publish.One(s.policy, e.name, publish.Options{Language: e.lang, On: on, Controls: control.Catalogue()})
		s.made[e] = m
	}
	return m.file, m.err
}

// spoken are the languages of the statement. A request for any other is met in one of them, so that
// what the shelf holds is bounded.
var spoken = []string{"en", "ar"}

// languageOf is the language a reader is served in: as asked for in the address, else as the browser
// prefers, else the policy's own.
func (d *door) languageOf(r *http.Request) string {
	first := spoken
	if strings.HasPrefix(d.Policy.Language, "ar") {
		first = []string{"ar", "en"}
	}
	var tags []language.Tag
	for _, lang := range first {
		tags = append(tags, language.Make(lang))
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	return first[i]
}

// statement serves the privacy and security statement.
func (d *door) statement(w http.ResponseWriter, r *http.Request) {
	lang := d.languageOf(r)
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language")
	d.serve(w, edition{"statement.html", lang})
}

func (d *door) securityTxt(w http.ResponseWriter, _ *http.Request) {
	d.serve(w, edition{".well-known/security.txt", "en"})
}

func (d *door) gpc(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*") // who looks whether a site honours the signal may be a page
	d.serve(w, edition{".well-known/gpc.json", "en"})
}

// serve answers with a document, or that the policy says nothing of it.
func (d *door) serve(w http.ResponseWriter, e edition) {
	f, err := d.shelf.get(e, d.Now().UTC().Truncate(24*time.Hour))
	switch {
	case fault.Is(err, fault.NotFound):
		http.Error(w, "The policy says nothing of this.", http.StatusNotFound)
		return
	case err != nil:
		d.unavailable(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.MediaType)
	h.Set("Content-Security-Policy", contentPolicyOf(f.Bytes))
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(f.Bytes) // a reader who left
}

// contentPolicyOf lets a page use the style it holds, by its digest, and nothing else.
func contentPolicyOf(page []byte) string {
	style := "style-src 'none'"
	if _, rest, ok := bytes.Cut(page, []byte("<style>")); ok {
		body, _, _ := bytes.Cut(rest, []byte("</style>"))
		sum := sha256.Sum256(body)
		style = "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Replace(contentPolicy, "style-src 'self'", style, 1)
}
