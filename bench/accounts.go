package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// accounts measures what people who sign in cost others: the check of a session, and log-ins beside data requests.
func accounts(ctx context.Context, scratch string, rounds int) ([]figure, error) {
	check, err := sessionCheck(ctx, filepath.Join(scratch, "sessions"))
	if err != nil {
		return nil, err
	}
	beside, err := besideLogIns(ctx, filepath.Join(scratch, "log-ins"), rounds)
	return []figure{check, beside}, err
}

// sessionCheck measures the check of a session's token against the store.
func sessionCheck(ctx context.Context, folder string) (figure, error) {
	a, err := openApp(ctx, folder)
	if err != nil {
		return figure{}, err
	}
	defer a.Close()
	token, err := beginSession(ctx, a)
	if err != nil {
		return figure{}, err
	}
	const checks = 20_000
	var took []float64
	for range 7 {
		cpu, err := used(func() error {
			for range checks {
				if _, err := a.Accounts.Sessions.Check(ctx, tenant, token, a.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return figure{}, err
		}
		took = append(took, float64(cpu)/checks)
	}
	cpu := median(took)
	return figure{what: "the check of a session", measured: perOp(cpu), target: "< 20 µs", met: cpu < float64(20*time.Microsecond)}, nil
}

// beginSession signs somebody in.
func beginSession(ctx context.Context, a *app.App) (token string, err error) {
	c := everything(a)
	if _, err := a.Vault.CreateTenant(ctx, c, vault.Tenant{ID: tenant}); err != nil {
		return "", err
	}
	subject, err := a.Vault.CreateSubject(ctx, c, tenant, vault.Idempotency{})
	if err != nil {
		return "", err
	}
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
		_, token, err = a.Accounts.Sessions.Begin(tx, subject, session.First, session.Device{})
		return err
	})
	return token, err
}

// logInsAtATime is how many people sign in at a time, beside the requests for data.
const logInsAtATime = 16

// besideLogIns measures how long reads take while people sign in, against rounds while nobody does.
func besideLogIns(ctx context.Context, folder string, rounds int) (figure, error) {
	s, err := start(ctx, "log-ins", folder, 1000)
	if err != nil {
		return figure{}, err
	}
	defer s.stop()
	var ratios, alone, beside []float64
	const reads = 2000
	signedIn := 0
	for n := range rounds + 1 {
		a, err := s.timed(ctx, reads)
		if err != nil {
			return figure{}, err
		}
		if err := s.ask(ctx, "begin"); err != nil {
			return figure{}, err
		}
		b, err := s.timed(ctx, reads)
		if err != nil {
			return figure{}, err
		}
		count, err := s.count(ctx)
		if err != nil {
			return figure{}, err
		}
		if n > 0 {
			alone, beside, ratios = append(alone, a), append(beside, b), append(ratios, b/a)
			signedIn += count
		}
	}
	if signedIn == 0 {
		return figure{}, errors.New("nobody signed in meanwhile")
	}
	ratio := median(ratios)
	return figure{
		what: fmt.Sprintf("a read while %d people sign in (bcrypt 12)", logInsAtATime), measured: fmt.Sprintf("%.0f µs", median(beside)),
		beside: fmt.Sprintf("%.0f µs while nobody does", median(alone)), ratio: fmt.Sprintf("%.2f", ratio), target: "≤ 1.25", met: ratio <= 1.25,
	}, nil
}

// timed is how long a read takes, in µs, with two readers at a time.
func (s *server) timed(ctx context.Context, reads int) (float64, error) {
	var next, took atomic.Int64
	var hands []func(context.Context) error
	for range 2 {
		hands = append(hands, func(ctx context.Context) error {
			for i := int(next.Add(1)); i <= reads; i = int(next.Add(1)) {
				began := time.Now()
				if err := s.one(ctx, i, s.read); err != nil {
					return err
				}
				took.Add(int64(time.Since(began)))
			}
			return nil
		})
	}
	err := work.Go(ctx, hands...)
	return float64(took.Load()) / float64(reads) / float64(time.Microsecond), err
}

func (s *server) ask(ctx context.Context, what string) error {
	return s.one(ctx, 0, func(int) (*http.Request, error) {
		return http.NewRequest(http.MethodPost, "https://"+s.Addr+"/log-ins/"+what, nil)
	})
}

// count ends the log-ins and returns how many there were.
func (s *server) count(ctx context.Context) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+s.Addr+"/log-ins/end", nil)
	if err != nil {
		return 0, err
	}
	a, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(body))
}

// serveLogIns serves the interface of a whole server, and people who sign in from many places while they are told to.
func serveLogIns(ctx context.Context, at net.Listener, cert tls.Certificate, folder string, fill int) error {
	a, handler, h, err := filled(ctx, at, folder, fill)
	if err != nil {
		return err
	}
	l := &logIns{app: a, turns: make(chan struct{}), done: make(chan int)}
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc("POST /log-ins/begin", func(http.ResponseWriter, *http.Request) { l.turns <- struct{}{} })
	mux.HandleFunc("POST /log-ins/end", func(w http.ResponseWriter, _ *http.Request) {
		l.turns <- struct{}{}
		fmt.Fprint(w, <-l.done)
	})
	server := httpapi.Server(mux, a.TLSConfig(cert))
	server.TLSConfig.NextProtos = nil
	err = work.Go(ctx, l.run, func(context.Context) error {
		return serveUntil(ctx, server, h, func() error { return server.ServeTLS(at, "", "") })
	})
	if ctx.Err() != nil { // told to end
		err = nil
	}
	return errors.Join(err, a.Close())
}

// logIns are people who sign in, each again as soon as they were answered.
type logIns struct {
	app   *app.App
	turns chan struct{} // begin, end, begin, …
	done  chan int      // how many there were
	next  atomic.Int64
}

func (l *logIns) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.turns:
		}
		during, end := context.WithCancel(ctx)
		var hands []func(context.Context) error
		var count atomic.Int64
		for range logInsAtATime {
			hands = append(hands, func(ctx context.Context) error {
				for during.Err() == nil {
					n := l.next.Add(1) // nobody's name, which costs as much, from a network of its own: one that guesses is soon refused unheard
					_, err := l.app.Accounts.SignIn(during, tenant, fmt.Sprintf("somebody%d@example.ae", n), "gentle copper walrus 41 moons", fmt.Sprintf("10.%d.%d.1", n>>8&255, n&255), session.Device{})
					if fault.Is(err, fault.Unauthenticated) { // the password was looked at
						count.Add(1)
					}
				}
				return nil
			})
		}
		hands = append(hands, func(ctx context.Context) error {
			select {
			case <-ctx.Done():
			case <-l.turns:
			}
			end()
			return nil
		})
		if err := work.Go(ctx, hands...); err != nil {
			end()
			return err
		}
		l.done <- int(count.Load())
	}
}
