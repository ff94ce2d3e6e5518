package finance

import (
	"slices"
	"time"
)

// Notice tells of progress.
type Notice struct {
	Kind   string
	Name   string // of a goal
	Amount Money  // left to save
	Number int    // percent, days or points
	Score  int
}

// The kinds of notices.
const (
	NoticeReached = "goal-reached"
	NoticeShare   = "goal-share" // a quarter, a half or three quarters of it
	NoticeSoon    = "goal-soon"  // its day is within 30 days
	NoticePast    = "goal-past"  // its day has gone by
	NoticeRisen   = "score-risen"
	NoticeFallen  = "score-fallen"
)

// soon is how many days ahead a goal's day is told of, and how far back a score is compared with.
const soon = 30

// Past is a score that was kept.
type Past struct {
	Day        time.Time
	Score      int
	Confidence Confidence
}

// NoticesOf are the notices of a day, of goals and of the scores kept.
func NoticesOf(goals []Goal, past []Past, today time.Time) (all []Notice) {
	for _, g := range goals {
		left, days := g.Target.Sub(g.Saved), int(g.By.Sub(day(today)).Hours()/24)
		share := g.Share() / 25 * 25
		switch {
		case g.Reached():
			all = append(all, Notice{Kind: NoticeReached, Name: g.Name})
			continue
		case g.By.IsZero():
		case days < 0:
			all = append(all, Notice{Kind: NoticePast, Name: g.Name, Amount: left})
		case days <= soon:
			all = append(all, Notice{Kind: NoticeSoon, Name: g.Name, Amount: left, Number: days})
		}
		if share > 0 {
			all = append(all, Notice{Kind: NoticeShare, Name: g.Name, Amount: left, Number: share})
		}
	}
	if change, now, ok := Change(past, today); ok && change > 0 {
		all = append(all, Notice{Kind: NoticeRisen, Number: change, Score: now})
	} else if ok && change < 0 {
		all = append(all, Notice{Kind: NoticeFallen, Number: -change, Score: now})
	}
	return all
}

// Change is by how much the score of now differs from the oldest one of the last 30 days.
func Change(past []Past, today time.Time) (change, now int, ok bool) {
	recent := slices.DeleteFunc(slices.Clone(past), func(p Past) bool { return p.Day.Before(day(today).AddDate(0, 0, -soon)) })
	slices.SortStableFunc(recent, func(a, b Past) int { return a.Day.Compare(b.Day) })
	if len(recent) < 2 {
		return 0, 0, false
	}
	now = recent[len(recent)-1].Score
	return now - recent[0].Score, now, true
}

// day is the day of a moment.
func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
