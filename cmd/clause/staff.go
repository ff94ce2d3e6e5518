package main

import (
	"strings"
	"time"

	"clause.dev/clause/api"
)

// staffCmd holds what is done about people of staff and what they may see.
type staffCmd struct {
	Enrol  staffEnrolCmd  `cmd:"" help:"Make a person of your staff a member, and their key. Needs the scope admin."`
	List   staffListCmd   `cmd:"" help:"List the members."`
	Key    staffKeyCmd    `cmd:"" help:"Give a member a new key; the old one ends. Needs the scope admin."`
	End    staffEndCmd    `cmd:"" help:"End a membership, at once and for good. Needs the scope admin."`
	Grants staffGrantsCmd `cmd:"" help:"Leave to see a customer's data: ask, approve, allow, withdraw."`
	Review staffReviewCmd `cmd:"" help:"Keep or end what members may do, as often as the policy says."`
}

// memberKey says how a member's key is made.
type memberKey struct {
	KeyUntil string `placeholder:"TIME" help:"When the key ends: in 7d or 12h, or at a time as 2027-01-31T00:00:00Z; in 90 days at most. Default: in 12 hours."`
	KeyTo    string `placeholder:"FILE" help:"Write the key to this new file, which you alone can read. Without it the key is printed, this once."`
}

func (k *memberKey) until(e *env) (*time.Time, error) {
	at, err := timeFrom("--key-until", k.KeyUntil, e.Now())
	if err != nil || at.IsZero() {
		return nil, err
	}
	return &at, nil
}

// hand has a key made, and shows the member with it.
func (k *memberKey) hand(e *env, what string, asJSON bool, issue func(until *time.Time) (api.EnrolledMember, error)) error {
	until, err := k.until(e)
	if err != nil {
		return err
	}
	made, key, err := handOver(k.KeyTo, func() (api.EnrolledMember, string, error) {
		m, err := issue(until)
		return m, m.Key, err
	}, func(m api.EnrolledMember) (what, hint string) {
		return "member " + m.Member.ID, "clause staff key " + m.Member.ID + " makes another"
	})
	if err != nil {
		return err
	}
	made.Key = key
	if asJSON {
		return printJSON(e, made)
	}
	e.printf("%s  member %s, %s\n", e.paint(good, what), made.Member.ID, listOrNone(made.Member.Roles))
	if key != "" {
		e.printf("the key ends on %s, and cannot be shown again:\n%s\n", minute(made.KeyUntil), key)
		return nil
	}
	e.printf("the key ends on %s, and is in %s\n", minute(made.KeyUntil), k.KeyTo)
	return nil
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// minuteOrNone is a time that may be missing.
func minuteOrNone(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return minute(*t)
}

// staffEnrolCmd enrols a member.
type staffEnrolCmd struct {
	Role   []string  `placeholder:"ROLE" help:"What they are, in the words of the policy, such as 'the manager'; may be repeated."`
	Key    memberKey `embed:""`
	Server server    `embed:""`
	JSON   bool      `help:"Print the member as JSON."`
}

// Run enrols them.
func (c *staffEnrolCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	return c.Key.hand(e, "enrolled", c.JSON, func(until *time.Time) (api.EnrolledMember, error) {
		return s.EnrolMember(e.Context, api.NewMember{Roles: append([]string{}, c.Role...), KeyUntil: until})
	})
}

// staffListCmd lists the members.
type staffListCmd struct {
	Server server `embed:""`
	JSON   bool   `help:"Print the members as JSON."`
}

// Run lists the members, those whose membership has ended too.
func (c *staffListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	all, err := s.Members(e.Context)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, api.Members{Members: append([]api.Member{}, all...)})
	}
	rows := [][]string{{"MEMBER", "STATE", "KEY UNTIL", "REVIEW BY", "REVIEWED BY", "ROLES"}}
	for _, m := range all {
		rows = append(rows, []string{m.ID, standing(m), minute(m.KeyUntil), minuteOrNone(m.ReviewBy), listOrNone(strings.Fields(m.ReviewedBy)), listOrNone(m.Roles)})
	}
	showTable(e, rows)
	return nil
}

func standing(m api.Member) string {
	if m.Lapsed && m.State == "active" {
		return "lapsed"
	}
	return m.State
}

// staffKeyCmd gives a member a new key.
type staffKeyCmd struct {
	Member string    `arg:"" help:"The member, as clause staff list shows it."`
	Key    memberKey `embed:""`
	Server server    `embed:""`
	JSON   bool      `help:"Print the member as JSON."`
}

// Run makes the key.
func (c *staffKeyCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	return c.Key.hand(e, "new key", c.JSON, func(until *time.Time) (api.EnrolledMember, error) {
		return s.NewMemberKey(e.Context, c.Member, api.NewMemberKey{KeyUntil: until})
	})
}

// staffEndCmd ends a membership.
type staffEndCmd struct {
	Member string `arg:"" help:"The member, as clause staff list shows it."`
	Server server `embed:""`
	JSON   bool   `help:"Print the member as JSON."`
}

// Run ends it.
func (c *staffEndCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	m, err := s.EndMember(e.Context, c.Member)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, m)
	}
	e.printf("%s  member %s: the key is refused from now on\n", e.paint(good, "ended"), m.ID)
	return nil
}
