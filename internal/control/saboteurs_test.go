package control_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
)

// rewriting changes each request before the honest door sees it.
func rewriting(change func(*control.System, *http.Request)) func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(sys, r)
			next.ServeHTTP(w, r)
		})
	}
}

// swallowing answers, itself and with success, the requests that are meant.
func swallowing(meant func(*http.Request, []byte) bool) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if meant(r, bodyOf(r)) {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// pleasing turns refusals of what is meant into success.
func pleasing(meant func(*http.Request) bool) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			if meant(r) && got.Code >= 400 && got.Code < 500 {
				w.WriteHeader(http.StatusOK)
				io.WriteString(w, `{"id":"main","record":"main","version":1,"fields":{}}`)
				return
			}
			copyOut(w, got)
		})
	}
}

// caching serves what was read once to whoever asks the same again, as a careless proxy does. With
// only set to the statuses of refusals, it does so when the server refuses.
func caching(refusals ...int) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		var known sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name := strings.Join([]string{r.Method, r.URL.String(), r.Header.Get(api.HeaderPurpose), r.Header.Get(api.HeaderFields)}, "\n")
			old, held := known.Load(name)
			if r.Method != "GET" || !strings.Contains(r.URL.Path, "/data/") {
				next.ServeHTTP(w, r)
				return
			}
			if held && len(refusals) == 0 {
				copyOut(w, old.(*httptest.ResponseRecorder))
				return
			}
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			for _, status := range refusals {
				if held && got.Code == status {
					got = old.(*httptest.ResponseRecorder)
				}
			}
			if got.Code == http.StatusOK {
				known.Store(name, got)
			}
			copyOut(w, got)
		})
	}
}

// retelling changes what is answered to requests that are meant.
func retelling(meant func(*http.Request) bool, change func([]byte) []byte) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !meant(r) {
				next.ServeHTTP(w, r)
				return
			}
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			got.Body = bytes.NewBuffer(change(bytes.Clone(got.Body.Bytes())))
			got.Header().Del("Content-Length")
			copyOut(w, got)
		})
	}
}

// holding means requests for paths that hold a part.
func holding(part string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.Path, part) }
}

// rewritten changes words of what is answered to requests that are meant.
func rewritten(meant func(*http.Request) bool, from, to string) func(*control.System, http.Handler) http.Handler {
	return retelling(meant, func(body []byte) []byte { return bytes.ReplaceAll(body, []byte(from), []byte(to)) })
}

func copyOut(w http.ResponseWriter, got *httptest.ResponseRecorder) {
	for name, values := range got.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(got.Code)
	w.Write(got.Body.Bytes())
}

// bodyOf reads a request's body and puts it back.
func bodyOf(r *http.Request) []byte {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// leaking hands the body of each change of data to spill.
func leaking(spill func([]byte)) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/data/") && r.Method != "GET" {
				spill(bodyOf(r))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// leaks is a sabotage that writes data, changed by form, into a file of the data folder.
func leaks(name string, form func([]byte) []byte) sabotage {
	var folder string
	return sabotage{
		name: name, says: "A canary value lies in",
		before: func(t *testing.T, w *world) {
			folder = w.App.Data
			t.Cleanup(func() { os.Remove(filepath.Join(folder, "debug.log")) })
		},
		front: func(sys *control.System, next http.Handler) http.Handler {
			return leaking(func(body []byte) {
				file, err := os.OpenFile(filepath.Join(folder, "debug.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
				if err == nil {
					file.Write(form(body))
					file.Close()
				}
			})(sys, next)
		},
	}
}

// sql runs SQL behind the server's back.
func (w *world) sql(t *testing.T, tenant, query string, args ...any) {
	t.Helper()
	if err := w.exec(t.Context(), tenant, query, args...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) exec(ctx context.Context, tenant, query string, args ...any) error {
	return w.App.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}

// transport is a way through which a scratch server is reached.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// restoring changes how a scratch server answers.
func restoring(change func(s *control.Scratch, honest http.RoundTripper, r *http.Request) (*http.Response, error)) func(*world, *control.System) {
	return func(_ *world, sys *control.System) {
		restore := sys.Restore
		sys.Restore = func(ctx context.Context, r io.Reader) (*control.Scratch, error) {
			s, err := restore(ctx, r)
			if err != nil {
				return nil, err
			}
			honest := s.HTTP.Transport
			s.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) { return change(s, honest, r) })}
			return s, nil
		}
	}
}

// reviving answers what a scratch server refuses.
func reviving() func(*world, *control.System) {
	return restoring(func(_ *control.Scratch, honest http.RoundTripper, r *http.Request) (*http.Response, error) {
		got, err := honest.RoundTrip(r)
		if err == nil && got.StatusCode >= 400 && got.StatusCode < 500 {
			got.StatusCode = http.StatusOK
		}
		return got, err
	})
}
