package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
)

// Member is how the staff of one role are reached.
type Member struct {
	Email    []string `json:"email,omitempty"`
	Webhook  bool     `json:"webhook,omitempty"`
	Pager    bool     `json:"pager,omitempty"`
	Language string   `json:"language,omitempty"`
	// OnCall is the role's place among those who are told of alerts, from 1; 0 for none.
	OnCall int `json:"on_call,omitempty"`
	// PagerKeyFile is a file with the key of an integration of the role's own.
	PagerKeyFile string `json:"pager_key_file,omitempty"`
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

// OnCall returns the roles that are told of alerts, in the order in which they are.
func (s Staff) OnCall() (roles []string) {
	for role, m := range s {
		if m.OnCall > 0 {
			roles = append(roles, role)
		}
	}
	slices.SortFunc(roles, func(a, b string) int { return s[a].OnCall - s[b].OnCall })
	return roles
}

// mostMailboxes bounds the mailboxes of a role.
const mostMailboxes = 20

// mostOnCall bounds the places of those on call.
const mostOnCall = 100

// staffForm shows how a file of staff looks.
const staffForm = `for example {"privacy": {"email": ["dpo@example.com"]}, "*": {"pager": true}}`

// ParseStaff reads a file of staff, in JSON: {"privacy": {"email": ["dpo@example.com"], "pager": true}}.
func ParseStaff(src []byte) (Staff, error) {
	const op = "notify.ParseStaff"
	var s Staff
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, fault.New(op, fault.Invalid, "the file of staff is not JSON of roles and how they are reached: %s", strings.TrimPrefix(err.Error(), "json: ")).WithHint("%s", staffForm)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(op, fault.Invalid, "the file of staff goes on after its end").WithHint("%s", staffForm)
	}
	places := map[int]string{}
	for role, m := range s {
		if err := m.check(role); err != nil {
			return nil, err
		}
		if other, taken := places[m.OnCall]; taken && m.OnCall > 0 {
			return nil, fault.New(op, fault.Invalid, "%q and %q are both on call as number %d", min(role, other), max(role, other), m.OnCall).WithHint("each has a place of its own: 1, 2, 3")
		}
		places[m.OnCall] = role
	}
	if len(s) == 0 {
		return nil, fault.New(op, fault.Invalid, "the file of staff names nobody").WithHint("%s", staffForm)
	}
	return s, nil
}

// check finds a role that nobody could be told as.
func (m Member) check(role string) error {
	const op = "notify.ParseStaff"
	bad := func(hint, format string, args ...any) error {
		return fault.New(op, fault.Invalid, format, args...).WithHint("%s", hint)
	}
	switch {
	case role != "*" && !idForm.MatchString(role):
		return bad("roles are words such as privacy, or * for all others", "%q cannot be a role", role)
	case len(m.Channels()) == 0:
		return bad(staffForm, "nobody of the role %q is reached", role)
	case m.Language != "" && !languageForm.MatchString(m.Language):
		return bad("en or ar", "the role %q has no such language", role)
	case len(m.Email) > mostMailboxes:
		return bad("make a mailing list of them", "the role %q has more than %d mailboxes", role, mostMailboxes)
	case m.OnCall < 0 || m.OnCall > mostOnCall || m.OnCall > 0 && role == "*":
		return bad("1 is told first, then 2", "the role %q cannot be on call as number %d", role, m.OnCall)
	case m.PagerKeyFile != "" && !m.Pager:
		return bad(`add "pager": true`, "the role %q has a pager's key, and no pager", role)
	}
	for _, mailbox := range m.Email {
		if !isMailbox(mailbox) {
			return bad("dpo@example.com, without a name", "the role %q has a mailbox that is none", role)
		}
	}
	return nil
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
