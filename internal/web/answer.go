package web

import (
	"io/fs"
	"net/http"

	"clause.dev/clause/internal/fault"
)

// Guarded sets what every answer says, with a Content-Security-Policy, and hands forms of other sites to foreign.
func Guarded(next http.Handler, contentPolicy string, foreign http.HandlerFunc) http.Handler {
	// What the browser says of where a form comes from.
	forms := http.NewCrossOriginProtection()
	forms.SetDenyHandler(foreign)
	next = forms.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY") // for browsers that know no frame-ancestors
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Asset serves a file that stands beside the pages.
func Asset(files fs.FS, name, mediaType string) http.HandlerFunc {
	body, err := fs.ReadFile(files, name)
	return func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			http.Error(w, "internal failure", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "max-age=3600")
		_, _ = w.Write(body)
	}
}

// statuses are what HTTP calls the kinds of failure.
var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.Unauthenticated: http.StatusUnauthorized, fault.Refused: http.StatusForbidden,
	fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.Stale: http.StatusConflict, fault.TooLarge: http.StatusRequestEntityTooLarge,
	fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable, fault.Erased: http.StatusGone,
}

// StatusOf is what HTTP calls a failure.
func StatusOf(err error) int {
	if s, ok := statuses[fault.KindOf(err)]; ok {
		return s
	}
	return http.StatusInternalServerError
}
