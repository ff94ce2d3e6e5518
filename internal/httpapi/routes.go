package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// routes registers operations: the only way to the mux, so that what is served is documented, and
// what is private is authenticated.
type routes struct {
	service *service
	allowed map[string][]string // methods by path
	bad     error
}

// operation is what the document tells of a route.
type operation struct {
	method, path string
	id, tag      string
	summary      string
	about        string
	scope        string      // that the caller's credential must have
	security     string      // how callers prove themselves who are no application
	failure      any         // a value of the type of the body of a failure that is no problem (RFC 9457)
	headers      []parameter // of the request
	query        []parameter
	in, out      any    // a value of the type of the body; nil: none
	inType       string // media type of a body that is no JSON
	outType      string // media type of an answer that is no JSON
	status       int    // of the answer that the caller hopes for; 200
	created      bool   // may answer 201 instead
	changes      bool   // answers with the version it made
	patient      bool   // may take minutes
}

type (
	// action serves a caller who is authenticated.
	action func(c vault.Caller, x *exchange) error
	// page serves anybody.
	page func(x *exchange) error
)

// private registers an operation below /v1/ for authenticated callers.
func (r *routes) private(op operation, do action) {
	r.add(op, "/v1/", do, nil)
}

// public registers an operation for anybody, anywhere but below /v1/.
func (r *routes) public(op operation, do page) {
	if strings.HasPrefix(op.path, "/v1/") {
		r.fail("a public operation below /v1/", op)
	}
	r.add(op, "/", nil, do)
}

// proven registers an operation below /v1/ whose handler itself looks how its callers prove themselves.
func (r *routes) proven(op operation, do page) {
	if op.security == "" {
		r.fail("an operation that nobody proves themselves for", op)
	}
	r.add(op, "/v1/", nil, do)
}

func (r *routes) fail(what string, op operation) {
	if r.bad == nil {
		r.bad = fault.New("httpapi.routes", fault.Other, "%s: %s %s", what, op.method, op.path)
	}
}

func (r *routes) add(op operation, under string, do action, open page) {
	s := r.service
	if !strings.HasPrefix(op.path, under) || do == nil && open == nil {
		r.fail("an operation in the wrong place", op)
		return
	}
	if err := s.books.describe(op, do != nil); err != nil {
		r.bad = err
		return
	}
	names := wildcards(op.path)
	r.allowed[op.path] = append(r.allowed[op.path], op.method)
	s.mux.HandleFunc(op.method+" "+op.path, func(w http.ResponseWriter, _ *http.Request) {
		x, ok := w.(*exchange)
		if !ok {
			http.Error(w, "internal failure", http.StatusInternalServerError)
			return
		}
		if err := x.serve(op, names, do, open); err != nil {
			x.fail(err)
		}
	})
}

// serve runs the steps that all operations share.
func (x *exchange) serve(op operation, names []string, do action, open page) error {
	if do == nil {
		return open(x)
	}
	c, err := x.authenticate()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isID(x.PathValue(name)) {
			return notFound()
		}
	}
	if x.URL.RawQuery != "" {
		if err := x.checkQuery(op.query); err != nil {
			return err
		}
	}
	return do(c, x)
}

// finish adds the answers for what is not there, and returns the first mistake made on the way.
func (r *routes) finish() error {
	if r.bad != nil {
		return r.bad
	}
	for path, methods := range r.allowed {
		if slices.Contains(methods, http.MethodGet) {
			methods = append(methods, http.MethodHead)
		}
		slices.Sort(methods)
		allow := strings.Join(methods, ", ")
		r.service.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", allow)
			refuse(w, &httpError{meaning: methodMeaning, detail: "this address takes " + allow})
		})
	}
	r.service.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, notFound()) })
	return nil
}

func refuse(w http.ResponseWriter, err error) {
	if x, ok := w.(*exchange); ok {
		x.fail(err)
		return
	}
	http.Error(w, "internal failure", http.StatusInternalServerError)
}

// wildcards returns the names of the path's wildcards that stand for one segment.
func wildcards(path string) []string {
	var names []string
	for _, segment := range strings.Split(path, "/") {
		name, ok := strings.CutPrefix(segment, "{")
		if ok && !strings.HasSuffix(name, "...}") && name != "$}" {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

const maxID = 128

// isID reports whether an id could be one: the domain looks up no other text.
func isID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && !digit(c) && c != '_' && c != '-' && (c != '.' || i == 0) {
			return false
		}
	}
	return true
}
