package control_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestChangeNoticeCheck(t *testing.T) {
	days := func(n int, unit policy.Unit) policy.Term {
		return policy.Term{Form: policy.Within, Count: n, Unit: unit}
	}
	checks(t, []check{
		{name: "days", control: &control.ChangeNotice{Ahead: days(30, policy.Day), Channels: []string{"email", "in-app"}}},
		{name: "no figure", control: &control.ChangeNotice{Ahead: policy.Term{Form: policy.Prompt}}, param: "ahead", finds: []string{"no first day"}},
		{name: "business days of no calendar", control: &control.ChangeNotice{Ahead: days(5, policy.BusinessDay)}, param: "ahead", finds: []string{"on a calendar"}},
		{name: "by telephone", control: &control.ChangeNotice{Ahead: days(30, policy.Day), Channels: []string{"phone"}}, param: "channels", finds: []string{"ring everybody up"}},
	})
}

func changeNoticeSabotages() []sabotage {
	announces := func(r *http.Request) bool {
		return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/policy-versions")
	}
	return []sabotage{
		{name: "a version is announced for any day", says: "for a day too early was allowed", front: pleasing(announces)},
		{name: "a shorter notice is given than was promised", says: "for a day too early was allowed", engine: func(p *policy.Policy) { ahead(p, 3) }},
		{name: "the server answers with an earlier day", says: "and the first day is", front: rewritten(announces, `"first":"20`, `"first":"10`)},
		{name: "what changes is not told", says: "What changes is not told", front: rewritten(announces, "canary@canary.invalid", "")},
		{name: "material changes need not be announced", says: "without having been announced", front: rewritten(announces, `"state":"announced"`, `"state":"free"`)},
		{name: "people are told by one channel of two", says: "is not told by email", engine: func(p *policy.Policy) {
			eachChangeNotice(p, func(params policy.Params) { params["channels"] = []string{"in-app"} })
		}},
		{name: "the messages are lost", says: "is not told by", front: func(_ *control.System, next http.Handler) http.Handler { return next }, before: loseMessages},
		{name: "the server starts with anything", says: "was allowed", system: func(_ *world, sys *control.System) {
			sys.MayTakeEffect = func(context.Context, []byte, time.Time) error { return nil }
		}},
		{name: "the server starts with what nobody was told of", says: "nobody was told of was allowed", system: func(_ *world, sys *control.System) {
			honest := sys.MayTakeEffect
			sys.MayTakeEffect = func(ctx context.Context, src []byte, at time.Time) error {
				if bytes.Contains(src, []byte("other-canary@canary")) {
					return nil
				}
				return honest(ctx, src, at)
			}
		}},
	}
}

// loseMessages has the store drop what is to be told, as soon as it is.
func loseMessages(t *testing.T, w *world) {
	canary := w.System().Canary.A.ID
	w.sql(t, canary, `CREATE TRIGGER lost AFTER INSERT ON outbox BEGIN DELETE FROM outbox WHERE message_id = NEW.message_id; END`)
	t.Cleanup(func() { w.exec(context.Background(), canary, `DROP TRIGGER lost`) })
}

func eachChangeNotice(p *policy.Policy, change func(policy.Params)) {
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			if keep.Control == "change-notice" {
				change(keep.Params)
			}
		}
	}
}

func ahead(p *policy.Policy, days int) {
	eachChangeNotice(p, func(params policy.Params) {
		params["ahead"] = policy.Term{Form: policy.Within, Count: days, Unit: policy.Day}
	})
}
