package control_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"clause.dev/clause/internal/control"
)

func separateSabotages() []sabotage {
	figures := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics" {
				fmt.Fprintln(w, "clause_ready 1")
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	also := func(flag string) func(*world, *control.System) { // serves what the front door does, under its name
		return func(w *world, sys *control.System) {
			instead(flag, func(honest http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if "https://"+r.Host == w.Door.URL {
						w.door.ServeHTTP(rw, r)
						return
					}
					honest.ServeHTTP(rw, r)
				})
			})(w, sys)
		}
	}
	return []sabotage{
		{name: "figures at the front door", says: "at --metrics, for machines, is shown at --listen too", front: func(_ *control.System, next http.Handler) http.Handler { return figures(next) }},
		{name: "figures at the console", says: "at --metrics, for machines, is shown at --console too", system: instead("--console", figures)},
		{name: "the console at the front door", says: "at --console, for staff, is shown at --listen too", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/console/") {
					io.WriteString(w, `<link rel="stylesheet" href="/console/style.css"><form>`)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		{name: "the front door at the console, by its name", says: "at --listen, for public, is shown at --console too", system: also("--console")},
		{name: "the front door at the figures, by its name", says: "at --listen, for public, is shown at --metrics too", system: also("--metrics")},
	}
}
