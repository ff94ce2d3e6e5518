package trust

import (
	"fmt"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
)

// view is what the template shows.
type view struct {
	Policy   *policy.Policy
	Style    string
	At       time.Time
	Tally    []tally
	Sections []section
	Data     []dataRow
	Purposes []policy.Purpose
	Regions  []policy.Region
	Next     []upcoming
}

// upcoming is a version that is to follow the one in force.
type upcoming struct {
	Version, ISO, Day, ID string
	Changes               []string
}

func upcomings(all []api.PolicyVersion) (next []upcoming) {
	for _, v := range all {
		u := upcoming{Version: v.Version, ISO: v.First, ID: v.ID, Changes: v.Changes}
		if day, err := time.Parse(time.DateOnly, v.First); err == nil {
			u.Day = day.Format("2 January 2006")
		}
		next = append(next, u)
	}
	return next
}

// tally is one state's share of the bar.
type tally struct {
	State, Label  string
	Count         int
	Start, Length string // of its part of the bar, in per cent
}

type section struct {
	Title   string
	Anchor  string
	Clauses []clause
}

type clause struct {
	api.ClauseStatus
	Label  string
	How    []means
	Proven string
	ISO    string
	Since  string
}

// dataRow is a line of the table of what is kept, why and for how long.
type dataRow struct {
	Title, Category, Fields, Storage, Keep string
	Purposes                               []string
}

// The states in the order they are shown, with what they are called.
var states = []struct{ state, label string }{
	{api.StateKept, "Kept"}, {api.StateAttested, "Attested"}, {api.StateAtRisk, "At risk"},
	{api.StateBroken, "Broken"}, {api.StateUnkept, "Unkept"}, {api.StateStated, "Statement"},
}

func label(state string) string {
	for _, s := range states {
		if s.state == state {
			return s.label
		}
	}
	return state
}

func (d *door) view(statuses []api.ClauseStatus, next []api.PolicyVersion) view {
	now := d.Now().UTC()
	v := view{
		Policy: d.Policy, Style: d.styleAt, At: now, Tally: tallies(statuses),
		Data: dataRows(d.Policy), Purposes: d.Policy.Purposes, Regions: d.Policy.Regions, Next: upcomings(next),
	}
	for _, s := range statuses {
		c := clause{ClauseStatus: s, Label: label(s.State), How: how(d.shelf.known, s.Controls)}
		if s.Proven != nil {
			c.Proven, c.ISO = ago(now.Sub(*s.Proven)), s.Proven.UTC().Format(time.RFC3339)
		}
		if s.Since != nil {
			c.Since = s.Since.UTC().Format("2 January 2006")
		}
		if n := len(v.Sections); n == 0 || v.Sections[n-1].Title != s.Section {
			v.Sections = append(v.Sections, section{Title: s.Section, Anchor: fmt.Sprintf("section-%d", n+1)})
		}
		at := &v.Sections[len(v.Sections)-1]
		at.Clauses = append(at.Clauses, c)
	}
	return v
}

func tallies(statuses []api.ClauseStatus) []tally {
	var out []tally
	start := 0
	for _, s := range states {
		n := 0
		for _, c := range statuses {
			if c.State == s.state {
				n++
			}
		}
		if n == 0 {
			continue
		}
		out = append(out, tally{
			State: s.state, Label: s.label, Count: n,
			Start: share(start, len(statuses)), Length: share(n, len(statuses)),
		})
		start += n
	}
	return out
}

func share(n, of int) string { return fmt.Sprintf("%.3f", 100*float64(n)/float64(max(of, 1))) }

// ago says how long since in words a person uses.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute ago"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour") + " ago"
	}
	return count(int(d/(24*time.Hour)), "day") + " ago"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func dataRows(p *policy.Policy) []dataRow {
	var rows []dataRow
	for _, set := range p.Data {
		row := dataRow{Title: titleOr(set.Title, set.ID), Category: set.Category, Storage: "stored, encrypted", Keep: "while the account is active"}
		if set.Storage == policy.Memory {
			row.Storage = "in memory only"
		}
		if set.Keep > 0 {
			row.Keep = policy.Lasting(set.Keep)
		}
		var fields []string
		for _, f := range set.Fields {
			name := titleOr(f.Title, f.ID)
			if f.Optional {
				name += " (optional)"
			}
			fields = append(fields, name)
		}
		row.Fields = strings.Join(fields, ", ")
		for _, purpose := range p.Purposes {
			for _, sight := range purpose.Sees {
				if sight.DataSet == set.ID {
					row.Purposes = append(row.Purposes, titleOr(purpose.Title, purpose.ID))
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func titleOr(title, id string) string {
	if title != "" {
		return title
	}
	return id
}
