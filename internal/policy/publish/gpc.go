package publish

import (
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
)

// gpcSupport says that the site honours Global Privacy Control (https://w3c.github.io/gpc/): a person
// who sends the signal has opted out of sale and of advertising. That is so where a clause promises
// neither to anybody; else nothing is said.
func gpcSupport(r *register) ([]byte, error) {
	advertises := slices.ContainsFunc(r.Cookies, func(c policy.Cookie) bool { return c.Kind == policy.Advertising })
	if len(r.keeping("no-direct-marketing")) == 0 || advertises {
		return nil, nil
	}
	return encode(struct {
		GPC        bool   `json:"gpc"`
		LastUpdate string `json:"lastUpdate"`
	}{true, r.day().Format(time.DateOnly)})
}
