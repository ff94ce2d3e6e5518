package app

import (
	"context"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/work"
)

// openConnected makes the systems outside the vault reachable. Nothing is connected to before it is needed:
// one that is down keeps no server from starting, one that is set up wrongly does.
func (a *App) openConnected() (err error) {
	if a.Connect == nil {
		return nil
	}
	a.Connected, err = connect.New(a.Connect, a.Now)
	return err
}

func (a *App) closeConnected() error {
	if a.Connected == nil {
		return nil
	}
	return a.Connected.Close()
}

// connectDuty watches the systems outside: a table that was renamed must not be found out on the day that
// somebody asks for erasure.
func (a *App) connectDuty() work.Duty {
	return work.Duty{Name: "check connectors", Every: 6 * time.Hour, Now: true, Do: func(ctx context.Context) error {
		for _, r := range a.Connected.Check(ctx) {
			if r.Fails && ctx.Err() == nil {
				a.Log.Warn("a connector cannot do its work", "system", r.System, "table", r.Table, "why", r.Msg)
			}
		}
		return nil
	}}
}
