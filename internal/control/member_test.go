package control_test

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the form in which lists of leaked passwords are published
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/identity/password"
)

// hashing is Clesaro's policy on a server that takes its time to hash, as real ones do.
const hashing = "clesaro, hashing"

// accounts has a server refuse leaked passwords, and take little time for what is slow on purpose.
func accounts(t *testing.T, example string) func(*app.App) {
	t.Helper()
	lines := ""
	for _, secret := range []string{"correcthorsebatterystaple", "1q2w3e4r5t6y7u8i9o0p", "thequickbrownfoxjumpsoverthelazydog"} {
		lines += fmt.Sprintf("%x:1\n", sha1.Sum([]byte(secret))) //nolint:gosec // as above
	}
	list, _, err := password.BuildLeaked(strings.NewReader(lines), 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	return func(a *app.App) {
		if a.Accounts == nil {
			return
		}
		a.Accounts.Leaked = list
		a.Accounts.Wait = func(context.Context, time.Duration) {}
		if example != hashing {
			a.Accounts.Hasher = password.NewHasher(password.Rule{Algorithm: password.Bcrypt, Cost: 4}, 2)
		}
	}
}

// The filter of leaked passwords takes one good one in a thousand for leaked: no probe stops for that.
func TestAnUnluckyPasswordIsNoTrouble(t *testing.T) {
	w := newWorld(t, sabotage{})
	unlucky := true
	w.open(posing(func(_ *impostor, w http.ResponseWriter, _ *http.Request, page string, _ url.Values) bool {
		if page != "register" || !unlucky {
			return false
		}
		unlucky = false
		w.WriteHeader(http.StatusUnprocessableEntity)
		return true
	})(w.System(), w.door))
	w.keeps(t, "email-verification")
	if unlucky {
		t.Error("nobody registered")
	}
}

// impostor stands before the people's door, and knows what was typed into it.
type impostor struct {
	sys  *control.System
	next http.Handler

	mu              sync.Mutex
	login, password string // of who registered last
	form            url.Values
}

// good is a password that is good enough.
const good = "seven quiet lanterns under ice"

// posing has change alter each form sent to the people's door, or answer it, which it says.
func posing(change func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool) func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		i := &impostor{sys: sys, next: next}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			page, at := strings.CutPrefix(r.URL.Path, "/account/en/")
			if !at || r.Method != http.MethodPost {
				next.ServeHTTP(w, r)
				return
			}
			i.mu.Lock()
			defer i.mu.Unlock()
			form, _ := url.ParseQuery(string(bodyOf(r)))
			if page == "register" {
				i.password, i.form = form.Get("password"), form
				for _, values := range form {
					if strings.HasSuffix(values[0], "@canary.invalid") {
						i.login = values[0]
					}
				}
			}
			if change(i, w, r, page, form) {
				return
			}
			body := form.Encode()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			next.ServeHTTP(w, r)
		})
	}
}

// post sends a form to the honest door.
func (i *impostor) post(r *http.Request, page string, form url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "https://"+i.sys.People.Host+"/account/en/"+page, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := httptest.NewRecorder()
	i.next.ServeHTTP(got, req)
	return got
}

// verify verifies the address of who registered last.
func (i *impostor) verify(r *http.Request) *httptest.ResponseRecorder {
	return i.post(r, "verify", url.Values{"code": {i.code(r)}, "password": {i.password}})
}

func (i *impostor) code(r *http.Request) string {
	subject, _ := i.sys.People.Whose(r.Context(), i.login)
	code, _ := i.sys.People.Mailed(r.Context(), subject)
	return code
}

// signOffIgnored answers who signs off, and does nothing.
func signOffIgnored() sabotage {
	return sabotage{name: "signing off does nothing", says: "After signing off", front: posing(func(_ *impostor, w http.ResponseWriter, r *http.Request, page string, _ url.Values) bool {
		if page == "sign-out" {
			http.Redirect(w, r, "/account/en/sign-in", http.StatusSeeOther)
		}
		return page == "sign-out"
	})}
}

// formsLogged is a sabotage that writes what is typed at the people's door into a file.
func formsLogged() sabotage {
	folder := ""
	return sabotage{
		name: "forms are logged", says: "A canary value lies in",
		before: func(t *testing.T, w *world) {
			folder = w.App.Data
			t.Cleanup(func() { os.Remove(filepath.Join(folder, "debug.log")) })
		},
		front: posing(func(_ *impostor, _ http.ResponseWriter, _ *http.Request, _ string, form url.Values) bool {
			if file, err := os.OpenFile(filepath.Join(folder, "debug.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
				io.WriteString(file, form.Encode()+"\n")
				file.Close()
			}
			return false
		}),
	}
}

// cookied changes the cookies of each answer of the people's door: line is one Set-Cookie field.
func cookied(change func(line string) string) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			lines := got.Header().Values("Set-Cookie")
			got.Header().Del("Set-Cookie")
			for _, line := range lines {
				got.Header().Add("Set-Cookie", change(line))
			}
			got.Body = bytes.NewBuffer(bytes.Clone(got.Body.Bytes()))
			copyOut(w, got)
		})
	}
}
