// Package web is Clesaro's application: pages in English and Arabic, written on the server, without scripts. It
// keeps nothing itself: what people enter is in Clause, and is read for the purpose that a page serves.
package web

import (
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/signed"
)

//go:embed pages words
var files embed.FS

// Currency is that of all amounts entered here.
const Currency = "AED"

// Config is what the application is made of.
type Config struct {
	Client *client.Client
	Who    func(*http.Request) (signed.Person, error) // signed.ErrNobody if nobody is signed in
	Now    func() time.Time
	Log    func(error)
}

// Site is the application.
type Site struct {
	Config
	views map[string]*template.Template
	words map[string]map[string]string
	mux   *http.ServeMux
	guard *http.CrossOriginProtection
}

// Dubai is where the service is: its days are those of Dubai, which has no summer time.
func dubai(t time.Time) time.Time {
	t = t.In(time.FixedZone("Asia/Dubai", 4*60*60))
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// New returns the application.
func New(c Config) (*Site, error) {
	s := &Site{Config: c, views: map[string]*template.Template{}, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection()}
	var err error
	if s.words, err = readWords(files); err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, file := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "pages/"), ".html")
		if s.views[name], err = template.ParseFS(files, "pages/frame.html", file); err != nil {
			return nil, err
		}
	}
	s.routes()
	return s, nil
}

func (s *Site) routes() {
	s.mux.HandleFunc("GET /{$}", s.first)
	s.mux.HandleFunc("GET /style.css", s.asset("pages/style.css", "text/css; charset=utf-8"))
	s.mux.HandleFunc("GET /icon.svg", s.asset("pages/icon.svg", "image/svg+xml"))
	for pattern, does := range map[string]func(*visit) error{
		"GET /{lang}/{$}": (*visit).home, "GET /{lang}/score": (*visit).score, "GET /{lang}/spending": (*visit).spending,
		"GET /{lang}/transactions": (*visit).transactions, "POST /{lang}/transactions": (*visit).addTransaction,
		"POST /{lang}/transactions/delete": (*visit).removeTransaction, "POST /{lang}/transactions/import": (*visit).importFile,
		"GET /{lang}/transactions.csv": (*visit).exportFile, "GET /{lang}/plan": (*visit).plan, "POST /{lang}/income": (*visit).setIncome,
		"POST /{lang}/debts": (*visit).addDebt, "POST /{lang}/debts/change": (*visit).changeDebt, "POST /{lang}/debts/delete": (*visit).removeDebt,
		"POST /{lang}/goals": (*visit).addGoal, "POST /{lang}/goals/change": (*visit).changeGoal, "POST /{lang}/goals/delete": (*visit).removeGoal,
		"GET /{lang}/notices": (*visit).notices, "POST /{lang}/notices/seen": (*visit).seen,
	} {
		s.mux.HandleFunc(pattern, s.serve(does))
	}
}

// ServeHTTP is one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if err := s.guard.Check(r); err != nil { // a form that another site sends in the person's name
		http.Error(w, "This form was sent by another site.", http.StatusForbidden)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// first leads to the language that the reader prefers.
func (s *Site) first(w http.ResponseWriter, r *http.Request) {
	lang := "en"
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Header.Get("Accept-Language"))), "ar") {
		lang = "ar"
	}
	w.Header().Set("Vary", "Accept-Language")
	http.Redirect(w, r, "/"+lang+"/", http.StatusSeeOther)
}

func (s *Site) asset(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body, err := files.ReadFile(name)
		if err != nil {
			http.Error(w, "There is no such file.", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "max-age=3600")
		_, _ = w.Write(body) // who went away needs none
	}
}

// maxForm bounds what a form may send: a file of transactions and its wrapping.
const maxForm = 2 << 20

// visit is one request of a person.
type visit struct {
	*Site
	store
	w       http.ResponseWriter
	r       *http.Request
	lang    string
	today   time.Time
	consent map[string]bool
}

func (s *Site) serve(does func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Site: s, w: w, r: r, lang: r.PathValue("lang"), today: dubai(s.Now()), consent: map[string]bool{}}
		w.Header().Set("Cache-Control", "no-store")
		if s.words[v.lang] == nil {
			http.NotFound(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		person, err := s.Who(r)
		if errors.Is(err, signed.ErrNobody) {
			w.Header().Set("Clause-Sign-In", "required") // the gate leads to the page for it
			v.problem(http.StatusUnauthorized)
			return
		}
		if err == nil {
			v.store = store{Client: s.Client, tenant: person.Tenant, subject: person.Subject}
			for _, p := range person.Purposes {
				v.consent[p] = true
			}
			err = does(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

// fail says that something went wrong, and logs what the person cannot help.
func (v *visit) fail(err error) {
	status := client.Status(err)
	switch status {
	case http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests, http.StatusConflict, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge:
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		status = http.StatusUnprocessableEntity
	case http.StatusServiceUnavailable:
		v.Log(err)
	default:
		v.Log(err)
		status = http.StatusInternalServerError
	}
	v.problem(status)
}
