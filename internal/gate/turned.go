package gate

import (
	"net/http"
	"sync/atomic"
)

// reason is why a request did not come in.
type reason int

const (
	forBan reason = iota
	forAttack
	forHost
	forMethod
	forRate
	forPath
	forSize
	forPace
	forForm
	reasons
)

// The reasons, as figures name them.
var reasonNames = [reasons]string{"ban", "attack", "host", "method", "rate", "path", "size", "pace", "form"}

// counters count what did not come in.
type counters [reasons]atomic.Int64

func (c *counters) add(why reason) { c[why].Add(1) }

// TurnedAway counts, by reason, the requests that did not come in.
func (g *Gate) TurnedAway() map[string]int64 {
	all := make(map[string]int64, reasons)
	for why, name := range reasonNames {
		all[name] = g.away[why].Load()
	}
	return all
}

// turn turns a request away.
func (g *Gate) turn(w http.ResponseWriter, why reason, status int, text string) {
	g.away.add(why)
	refuse(w, status, text)
}
