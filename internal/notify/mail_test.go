package notify_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/notify/notifytest"
)

func mailer(t testing.TB, url string, roots *x509.CertPool) *notify.Mailer {
	t.Helper()
	m, err := notify.NewMailer(notify.Mail{URL: url, From: "Clesaro <privacy@clesaro.example>", Roots: roots, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// opened is a mail as its reader's program shows it.
type opened struct {
	header     mail.Header
	subject    string
	text, html string
}

func open(t testing.TB, raw string) opened {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	o := opened{header: msg.Header}
	if o.subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q, %v", kind, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return o
		}
		if err != nil {
			t.Fatal(err)
		}
		if part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("a part is %q", part.Header)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			o.text = strings.ReplaceAll(string(body), "\r\n", "\n")
		} else {
			o.html = string(body)
		}
	}
}

// Mail over both sorts of TLS: who gets it, what it says in both forms and languages, and what it does
// not.
func TestMail(t *testing.T) {
	for scheme, implicit := range map[string]bool{"smtps": true, "smtp+starttls": false} {
		s := notifytest.Listen(t, implicit)
		w := one(t)
		w.outbox.Senders[notify.Email] = mailer(t, scheme+"://"+s.At, s.Roots)
		arabic := request("req_2:received", notify.Email)
		arabic.Language = "ar"
		w.enqueue(request("req_1:received", notify.Email))
		w.run(0)
		w.enqueue(arabic, clock("clk_1:near", notify.Email))
		w.run(time.Second)
		got := s.Took()
		if len(got) != 3 || implicit && s.Sessions() != 2 { // one connection a run
			t.Fatalf("%s: %d mails over %d connections", scheme, len(got), s.Sessions())
		}
		for _, m := range got {
			o := open(t, m.Body)
			h := o.header
			if h.Get("X-Mailer") != "Clause" || h.Get("User-Agent") != "" || h.Get("Auto-Submitted") != "auto-generated" || h.Get("Date") == "" || h.Get("Mime-Version") != "1.0" ||
				!strings.HasSuffix(h.Get("Message-Id"), "@clesaro.example>") || h.Get("From") != `"Clesaro" <privacy@clesaro.example>` || m.From != "privacy@clesaro.example" {
				t.Errorf("%s: head %q from %q", scheme, h, m.From)
			}
			if strings.Contains(m.Body, zoe) || len(m.To) == 1 && strings.Contains(m.Body, tenant) {
				t.Errorf("%s: the mail holds ids of ours: %s", scheme, m.Body)
			}
			for _, paragraph := range strings.Split(strings.TrimSpace(o.text), "\n\n") {
				first, _, _ := strings.Cut(paragraph, "\n")
				if !strings.Contains(o.html, "<p>"+strings.ReplaceAll(first, "'", "&#39;")) {
					t.Errorf("%s: the page does not say %q", scheme, first)
				}
			}
		}
		first := open(t, got[0].Body)
		if got[0].To[0] != "zoe@example.com" || first.header.Get("To") != "<zoe@example.com>" || first.subject != "We have your request req_1" || !strings.Contains(first.html, `lang="en" dir="ltr"`) {
			t.Errorf("%s: to %q, %+v", scheme, got[0].To, first)
		}
		for _, m := range got[1:] {
			o := open(t, m.Body)
			if !strings.Contains(o.html, `lang="ar" dir="rtl"`) && len(m.To) == 1 {
				t.Errorf("%s: %+v", scheme, o)
			}
			if len(m.To) == 2 && (m.To[0] != "dpo@acme.example" || !strings.Contains(o.text, "clesaro-contact")) {
				t.Errorf("%s: %+v", scheme, m)
			}
		}
	}
}

