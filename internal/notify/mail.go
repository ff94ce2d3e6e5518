package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"clause.dev/clause/internal/fault"
)

// Mail says by which server mail is sent, and as whom.
type Mail struct {
	URL      string         // smtps://host:465, or smtp+starttls://user@host:587; smtp://127.0.0.1:25 on this machine alone
	Password string         // of the URL's user; never in the URL
	From     string         // Clesaro <privacy@clesaro.example>
	Roots    *x509.CertPool // whom to trust; nil: whom the machine trusts
	Bounces  string         // where mail comes back to: bounces+*@clesaro.example, with the mail's own token for *; "": From
	Timeout  time.Duration  // for each step; zero: 20 seconds
}

// Mailer sends mail over one connection at a time, which a run keeps open.
type Mailer struct {
	from    *mail.Address
	bounces string
	client  *gomail.Client

	mu   sync.Mutex
	open *smtp.Client
}

// NewMailer returns the channel of mail. TLS is required, of version 1.2 at least, with a certificate
// that is checked: without it whoever is on the way reads who is told what.
func NewMailer(m Mail) (*Mailer, error) {
	const op = "notify.NewMailer"
	const hint = "smtps://user@mail.example.com:465, or smtp+starttls://user@mail.example.com:587"
	from, err := mail.ParseAddress(m.From)
	if err != nil || !isMailbox(from.Address) || line(from.Name) != from.Name {
		return nil, fault.New(op, fault.Invalid, "mail comes from no mailbox").WithHint(`for example --mail-from "Acme <privacy@acme.example>"`)
	}
	if m.Bounces != "" && !isMailbox(strings.Replace(m.Bounces, "*", strings.Repeat("0", 40), 1)) {
		return nil, fault.New(op, fault.Invalid, "mail comes back to no mailbox").WithHint("for example --mail-bounces bounces+*@acme.example, at most 24 characters before the @, and the *")
	}
	u, err := url.Parse(m.URL)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(op, fault.Invalid, "the mail server is at no address that can be used").WithHint(hint)
	}
	if _, secret := u.User.Password(); secret {
		return nil, fault.New(op, fault.Invalid, "the mail server's address holds a password").WithHint("put it in the variable CLAUSE_SMTP_PASSWORD, or in a file: --smtp-password-file")
	}
	if m.Timeout == 0 {
		m.Timeout = 20 * time.Second
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	options := []gomail.Option{
		gomail.WithTimeout(m.Timeout), gomail.WithHELO(domain), gomail.WithoutNoop(),
		// RFC 3461: what comes back holds the head alone, and only what failed comes back.
		gomail.WithDSNMailReturnType(gomail.DSNMailReturnHeadersOnly), gomail.WithDSNRcptNotifyType(gomail.DSNRcptNotifyFailure),
		gomail.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname(), RootCAs: m.Roots}),
	}
	port := map[string]string{"smtps": "465", "smtp+starttls": "587", "smtp": "25"}[u.Scheme]
	switch {
	case u.Scheme == "smtps":
		options = append(options, gomail.WithSSL())
	case u.Scheme == "smtp+starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case u.Scheme == "smtp" && loopback(u.Hostname()) && u.User == nil:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case u.Scheme == "smtp":
		return nil, fault.New(op, fault.Invalid, "mail would travel without TLS").WithHint("%s; smtp:// without a user is for this machine alone", hint)
	default:
		return nil, fault.New(op, fault.Invalid, "the mail server is at no address that can be used").WithHint(hint)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	number, err := strconv.Atoi(port)
	if err != nil || number < 1 || number > 65535 {
		return nil, fault.New(op, fault.Invalid, "the mail server has no such port").WithHint(hint)
	}
	options = append(options, gomail.WithPort(number))
	switch user := u.User.Username(); {
	case user != "" && m.Password == "":
		return nil, fault.New(op, fault.Invalid, "the mail server asks for a password").WithHint("put it in the variable CLAUSE_SMTP_PASSWORD, or in a file: --smtp-password-file")
	case user == "" && m.Password != "":
		return nil, fault.New(op, fault.Invalid, "there is a password for the mail server, and no user").WithHint(hint)
	case user != "":
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(user), gomail.WithPassword(m.Password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "the mail server cannot be used: %v", err).WithHint(hint)
	}
	return &Mailer{from: from, bounces: m.Bounces, client: client}, nil
}

