package console

import (
	"net/http"
	"strconv"
	"time"

	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/evidence"
)

// Desks are where the console's pages get what they show. Each call is admitted, and recorded, by the domain.
type Desks struct {
	Board      *evidence.Board
	Clocks     *duty.Desk
	Audit      *duty.Audit
	Alerts     *alert.Desk
	Configured Configured
	// Work are the desks of requests, incidents and what else staff see to.
	Work Work
}

// boards are the pages that every member sees, and those of the ledgers.
func (d *door) boards(page route) {
	page("GET", "{$}", (*visit).clauses)
	page("GET", "clauses", (*visit).clauses)
	page("GET", "clauses/{clause}", (*visit).clause)
	page("GET", "owed", (*visit).owed)
	page("GET", "at", (*visit).reach)
	page("GET", "at/{tenant}/{$}", (*visit).reach)
	page("GET", "at/{tenant}/clocks", (*visit).clocks)
	page("GET", "at/{tenant}/clocks/{clock}", (*visit).clock)
	page("GET", "at/{tenant}/alerts", (*visit).alerts)
	page("POST", "at/{tenant}/alerts/{alert}/acknowledge", (*visit).acknowledge)
	page("GET", "at/{tenant}/ledger", (*visit).ledger)
	page("GET", "at/{tenant}/ledger/checkpoint", (*visit).checkpoint)
	page("GET", "at/{tenant}/ledger/{seq}", (*visit).entry)
	page("GET", "at/{tenant}/ledger/{seq}/entry", (*visit).entryFile)
	page("GET", "at/{tenant}/ledger/{seq}/proof", (*visit).proofFile)
	page("GET", "configuration", (*visit).configuration)
}

// states are those of clauses, those that need somebody first.
var states = []evidence.State{evidence.Broken, evidence.AtRisk, evidence.Unkept, evidence.Kept, evidence.Attested, evidence.Stated}

// clausesPage is the board of clauses.
type clausesPage struct {
	Rows   []evidence.Row
	Counts []stateCount
	All    int
	Only   string // the state shown alone; "" for all
	Plot   span
}

type stateCount struct {
	State string
	N     int
}

func (v *visit) clauses() error {
	rows, since, err := v.door.Desks.Board.Clauses(v.r.Context(), v.who.Caller)
	if err != nil {
		return err
	}
	p := clausesPage{All: len(rows), Only: v.query("state"), Plot: span{since, v.door.Now()}}
	for _, state := range states {
		n := 0
		for i := range rows {
			if rows[i].State == state {
				n++
				if p.Only == "" || p.Only == string(state) {
					p.Rows = append(p.Rows, rows[i])
				}
			}
		}
		if n > 0 {
			p.Counts = append(p.Counts, stateCount{string(state), n})
		}
	}
	return v.show(http.StatusOK, "clauses", p, nil)
}

// clausePage is one clause and its evidence.
type clausePage struct {
	evidence.Seen
	Plot  span
	Older string
}

func (v *visit) clause() error {
	var before time.Time
	if us, err := strconv.ParseInt(v.query("before"), 10, 64); err == nil && us > 0 {
		before = time.UnixMicro(us).UTC()
	}
	seen, err := v.door.Desks.Board.Clause(v.r.Context(), v.who.Caller, v.r.PathValue("clause"), before)
	if err != nil {
		return err
	}
	p := clausePage{Seen: seen, Plot: span{seen.Since, v.door.Now()}}
	for _, lane := range seen.Lanes { // what is older than the first look is not drawn
		if len(lane) > 0 && (p.Plot.From.Equal(seen.Since) || lane[0].From.Before(p.Plot.From)) {
			p.Plot.From = lane[0].From
		}
	}
	if !seen.Before.IsZero() {
		p.Older = strconv.FormatInt(seen.Before.UnixMicro(), 10)
	}
	return v.show(http.StatusOK, "clause", p, nil)
}

// owedPage is how the clocks of each clause stand, in counts.
type owedPage struct {
	Owed []evidence.Owed
	Sum  evidence.Owed
}

func (v *visit) owed() error {
	all, err := v.door.Desks.Board.Owed(v.r.Context(), v.who.Caller)
	if err != nil {
		return err
	}
	p := owedPage{Owed: all}
	for i := range all {
		p.Sum.Add(all[i].Standing)
	}
	return v.show(http.StatusOK, "owed", p, nil)
}

// reach lists the tenants that somebody may turn to.
func (v *visit) reach() error {
	all, err := v.door.Desks.Board.Reach(v.r.Context(), v.who.Caller)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "tenants", v.tenants(all), nil)
}