// What a server answers, and what becomes of the message.
func TestAnswersOfAMailServer(t *testing.T) {
	answer := func(code int, a, b, c int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "no mail for zoe@example.com"}
	}
	for name, row := range map[string]struct {
		rcpt, data error
		state      string
		outcome    string
	}{
		"no such mailbox":     {rcpt: answer(550, 5, 1, 1), state: notify.Failed, outcome: "smtp-550"},
		"mailbox full":        {rcpt: answer(552, 5, 2, 2), state: notify.Failed, outcome: "smtp-552"},
		"refused as spam":     {data: answer(554, 5, 6, 0), state: notify.Failed, outcome: "smtp-554"},
		"we may not relay":    {rcpt: answer(554, 5, 7, 1), state: notify.Waiting, outcome: "smtp-554"},
		"grey-listed":         {rcpt: answer(451, 4, 7, 1), state: notify.Waiting, outcome: "smtp-451"},
		"no room at present":  {data: answer(452, 4, 3, 1), state: notify.Waiting, outcome: "smtp-452"},
		"closing for service": {rcpt: answer(421, 4, 3, 2), state: notify.Waiting, outcome: "smtp-421"},
	} {
		t.Run(name, func(t *testing.T) {
			s := notifytest.Listen(t, true)
			w := one(t)
			w.outbox.Senders[notify.Email] = mailer(t, "smtps://"+s.At, s.Roots)
			s.Rcpt = func(string) error { return row.rcpt }
			s.Data = func() error { return row.data }
			w.enqueue(request("req_1:received", notify.Email))
			w.run(0)
			if r := w.only(); r.state != row.state || r.outcome != row.outcome {
				t.Errorf("stored is %+v", r)
			}
			if strings.Contains(w.log.String(), "zoe") {
				t.Errorf("the log names the reader: %s", &w.log)
			}
			if row.state == notify.Failed {
				return
			}
			s.Rcpt, s.Data = nil, nil
			if w.run(time.Minute) != 1 || w.only().state != notify.Sent {
				t.Errorf("it was not sent later: %+v", w.only())
			}
		})
	}
}

// The connection is cut after the whole of a mail was given: nobody knows whether it was taken. It is
// sent again under the same Message-ID, by which a mailbox can tell.
func TestCutAfterData(t *testing.T) {
	s := notifytest.Listen(t, true)
	w := one(t)
	w.outbox.Senders[notify.Email] = mailer(t, "smtps://"+s.At, s.Roots)
	s.Data = func() error {
		return s.Cut()
	}
	w.enqueue(request("req_1:received", notify.Email))
	w.run(0)
	if r := w.only(); r.state != notify.Waiting || r.outcome != "answer-lost" {
		t.Errorf("stored is %+v", r)
	}
	s.Data = nil
	w.run(time.Minute)
	got := s.Took()
	if len(got) != 2 || open(t, got[0].Body).header.Get("Message-Id") != open(t, got[1].Body).header.Get("Message-Id") {
		t.Errorf("%d were given", len(got))
	}
	if r := w.only(); r.state != notify.Sent {
		t.Errorf("stored is %+v", r)
	}
}

// A server that takes a mail and dies before it says goodbye has taken it.
func TestLostAfterItWasTaken(t *testing.T) {
	w := one(t)
	cert, roots := notifytest.Certificate(t)
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		c, err := at.Accept()
		if err != nil {
			return
		}
		talk(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}}))
	})
	t.Cleanup(func() { at.Close(); running.Wait() })
	w.outbox.Senders[notify.Email] = mailer(t, "smtps://"+at.Addr().String(), roots)
	w.enqueue(request("req_1:received", notify.Email))
	if n := w.run(0); n != 1 || w.only().state != notify.Sent {
		t.Errorf("%d left, %+v", n, w.only())
	}
}

// talk is a mail server that takes one mail and hangs up.
func talk(c net.Conn) {
	defer c.Close()
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	say("220 sink")
	lines := bufio.NewScanner(c)
	for data := false; lines.Scan(); {
		switch line := lines.Text(); {
		case data && line == ".":
			say("250 taken")
			return
		case data:
		case strings.HasPrefix(line, "DATA"):
			data = true
			say("354 go on")
		default:
			say("250 yes")
		}
	}
}

// Mail waits, and nothing of it leaves, while there is no TLS that can be trusted, no server, or one
// that hangs.
func TestNoMailServer(t *testing.T) {
	good := notifytest.Listen(t, true)
	plain := notifytest.Listen(t, false)
	plain.Server.TLSConfig = nil // it offers no STARTTLS
	starttls := notifytest.Listen(t, false)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	for name, row := range map[string]struct {
		url   string
		roots *x509.CertPool
		says  string
	}{
		"nobody trusts its certificate":         {"smtps://" + good.At, nil, "not to be trusted"},
		"nobody trusts it after STARTTLS":       {"smtp+starttls://" + starttls.At, nil, "not to be trusted"},
		"it offers no TLS":                      {"smtp+starttls://" + plain.At, plain.Roots, "offers no TLS"},
		"it speaks no TLS":                      {"smtps://" + plain.At, plain.Roots, "unreachable"},
		"nobody listens":                        {"smtps://127.0.0.1:1", nil, "refused"},
		"it hangs":                              {"smtps://" + silent.Addr().String(), nil, "does not answer"},
		"its name is another than it is called": {"smtps://localhost.invalid:25", nil, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			w := one(t)
			w.outbox.Senders[notify.Email] = mailer(t, row.url, row.roots)
			w.enqueue(request("req_1:received", notify.Email), clock("clk_1:near", notify.Email))
			began := time.Now()
			w.run(0)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, r := range w.rows() {
				if r.state != notify.Waiting || r.outcome != "unreachable" {
					t.Errorf("stored is %+v", r)
				}
			}
			if !strings.Contains(w.log.String(), row.says) || strings.Count(w.log.String(), "\n") != 1 {
				t.Errorf("the log does not say %q once: %s", row.says, &w.log)
			}
		})
	}
	if n := len(good.Took()) + len(plain.Took()) + len(starttls.Took()); n != 0 {
		t.Errorf("%d mails left", n)
	}
}

