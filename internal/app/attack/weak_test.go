package attack_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // what the weak application keeps its goods in
)

// weak is an application with the mistakes that the programs are to find: what they say of it shows that they can
// see, so that their silence about the server says something.
func weak(t *testing.T) string {
	t.Helper()
	store, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "goods"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	store.SetMaxOpenConns(1)
	if _, err := store.ExecContext(t.Context(), `CREATE TABLE goods (id TEXT, name TEXT); INSERT INTO goods VALUES ('1', 'a lamp'), ('2', 'a chair')`); err != nil {
		t.Fatal(err)
	}
	page := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><html><head><title>Shop</title></head><body>%s</body></html>", body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		page(w, `<a href="/item?id=1">A lamp</a> <a href="/search?q=lamp">Search</a> <a href="/go?to=/item">Go</a> <a href="/file?name=hours.txt">Hours</a>
<form method="post" action="/sign-in"><input name="login"><input name="password" type="password"><input type="submit"></form>`)
	})
	mux.HandleFunc("/item", func(w http.ResponseWriter, r *http.Request) {
		var name string // the value is pasted into the statement
		err := store.QueryRowContext(r.Context(), `SELECT name FROM goods WHERE id = '`+r.FormValue("id")+`'`).Scan(&name)
		if err != nil && err != sql.ErrNoRows {
			page(w, "SQLite3::SQLException: "+err.Error())
			return
		}
		page(w, "We have: "+name)
	})
	mux.HandleFunc("/search", func(w http.ResponseWriter, r *http.Request) { page(w, "You looked for "+r.FormValue("q")) })
	mux.HandleFunc("/go", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.FormValue("to"), http.StatusFound) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(strings.TrimRight(r.FormValue("name"), "\x00"), "/etc/passwd") { // as if it were read
			fmt.Fprintln(w, "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin")
			return
		}
		fmt.Fprintln(w, "Open from nine to five")
	})
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) { // as often as anybody likes
		if r.FormValue("login") == ana && r.FormValue("password") == secret {
			page(w, "You have been signed in since today")
			return
		}
		page(w, "That is not right")
	})
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}
