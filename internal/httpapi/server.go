package httpapi

import (
	"crypto/tls"
	"net/http"
	"time"
)

// maxHeader bounds a request's header, in bytes. net/http adds 4 KiB of its own to what it is told.
const maxHeader = 16 << 10

// Server returns the server to run the handler with, bounded in time and size. Its time-outs hold
// for any request; the handler lengthens them for blobs, as long as those keep moving.
func Server(handler http.Handler, tlsConfig *tls.Config) *http.Server {
	return &http.Server{
		Handler:           handler,
		TLSConfig:         tlsConfig,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader - 4<<10,
	}
}
