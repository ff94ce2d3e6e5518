package notify

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"clause.dev/clause/internal/fault"
)

// Bounce is what a mail server says has become of one of our mails (RFC 3464). Of the whole report, which
// repeats addresses, nothing else is kept.
type Bounce struct {
	Token  string // ties it to its message
	Status string // RFC 3463, such as 5.1.1
	Action string // failed, delayed, delivered, relayed or expanded
}

// The bounds of a report: it is written by whoever can send mail.
const (
	MaxReport    = 4 << 20 // what is read of it, in bytes
	maxPart      = 256 << 10
	maxParts     = 16
	maxReportees = 100
)

var (
	tokenForm  = regexp.MustCompile(`^[0-9a-f]{40}$`)
	tokenIn    = regexp.MustCompile(`(?i)(?:^|[^0-9a-z])([0-9a-f]{40})(?:[^0-9a-z]|$)`)
	statusForm = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)
)

// ParseBounce reads a report on a mail that could not be delivered, as a mail server sends it to whom the
// mail came from. What is none, or tells nothing of a mail of ours, is Invalid.
func ParseBounce(src []byte) (Bounce, error) {
	const op = "notify.ParseBounce"
	none := fault.New(op, fault.Invalid, "the mail is no report of a mail server on a mail (RFC 3464)")
	msg, err := mail.ReadMessage(bytes.NewReader(src[:min(len(src), MaxReport)]))
	if err != nil {
		return Bounce{}, none
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["boundary"] == "" || !strings.EqualFold(params["report-type"], "delivery-status") && params["report-type"] != "" {
		return Bounce{}, none
	}
	r := report{}
	r.names(textproto.MIMEHeader(msg.Header), "Delivered-To", "X-Original-To", "Envelope-To", "To") // the address that we gave each mail to come back to
	r.read(multipart.NewReader(msg.Body, params["boundary"]))
	r.names(textproto.MIMEHeader(msg.Header), "In-Reply-To", "References")
	switch {
	case r.bounce.Action == "":
		return Bounce{}, none
	case r.bounce.Token == "":
		return Bounce{}, fault.New(op, fault.Invalid, "the report is on no mail of this server's")
	}
	return r.bounce, nil
}

// report is what was found in a report so far. The first thing that names a mail of ours counts.
type report struct{ bounce Bounce }

// names looks for the token in fields of a header.
func (r *report) names(h textproto.MIMEHeader, fields ...string) {
	for _, field := range fields {
		for _, value := range h.Values(field) {
			if r.bounce.Token == "" {
				r.bounce.Token = TokenIn(value)
			}
		}
	}
}

// TokenIn is the token in a Message-ID, or in the address that a mail came back to; "" if there is none.
func TokenIn(s string) string {
	if found := tokenIn.FindStringSubmatch(s); found != nil {
		return strings.ToLower(found[1])
	}
	return ""
}

// read goes through the parts. One that is cut short says what it says up to there.
func (r *report) read(parts *multipart.Reader) {
	for range maxParts {
		part, err := parts.NextPart() // decodes quoted-printable
		if err != nil {
			return
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		body := io.Reader(io.LimitReader(part, maxPart))
		if strings.EqualFold(strings.TrimSpace(part.Header.Get("Content-Transfer-Encoding")), "base64") { // RFC 6533 allows it
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		lines := textproto.NewReader(bufio.NewReader(body))
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			r.status(lines)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			h, _ := lines.ReadMIMEHeader()
			r.names(h, "Message-Id")
		}
	}
}

// status reads the fields about the mail, then those about each of its readers. One who was not reached
// counts before those who were.
func (r *report) status(lines *textproto.Reader) {
	for n := range maxReportees {
		h, err := lines.ReadMIMEHeader()
		if n == 0 {
			r.names(h, "Original-Envelope-Id", "X-Original-Message-Id")
		}
		action, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(h.Get("Action"))), " ")
		switch action {
		case "failed", "delayed", "delivered", "relayed", "expanded":
			if r.bounce.Action == "" || action == "failed" && r.bounce.Action != "failed" {
				r.bounce.Action, r.bounce.Status = action, statusOf(h.Get("Status"), action)
			}
		}
		if err != nil && !errors.As(err, new(textproto.ProtocolError)) { // a line that is none is passed over
			return
		}
	}
}

// statusOf is the code of RFC 3463 that a field begins with, or the one that says no more than the action.
func statusOf(field, action string) string {
	code, _, _ := strings.Cut(strings.TrimSpace(field), " ")
	if statusForm.MatchString(code) {
		return code
	}
	switch action {
	case "failed":
		return "5.0.0"
	case "delayed":
		return "4.0.0"
	}
	return "2.0.0"
}