// Send sends one mail. A server that took it and was then lost counts as having taken it. A connection
// that was kept open and is found closed is opened once more.
func (m *Mailer) Send(ctx context.Context, d *Dispatch) error {
	msg, err := m.compose(d)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.open != nil
	err = m.attempt(ctx, msg)
	if kept && unsent(err) {
		err = m.attempt(ctx, msg)
	}
	return err
}

// attempt sends a mail over the open connection, or over a new one.
func (m *Mailer) attempt(ctx context.Context, msg *gomail.Msg) (err error) {
	if m.open == nil {
		if m.open, err = m.client.DialToSMTPClientWithContext(ctx); err != nil {
			m.open = nil
			return &Outage{Reason: "unreachable", Err: errors.New(dialFailure(err))}
		}
	}
	err = m.client.SendWithSMTPClient(m.open, msg)
	if msg.IsDelivered() {
		if err != nil {
			m.hangUp()
		}
		return nil
	}
	failure := judge(err)
	if outage := (*Outage)(nil); errors.As(failure, &outage) {
		m.hangUp()
	}
	return failure
}

// unsent reports whether the connection was lost before any of the mail was on it.
func unsent(err error) bool {
	var outage *Outage
	return errors.As(err, &outage) && outage.Reason == "connection-lost"
}

// compose writes the mail. Message-ID is the same at every try, so that a mailbox that gets a message
// twice can tell.
func (m *Mailer) compose(d *Dispatch) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	if m.bounces != "" {
		if err := msg.EnvelopeFrom(strings.Replace(m.bounces, "*", d.token(), 1)); err != nil {
			return nil, err
		}
	}
	for _, to := range d.To {
		if !isMailbox(to.Email) {
			return nil, &Refusal{Reason: "no-mailbox"}
		}
		if err := msg.AddTo(to.Email); err != nil {
			return nil, &Refusal{Reason: "no-mailbox"}
		}
	}
	_, domain, _ := strings.Cut(m.from.Address, "@")
	msg.SetMessageIDWithValue(d.token() + "@" + domain)
	msg.SetDateWithValue(time.UnixMicro(d.Now).UTC())
	msg.Subject(d.Words.Subject)
	msg.SetGenHeader("X-Mailer", "Clause")
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence is answered to
	msg.SetGenHeader("Content-Language", d.Words.Language)
	msg.SetBodyString(gomail.TypeTextPlain, d.Words.Text)
	html, err := d.Words.HTML()
	if err != nil {
		return nil, err
	}
	msg.AddAlternativeString(gomail.TypeTextHTML, html)
	return msg, nil
}

// Rest closes the connection that a run kept open.
func (m *Mailer) Rest() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hangUp()
}

func (m *Mailer) hangUp() {
	if m.open == nil {
		return
	}
	if err := m.client.CloseWithSMTPClient(m.open); err != nil {
		m.open.Close()
	}
	m.open = nil
}

// judge says what an answer of the server means. Only a mailbox that is refused, or a message, is refused
// for good: a server that refuses us (5.7.x), our name or our password is set up wrongly, and the operator
// puts that right. The answer's text is left out everywhere: it repeats the address.
func judge(err error) error {
	var answer *gomail.SendError
	if !errors.As(err, &answer) {
		return &Outage{Reason: "connection-lost"}
	}
	if answer.ErrorCode() == 0 && (answer.Reason == gomail.ErrSMTPDataClose || answer.Reason == gomail.ErrWriteContent) {
		return &Outage{Reason: "answer-lost"} // it may have been taken
	}
	if answer.ErrorCode() == 0 {
		return &Outage{Reason: "connection-lost"}
	}
	reason := "smtp-" + strconv.Itoa(answer.ErrorCode())
	status := answer.EnhancedStatusCode()
	ours := strings.HasPrefix(status, "5.7.") || answer.Reason == gomail.ErrSMTPMailFrom || answer.Reason == gomail.ErrConnCheck
	switch {
	case answer.ErrorCode() == 421:
		return &Outage{Reason: reason}
	case answer.ErrorCode() >= 500 && !ours:
		return &Refusal{Reason: reason}
	}
	return &Delay{Reason: reason}
}

// dialFailure is why a server cannot be reached, for the operator: it names no reader.
func dialFailure(err error) string {
	var unknown x509.UnknownAuthorityError
	var wrong x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	switch {
	case errors.As(err, &unknown), errors.As(err, &wrong), errors.As(err, &invalid):
		return "its certificate is not to be trusted"
	case errors.As(err, &dns):
		return "its name leads nowhere"
	case strings.Contains(err.Error(), "STARTTLS"):
		return "it offers no TLS"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "it does not answer"
	}
	return err.Error()
}
