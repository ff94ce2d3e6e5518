package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/mail"
	"regexp"
	"strings"

	"clause.dev/clause/internal/fault"
)

// Member is how the staff of one role are reached.
type Member struct {
	Email    []string `json:"email,omitempty"`
	Webhook  bool     `json:"webhook,omitempty"`
	Pager    bool     `json:"pager,omitempty"`
	Language string   `json:"language,omitempty"`
}

// Channels returns the channels by which the role is told, none if nobody is named.
func (m Member) Channels() (all []Channel) {
	if len(m.Email) > 0 {
		all = append(all, Email)
	}
	if m.Webhook {
		all = append(all, Webhook)
	}
	if m.Pager {
		all = append(all, Pager)
	}
	return all
}

// Staff says by role who is told. The role * stands for all that are not named.
type Staff map[string]Member

// Role is a role as an id, whatever a policy calls it: Head of privacy is head-of-privacy; nobody's is
// anybody.
func Role(name string) string {
	id := strings.Trim(notID.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if id == "" {
		return "anybody"
	}
	return id[:min(len(id), 64)]
}

var notID = regexp.MustCompile(`[^a-z0-9_.-]+`)

// Of returns how a role is reached.
func (s Staff) Of(role string) Member {
	if m, ok := s[role]; ok {
		return m
	}
	return s["*"]
}

// mostMailboxes bounds the mailboxes of a role.
const mostMailboxes = 20

// ParseStaff reads a file of staff, in JSON: {"privacy": {"email": ["dpo@example.com"], "pager": true}}.
func ParseStaff(src []byte) (Staff, error) {
	const op = "notify.ParseStaff"
	form := `for example {"privacy": {"email": ["dpo@example.com"]}, "*": {"pager": true}}`
	var s Staff
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, fault.New(op, fault.Invalid, "the file of staff is not JSON of roles and how they are reached: %s", strings.TrimPrefix(err.Error(), "json: ")).WithHint("%s", form)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(op, fault.Invalid, "the file of staff goes on after its end").WithHint("%s", form)
	}
	for role, m := range s {
		if role != "*" && !idForm.MatchString(role) {
			return nil, fault.New(op, fault.Invalid, "%q cannot be a role", role).WithHint("roles are words such as privacy, or * for all others")
		}
		if len(m.Channels()) == 0 {
			return nil, fault.New(op, fault.Invalid, "nobody of the role %q is reached", role).WithHint("%s", form)
		}
		if m.Language != "" && !languageForm.MatchString(m.Language) {
			return nil, fault.New(op, fault.Invalid, "the role %q has no such language", role).WithHint("en or ar")
		}
		if len(m.Email) > mostMailboxes {
			return nil, fault.New(op, fault.Invalid, "the role %q has more than %d mailboxes", role, mostMailboxes).WithHint("make a mailing list of them")
		}
		for _, mailbox := range m.Email {
			if !isMailbox(mailbox) {
				return nil, fault.New(op, fault.Invalid, "the role %q has a mailbox that is none", role).WithHint("dpo@example.com, without a name")
			}
		}
	}
	if len(s) == 0 {
		return nil, fault.New(op, fault.Invalid, "the file of staff names nobody").WithHint("%s", form)
	}
	return s, nil
}

// isMailbox reports whether s is a mailbox and nothing else, so that it can stand in a header and in
// SMTP as it is.
func isMailbox(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || len(s) > 254 || strings.ContainsAny(s, "\"\\<>(), \t\r\n") {
		return false
	}
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at <= 64
}
