package notify

import (
	"bytes"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"
)

// Whatever an address, a subject and a text hold, a mail has the headers that we set, one reader, and
// our sender.
func FuzzCompose(f *testing.F) {
	for _, s := range []string{"zoe@example.com", "zoe@example.com\r\nBcc: eve@example.com", "a@b.example, c@d.example", "<a@b.example>", "zoë@exämple.com", "\"a\\\"b\"@c.example", "a@[127.0.0.1]",
		"Hello\r\n\r\n<script>", "=?utf-8?q?=0D=0ABcc:_eve=40example.com?=", "\u2028Bcc: x", ".\r\nQUIT\r\n", strings.Repeat("a", 2000)} {
		f.Add(s, s, s)
	}
	m, err := NewMailer(Mail{URL: "smtps://mail.example.com", From: "Acme <privacy@acme.example>"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, mailbox, subject, text string) {
		d := Dispatch{Tenant: "acme", ID: "msg_1", To: []Address{{Email: mailbox}}, Words: Words{Language: "en", Subject: cut(line(subject), maxSubject), Text: paragraphs(text)}}
		msg, err := m.compose(&d)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if _, err := msg.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		got, err := mail.ReadMessage(&b)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "X-Mailer"}
		if keys := slices.Sorted(maps.Keys(got.Header)); !slices.Equal(keys, want) {
			t.Fatalf("the head has %q", keys)
		}
		for key, values := range got.Header {
			if len(values) != 1 {
				t.Fatalf("%s is there %d times", key, len(values))
			}
		}
		readers, err := got.Header.AddressList("To")
		if err != nil || len(readers) != 1 || readers[0].Address != mailbox {
			t.Fatalf("it goes to %v, %v, not to %q", readers, err, mailbox)
		}
		if from := got.Header.Get("From"); from != `"Acme" <privacy@acme.example>` {
			t.Fatalf("it comes from %q", from)
		}
	})
}
