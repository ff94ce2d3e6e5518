package control_test

import (
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/notify"
)

func pagerSabotages() []sabotage {
	return []sabotage{
		{name: "the second has no pager", says: "Number 2 on call is not called", notify: func(n *app.Notify) { n.Staff["bob"] = notify.Member{Webhook: true, OnCall: 2} }},
		{name: "the pager's service refuses the key", says: "failed (http-400)", notify: func(n *app.Notify) { n.PagerKey = "refused0123456789abcdef01234567" }},
		{name: "no pager is set up", says: "waiting (not-set-up)", notify: func(n *app.Notify) { n.PagerKey = "" }},
		{name: "a laxer figure is run by", says: "unacknowledged for longer than 15 minutes", engine: laxerAlerts},
	}
}
