package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

func memoryBackedUp() Rule {
	return Rule{
		Code: "memory-only-backed-up", Severity: Error,
		Title:       "data said to be in memory only is backed up, stored or kept by another clause",
		Explanation: "What is in a backup is on a disk, for as long as the backup lives. People who were told that their data stays in memory take it to be gone when the service restarts.",
		RestsOn:     "GDPR art. 5(1)(a) and (e); the clauses' own words",
		Remedy:      "take the data set out of one of the two clauses, in its text too",
		find: func(v *view, found func(hit)) {
			for i := range v.Data {
				set := &v.Data[i]
				if set.Storage == policy.Memory {
					v.backsUp(set, found)
				}
			}
		},
	}
}

// backsUp finds clauses by which a memory-only data set is on a disk.
func (v *view) backsUp(set *policy.DataSet, found func(hit)) {
	var said []string
	for _, b := range v.keeps["memory-only"] {
		if slices.Contains(b.names("data"), set.ID) {
			said = append(said, b.clause.ID)
		}
	}
	where := "the data set is declared so"
	if len(said) > 0 {
		where = "so says " + join(said)
	}
	for _, b := range v.keeps["encrypted-backups"] {
		if slices.Contains(b.names("data"), set.ID) {
			h := b.at(fmt.Sprintf("data set %s is in memory only (%s), and clause %s says that it is backed up", set.ID, where, b.clause.ID))
			h.clauses, h.about = append(said, b.clause.ID), []string{set.ID}
			found(h)
		}
	}
	for _, b := range v.keeps["retained-copies"] {
		if slices.ContainsFunc(b.names("fields"), func(f string) bool { return strings.HasPrefix(f, set.ID+".") }) {
			h := b.at(fmt.Sprintf("data set %s is in memory only (%s), and clause %s says that fields of it are kept after erasure", set.ID, where, b.clause.ID))
			h.clauses, h.about = append(said, b.clause.ID), []string{set.ID}
			found(h)
		}
	}
}

func scheduleOutlasts() Rule {
	return Rule{
		Code: "schedule-outlasts-erasure", Severity: Error,
		Title:       "backups are readable for longer than erasure may take",
		Explanation: "What was erased comes back from every backup that can still be opened. Until the last of them cannot, the promise of erasure is not kept.",
		RestsOn:     "GDPR art. 17(1); the policy's own backups: epoch and horizon",
		Remedy:      "shorten the epoch or the horizon of backups, or promise a longer time",
		find: func(v *view, found func(hit)) {
			schedule := v.Backups.Epoch + v.Backups.Horizon
			late := func(b bound, term policy.Term, what string) {
				if longest, ok := term.Longest(); ok && term.Form != policy.Every && schedule > longest {
					found(b.at(fmt.Sprintf("a backup can be read for %s (epoch and horizon), clause %s promises %s within %s", days(schedule), b.clause.ID, what, term)))
				}
			}
			for _, b := range v.keeps["off-boarding"] {
				late(b, b.term("within"), "that nothing is left")
			}
			for _, b := range v.keeps["data-subject-rights"] {
				if slices.Contains(b.names("rights"), "erasure") {
					late(b, b.term("within"), "erasure")
				}
			}
			erases := claims("erasure")
			for _, b := range v.keeps["clock"] {
				duty, _ := b.keep.Params["duty"].(string)
				if slices.ContainsFunc(sentences(duty), func(s sentence) bool { return len(erases.in(s)) > 0 }) {
					late(b, b.term("within"), duty)
				}
			}
		},
	}
}

func findingsOutlast() Rule {
	return Rule{
		Code: "findings-outlast-limit", Severity: Error,
		Title:       "findings of one severity may stay open for longer than all findings may",
		Explanation: "A limit for all findings is what customers rely on. A severity with a longer time of its own, or one that waits for an event further away, breaks it.",
		RestsOn:     "the clause's own limit for all findings",
		Remedy:      "give the severity a time within the limit, or the limit an exception, in the text too",
		find: func(v *view, found func(hit)) {
			for _, b := range v.keeps["finding-deadlines"] {
				limit, ok := b.term("within").Longest()
				if !ok {
					continue
				}
				for _, severity := range []string{"critical", "high", "medium", "low"} {
					if what := v.outlasts(b.term(severity), limit); what != "" {
						found(b.at(fmt.Sprintf("all findings are closed within %s, %s ones only %s", b.term("within"), severity, what)))
					}
					target, some := b.term(severity + "-target").Longest()
					last, all := b.term(severity).Longest()
					if some && all && target > last {
						found(b.at(fmt.Sprintf("the target for %s findings (%s) is later than their limit (%s)", severity, b.term(severity+"-target"), b.term(severity))))
					}
				}
			}
		},
	}
}

// outlasts says how a term can be longer than the limit, or "".
func (v *view) outlasts(t policy.Term, limit time.Duration) string {
	if longest, ok := t.Longest(); ok {
		if longest > limit {
			return "within " + t.String()
		}
		return ""
	}
	if t.Form != policy.Before {
		return ""
	}
	every, longest := v.untilNext(t.Event)
	switch {
	case longest == 0:
		return fmt.Sprintf("%s, and no clause says when that is", t)
	case longest > limit:
		return fmt.Sprintf("%s, which is up to %s away (%s)", t, days(longest), every)
	}
	return ""
}

// untilNext is the longest that an event such as "the next penetration test" can be away: a control
// of the event's name says how often it is.
func (v *view) untilNext(event string) (every policy.Term, longest time.Duration) {
	event = strings.TrimPrefix(event, "the next ")
	for _, control := range []string{"penetration-test", "exercise", "access-review", "switch-over"} {
		if name := strings.ReplaceAll(control, "-", " "); name != event && !strings.HasSuffix(name, " "+event) {
			continue
		}
		for _, b := range v.keeps[control] {
			if d, ok := b.term("every").Longest(); ok && (longest == 0 || d < longest) {
				every, longest = b.term("every"), d
			}
		}
	}
	return every, longest
}

// days puts a span as the language does, and other spans as people do.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	switch n := d / day; {
	case d%day != 0:
		return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
	case n == 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
