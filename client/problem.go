package client

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
)

// Problem is an error that the server answered with.
type Problem struct {
	api.Problem
	RetryAfter time.Duration // with status 429 and 503: when to try again
}

func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString("clause: " + strconv.Itoa(p.Status) + " " + p.Title)
	if p.Detail != "" && p.Detail != p.Title {
		b.WriteString(": " + p.Detail)
	}
	if p.Clause != "" {
		b.WriteString(" (clause " + p.Clause + ")")
	}
	if p.Field != "" {
		b.WriteString(" (at " + p.Field + ")")
	}
	for _, e := range p.Errors {
		b.WriteString("; " + e.Field + ": " + e.Message)
	}
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Status returns the HTTP status the server answered err with, 0 if err is no *Problem.
func Status(err error) int {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status
	}
	return 0
}

// Clause returns the clause that refused, "" if err is no refusal by a clause.
func Clause(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Clause
	}
	return ""
}

// problemOf reads the problem of a failed answer; something between us and the server may have
// answered in another form, then the status alone is told.
func problemOf(answer *http.Response) *Problem {
	p := &Problem{}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err == nil && kind == api.ProblemType {
		body, err := readAll(answer.Body)
		if err != nil || json.Unmarshal(body, &p.Problem) != nil {
			p.Problem = api.Problem{}
		}
	}
	p.Status = answer.StatusCode
	if p.Title == "" {
		p.Title = strings.ToLower(http.StatusText(answer.StatusCode))
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	return p
}
