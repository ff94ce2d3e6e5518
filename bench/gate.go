package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/gate"
)

// gates measures a page of 2 kB through the gate, for nobody and for somebody signed in, against Go's own
// ReverseProxy in front of the same application.
func gates(ctx context.Context, scratch string, rounds int) ([]figure, error) {
	behind, err := start(ctx, "application", filepath.Join(scratch, "application"), 0, "BENCH_BODY="+strings.Repeat("x", 2000))
	if err != nil {
		return nil, err
	}
	defer behind.stop()
	at := "BENCH_UPSTREAM=http://" + behind.Addr
	ours, err := start(ctx, "gate", filepath.Join(scratch, "gate"), 0, at)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	proxy, err := start(ctx, "proxy", filepath.Join(scratch, "proxy"), 0, at)
	if err != nil {
		return nil, err
	}
	defer proxy.stop()
	nobody, err := against(ctx, rounds, "a page of 2 kB through the gate, nobody signed in", ours, proxy, page(ours, ""), page(proxy, ""), 1.5)
	if err != nil {
		return nil, err
	}
	cookie := "__Host-session=" + ours.Key
	somebody, err := against(ctx, rounds, "the same, somebody signed in", ours, proxy, page(ours, cookie), page(proxy, cookie), 1.5)
	return []figure{nobody, somebody}, err
}

func page(s *server, cookie string) requests {
	return func(int) (*http.Request, error) {
		r, err := http.NewRequest(http.MethodGet, "https://"+s.Addr+"/page", nil)
		if err == nil && cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		return r, err
	}
}

// serveApplication answers in plain HTTP, as an application does behind a proxy on its machine.
func serveApplication(ctx context.Context, at net.Listener) error {
	body := []byte(os.Getenv("BENCH_BODY"))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(body)
	})}
	return serveUntil(ctx, server, hello{Addr: at.Addr().String()}, func() error { return server.Serve(at) })
}

func serveUntil(ctx context.Context, server *http.Server, h hello, serve func() error) error {
	say(h)
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// serveProxy is Go's reverse proxy as it comes, with connections enough for the load.
func serveProxy(ctx context.Context, at net.Listener, cert tls.Certificate) error {
	to, err := url.Parse(os.Getenv("BENCH_UPSTREAM"))
	if err != nil {
		return err
	}
	server := gate.Server(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
		Transport: &http.Transport{MaxIdleConnsPerHost: 2 * connections, DisableCompression: true},
	}, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	return serveUntil(ctx, server, hello{Addr: at.Addr().String()}, func() error { return server.ServeTLS(at, "", "") })
}

// serveGate is the gate of a whole server, and somebody signed in.
func serveGate(ctx context.Context, at net.Listener, cert tls.Certificate, folder string) error {
	app.Tune()
	a, err := openApp(ctx, folder)
	if err != nil {
		return err
	}
	h := hello{Addr: at.Addr().String()}
	if h.Key, err = beginSession(ctx, a); err != nil {
		return err
	}
	a.PeopleURL = "https://" + h.Addr
	if a.Gate.Upstream, err = url.Parse(os.Getenv("BENCH_UPSTREAM")); err != nil {
		return err
	}
	a.Gate.Limits = gate.Limits{Rate: 1e9, Burst: 1e9} // counted, as ever, and not reached
	g, err := a.Behind(tenant)
	if err != nil {
		return err
	}
	server := gate.Server(g, a.TLSConfig(cert))
	server.TLSConfig.NextProtos = nil
	return errors.Join(serveUntil(ctx, server, h, func() error { return server.ServeTLS(at, "", "") }), a.Close())
}
