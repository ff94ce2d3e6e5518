package apptest

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/notify"
)

// Mailbox takes everybody's mails, in place of a mail server.
type Mailbox struct {
	mu    sync.Mutex
	texts []string
}

// Prepare has a server send its mails here. People register and sign in without delay: what is slow on purpose is
// tested in identity.
func (m *Mailbox) Prepare(a *app.App) {
	a.Outbox.Senders[notify.Email] = m
	a.Accounts.Hasher = password.NewHasher(password.Rule{Algorithm: password.Bcrypt, Cost: 4}, 2)
	a.Accounts.Wait = func(context.Context, time.Duration) {}
}

// Send takes a mail.
func (m *Mailbox) Send(_ context.Context, d *notify.Dispatch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts = append(m.texts, d.Words.Text)
	return nil
}

var mailedCode = regexp.MustCompile(`(?m)^[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$`)

// Code waits for a mail with a code, and returns both. What else came is forgotten.
func (m *Mailbox) Code(t testing.TB, s *Server) (code, text string) {
	t.Helper()
	for range 100 { // the server's own run may have it just now
		if _, err := s.App.Outbox.Run(t.Context(), s.Clock.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if code, text = m.taken(); code != "" {
			return code, text
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("no code was mailed")
	return "", ""
}

func (m *Mailbox) taken() (code, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range m.texts {
		if code := mailedCode.FindString(text); code != "" {
			m.texts = nil
			return code, text
		}
	}
	return "", ""
}
