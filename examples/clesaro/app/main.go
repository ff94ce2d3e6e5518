// Command app is Clesaro's application: a personal finance service whose data lies in Clause. It stands behind
// Clause's gate, which says who sent each request.
//
//	app --server https://vault.internal:8443 --key-file app.key --tenant clesaro --gate https://clesaro.example
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/signed"
	"clause.dev/clause/examples/clesaro/app/web"
)

type settings struct {
	listen, server, keyFile, ca, tenant, gate, keys, person string
}

func main() {
	var s settings
	flag.StringVar(&s.listen, "listen", "127.0.0.1:8080", "where to listen; nobody but the gate should reach it")
	flag.StringVar(&s.server, "server", "", "the address of Clause's interface")
	flag.StringVar(&s.keyFile, "key-file", "", "the file of the application's key, with the scopes data and subjects")
	flag.StringVar(&s.ca, "ca", "", "certificates to trust beside the system's, as PEM: of a server that signed its own")
	flag.StringVar(&s.tenant, "tenant", "", "whose people come")
	flag.StringVar(&s.gate, "gate", "", "the address of the gate, as people see it")
	flag.StringVar(&s.keys, "gate-keys", "", "where the gate's keys are, if not at /account/keys.json of the gate")
	flag.StringVar(&s.person, "dev-person", "", "for trying it out without a gate: everybody is this person")
	flag.Parse()
	if err := run(s); err != nil {
		log.Fatal(err)
	}
}

func run(s settings) error {
	site, err := open(s)
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr: s.listen, Handler: site, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			log.Print(err)
		}
	})
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func open(s settings) (*web.Site, error) {
	if s.server == "" || s.keyFile == "" || s.tenant == "" {
		return nil, errors.New("--server, --key-file and --tenant are needed")
	}
	if (s.gate == "") == (s.person == "") {
		return nil, errors.New("either --gate or --dev-person is needed")
	}
	key, err := os.ReadFile(s.keyFile)
	if err != nil {
		return nil, err
	}
	way, err := trusting(s.ca)
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{URL: s.server, Key: strings.TrimSpace(string(key)), HTTP: way})
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{Client: c, Who: who(s, way), Now: time.Now, Log: func(err error) { log.Print(err) }})
}

// who says who sent a request: the gate, or whoever is trying this out.
func who(s settings, way *http.Client) func(*http.Request) (signed.Person, error) {
	if s.person != "" {
		return func(*http.Request) (signed.Person, error) {
			return signed.Person{Subject: s.person, Tenant: s.tenant}, nil
		}
	}
	v := &signed.Verifier{Issuer: strings.TrimSuffix(s.gate, "/"), Keys: s.keys, Tenant: s.tenant, HTTP: way, Now: time.Now}
	return v.Who
}

// trusting is a way to servers with certificates of the file, or nil for the usual one.
func trusting(ca string) (*http.Client, error) {
	if ca == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("--ca holds no certificates")
	}
	return &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
