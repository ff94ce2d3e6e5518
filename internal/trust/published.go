package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// shelf holds what clause publish writes of the policy that runs, so that the text and the behaviour
// cannot part. It is made once a day: a certificate that has expired is called so the day after.
type shelf struct {
	policy *policy.Policy
	known  policy.Vocabulary
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
		m.file, m.err = publish.One(s.policy, e.name, publish.Options{Language: e.lang, On: on, Controls: s.known})
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

// today is the day of publishing.
func (d *door) today() time.Time { return d.Now().UTC().Truncate(24 * time.Hour) }

// serve answers with what the policy is published as, or that it says nothing of it.
func (d *door) serve(w http.ResponseWriter, e edition) {
	f, err := d.shelf.get(e, d.today())
	switch {
	case fault.Is(err, fault.NotFound):
		http.Error(w, "The policy says nothing of this.", http.StatusNotFound)
		return
	case err != nil:
		d.unavailable(w)
		return
	}
	show(w, f.MediaType, f.Bytes)
}

// show sends a page that may change with every day.
func show(w http.ResponseWriter, mediaType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Security-Policy", contentPolicyOf(body))
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(body) // a reader who left
}

// file serves anything else that the policy is published as, by its name.
func (d *door) file(w http.ResponseWriter, r *http.Request) {
	name, lang := r.PathValue("name"), d.languageOf(r)
	if names, _ := publish.Names(); !slices.Contains(names, name) || strings.HasPrefix(name, wellKnown) {
		http.Error(w, "Nothing is published under this name. /published lists what is.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language")
	d.serve(w, edition{name, lang})
}

// Document is a further document that the policy names, as the server holds it.
type Document struct {
	MediaType string
	Bytes     []byte
}

// document serves a document that the policy names, byte for byte as it was when the server read it.
func (d *door) document(w http.ResponseWriter, r *http.Request) {
	held, ok := d.Documents[r.PathValue("id")]
	if !ok {
		http.Error(w, "The server holds no such document.", http.StatusNotFound)
		return
	}
	show(w, held.MediaType, held.Bytes)
}

// Listing is what /published answers: everything that is published, and the digest of each.
type Listing struct {
	Identity
	On        string          `json:"on"` // the day of publishing
	Language  string          `json:"language"`
	Files     []ListedFile    `json:"files"`
	Documents []ListedFurther `json:"documents"`
}

// Identity says which policy runs. It is also what /.well-known/clause.json answers, which every product
// that the policy covers hands on.
type Identity struct {
	Organisation string `json:"organisation"`
	Version      string `json:"policy_version"`
	Digest       string `json:"policy_sha256"`
}

// ListedFile is a file that is made of the policy.
type ListedFile struct {
	Name      string `json:"name"`
	About     string `json:"about"`
	Path      string `json:"path"`
	MediaType string `json:"media_type"`
	SHA256    string `json:"sha256"`
}

// ListedFurther is a further document that the policy names. Path is where this server serves it, if it does.
type ListedFurther struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	URL    string `json:"url"`
	SHA256 string `json:"sha256,omitempty"`
	Path   string `json:"path,omitempty"`
}

func (d *door) identity() Identity {
	return Identity{d.Policy.Organisation.Name, d.Policy.Version, d.Policy.Digest}
}

func (d *door) whose(w http.ResponseWriter, _ *http.Request) { d.asJSON(w, d.identity()) }

// listing lists what is published in the reader's language.
func (d *door) listing(w http.ResponseWriter, r *http.Request) {
	on, lang := d.today(), d.languageOf(r)
	out := Listing{Identity: d.identity(), On: on.Format(time.DateOnly), Language: lang, Files: []ListedFile{}, Documents: []ListedFurther{}}
	names, docs := publish.Names()
	for i, name := range names {
		e := edition{name, lang}
		if strings.HasPrefix(name, wellKnown) {
			e.lang = "en"
		}
		f, err := d.shelf.get(e, on)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			d.unavailable(w)
			return
		}
		sum := sha256.Sum256(f.Bytes)
		out.Files = append(out.Files, ListedFile{name, docs[i], pathOf(name), f.MediaType, hex.EncodeToString(sum[:])})
	}
	for _, further := range d.Policy.Documents {
		line := ListedFurther{ID: further.ID, Title: further.Title, URL: further.URL, SHA256: further.SHA256}
		if _, held := d.Documents[further.ID]; held {
			line.Path = "/documents/" + further.ID
		}
		out.Documents = append(out.Documents, line)
	}
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language")
	d.asJSON(w, out)
}

// wellKnown is where programs look for files of known names, RFC 8615. They speak no language.
const wellKnown = ".well-known/"

// pathOf is where a published file is served.
func pathOf(name string) string {
	if strings.HasPrefix(name, wellKnown) {
		return "/" + name
	}
	return "/published/" + name
}

// asJSON answers anybody, a page of another site too: it is public.
func (d *door) asJSON(w http.ResponseWriter, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		d.unavailable(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(append(body, '\n'))
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
