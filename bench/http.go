package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// perRound is how many requests a round has: enough that ticks of 10 ms do not show.
const perRound = 12_000

// overHTTP measures a read and a write over HTTPS against a bare handler that answers the same bytes.
func overHTTP(ctx context.Context, scratch string, rounds int) ([]figure, error) {
	clause, err := start(ctx, "clause", filepath.Join(scratch, "http"), 1000)
	if err != nil {
		return nil, err
	}
	defer clause.stop()
	body, err := sample(clause)
	if err != nil {
		return nil, err
	}
	bare, err := start(ctx, "bare", filepath.Join(scratch, "bare"), 0, "BENCH_BODY="+body)
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	read, err := against(ctx, rounds, "read a record of 300 bytes, entry durable", clause, bare, clause.read, bare.read, 2.5)
	if err != nil {
		return nil, err
	}
	if os.Getenv("BENCH_READ") != "" {
		return []figure{read}, nil
	}
	write, err := against(ctx, rounds, "store a record of 300 bytes, entry durable", clause, bare, clause.write, bare.write, 4)
	return []figure{read, write}, err
}

// sample is the body of a read, for the bare handler to answer with.
func sample(s *server) (string, error) {
	r, err := s.read(1)
	if err != nil {
		return "", err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

type requests func(int) (*http.Request, error)

// against alternates rounds of two servers.
func against(ctx context.Context, rounds int, what string, a, b *server, ofA, ofB requests, most float64) (figure, error) {
	var ratios, as, bs []float64
	for n := range rounds + 1 {
		cost, err := a.round(ctx, perRound, ofA)
		if err != nil {
			return figure{}, err
		}
		beside, err := b.round(ctx, perRound, ofB)
		if err != nil {
			return figure{}, err
		}
		if n == 0 { // the first warms caches up
			continue
		}
		as, bs = append(as, float64(cost)), append(bs, float64(beside))
		ratios = append(ratios, float64(cost)/float64(beside))
	}
	ratio := median(ratios)
	return figure{
		what: what, measured: perOp(median(as)), beside: perOp(median(bs)),
		ratio: fmt.Sprintf("%.2f", ratio), target: fmt.Sprintf("≤ %.1f", most), met: ratio <= most,
	}, nil
}

func perOp(ns float64) string {
	return fmt.Sprintf("%.1f µs CPU", ns/float64(time.Microsecond))
}
