package app

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/work"
)

// The doors, as what is found at them is named.
const (
	apiDoor  = "api"
	gateDoor = "gate"
)

// observeFront has what programs do at the front door searched, if a clause says so. The probes try there what is
// not allowed, each time they run: that is no attack.
func (a *App) observeFront() func(detection.Interaction) {
	if a.watch == nil {
		return nil
	}
	front := a.watch.Scope(db.Organisation, apiDoor, false)
	return func(i detection.Interaction) {
		if !a.own.holds(netip.AddrPortFrom(i.From, i.Port)) {
			front.Observe(i)
		}
	}
}

// own are the ends of the probes' connections to the front door.
type own struct{ ends sync.Map } // by netip.AddrPort

func (o *own) holds(end netip.AddrPort) bool {
	_, ok := o.ends.Load(end)
	return ok
}

// through has a client's connections be known.
func (o *own) through(c *http.Client) *http.Client {
	t, ok := c.Transport.(*http.Transport)
	if !ok {
		return c
	}
	var dialer net.Dialer
	t.DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, kind, address)
		if err != nil {
			return nil, err
		}
		at, err := netip.ParseAddrPort(conn.LocalAddr().String())
		if err != nil {
			return conn, nil
		}
		end := netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		o.ends.Store(end, nil)
		return &ownConn{conn, sync.OnceFunc(func() { o.ends.Delete(end) })}, nil
	}
	return c
}

type ownConn struct {
	net.Conn
	over func()
}

// Close ends it.
func (c *ownConn) Close() error {
	defer c.over()
	return c.Conn.Close()
}

// observeCanary has a gate of the probes be a door of its own, so that nothing but what the probe does there is
// found. It returns its name.
func (a *App) observeCanary(c *gate.Config) (door string) {
	door = gateDoor + "-" + strings.ToLower(rand.Text()[:10])
	a.observe(c, canaryA, door, true)
	if a.watch == nil {
		return ""
	}
	return door
}

// observe has a gate tell of its requests those that clauses want to know: the search, and the log.
func (a *App) observe(c *gate.Config, tenant, door string, drill bool) {
	var all []func(detection.Interaction)
	if a.watch != nil {
		all = append(all, a.watch.Scope(tenant, door, drill).Observe)
	}
	if a.interactions != nil {
		c.Passed = func(i detection.Interaction) { a.interactions.Note(tenant, i) }
		all = append(all, c.Passed)
	}
	if len(all) > 0 {
		c.Observe = func(i detection.Interaction) {
			for _, observer := range all {
				observer(i)
			}
		}
	}
}

// seen is how many interactions of a door of this server were searched.
func (a *App) seen(door string) (n int64) {
	if a.watch == nil {
		return 0
	}
	return a.watch.Seen(door)
}

// searchDuty raises an alert for what is found.
func (a *App) searchDuty() work.Duty {
	return work.Duty{Name: "search interactions", Every: 3 * a.Beat / 10, Do: func(ctx context.Context) error {
		return a.watch.Run(a.Wall(), func(found detection.Alarm) error { return a.raise(ctx, found) })
	}}
}

func (a *App) raise(ctx context.Context, found detection.Alarm) error {
	severity := "warning"
	if found.Drill {
		severity = "info"
	}
	return fault.Wrap("app.raise", a.DB.Write(ctx, found.Tenant, func(tx *db.Tx) error {
		_, err := a.alerts(a.Vault).Raise(tx, alert.Alarm{Kind: found.Kind, Cause: found.Cause, Severity: severity, Drill: found.Drill, Anew: true, By: "clause"})
		return err
	}))
}