// Addresses and names that a person chose cannot become headers, other readers, or advertisements.
func TestNoInjectionIntoMail(t *testing.T) {
	s := notifytest.Listen(t, true)
	for _, mailbox := range []string{"zoe@example.com\r\nBcc: eve@example.com", "zoe@example.com, eve@example.com", "zoe@example.com> <eve@example.com", "Zoe <zoe@example.com>", "\"a b\"@example.com", "zoe", "@", "zoe@example.com\x00"} {
		w := one(t)
		w.people[zoe] = notify.Address{Email: mailbox}
		w.outbox.Senders[notify.Email] = mailer(t, "smtps://"+s.At, s.Roots)
		w.enqueue(request("req_1:received", notify.Email))
		w.run(0)
		if r := w.only(); r.state != notify.Failed || r.outcome != "no-mailbox" {
			t.Errorf("%q: %+v", mailbox, r)
		}
	}
	if n := len(s.Took()); n != 0 {
		t.Fatalf("%d mails left", n)
	}
	w := one(t)
	w.people[zoe] = notify.Address{Name: "Win now: https://evil.example", Email: "zoe@example.com"}
	w.outbox.Senders[notify.Email] = mailer(t, "smtps://"+s.At, s.Roots)
	m := request("req_1:received", notify.Email)
	m.Template, m.Details = "written-notice", map[string]string{"title": "Hello\r\nBcc: eve@example.com\r\n\r\nBody", "text": "<script>alert(1)</script>\n.\nQUIT"}
	w.enqueue(m)
	w.run(0)
	got := s.Took()
	if len(got) != 1 || len(got[0].To) != 1 {
		t.Fatalf("got %+v", got)
	}
	o := open(t, got[0].Body)
	if o.header.Get("Bcc") != "" || o.subject != "Hello Bcc: eve@example.com Body" || strings.Contains(o.html, "<script>") || strings.Contains(o.text, "evil") || !strings.Contains(o.text, "QUIT") {
		t.Errorf("%+v", o)
	}
}

// What cannot be a mail server is refused before anything is sent.
func TestNewMailerRefuses(t *testing.T) {
	for name, m := range map[string]notify.Mail{
		"no scheme":             {URL: "mail.example.com:465"},
		"another scheme":        {URL: "https://mail.example.com"},
		"no TLS":                {URL: "smtp://mail.example.com:25"},
		"no TLS with a user":    {URL: "smtp://me@127.0.0.1:25", Password: "x"},
		"a path":                {URL: "smtps://mail.example.com/x"},
		"a query":               {URL: "smtps://mail.example.com?insecure=1"},
		"a password in the URL": {URL: "smtps://me:secret@mail.example.com"},
		"a user, no password":   {URL: "smtps://me@mail.example.com"},
		"a password, no user":   {URL: "smtps://mail.example.com", Password: "x"},
		"no such port":          {URL: "smtps://mail.example.com:99999"},
		"no host":               {URL: "smtps://:465"},
		"from nobody":           {URL: "smtps://mail.example.com", From: "-"},
		"from two":              {URL: "smtps://mail.example.com", From: "a@example.com, b@example.com"},
		"from with a header":    {URL: "smtps://mail.example.com", From: "A <a@example.com>\r\nBcc: x@example.com"},
	} {
		if m.From == "" {
			m.From = "privacy@acme.example"
		}
		if _, err := notify.NewMailer(m); err == nil {
			t.Errorf("%s is accepted", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, url := range []string{"smtp://127.0.0.1:2525", "smtp://localhost", "smtps://mail.example.com", "smtp+starttls://[::1]:587"} {
		if _, err := notify.NewMailer(notify.Mail{URL: url, From: "Acme <a@acme.example>"}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}
