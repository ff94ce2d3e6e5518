// Package detection searches what people and programs do at the doors: for threats, which are ways of attacking that
// are known, and for outliers, which are minutes unlike the hour before.
//
// What is searched is held in memory, in bounded windows, and nowhere else: an address, a path and a session are
// remembered as numbers that mean nothing outside of this process (a hash under a key made at its start). What is
// found names neither, but what happens, and at which door.
package detection

import (
	"hash/maphash"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Interaction is one request and its answer, as a door saw it.
type Interaction struct {
	At      time.Time     // when it was answered, by the machine's clock
	Took    time.Duration // until the answer began
	From    netip.Addr    // of whoever asked, and Port: that of their connection
	Port    uint16
	Method  string
	Path    string // as asked; Route is what may be kept of it
	Route   string // such as POST /account/{lang}/sign-in; "" where the door knows none
	Status  int    // 0: whoever asked went away before
	Bytes   int64  // of the answer
	Subject string // who was signed in; "" for nobody
	Session string // by which session
	Try     Try
}

// Place reads where a connection comes from, as net/http tells it: nowhere, if it is no address.
func Place(remote string) (from netip.Addr, port uint16) {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return from, 0
	}
	return at.Addr().Unmap(), at.Port()
}

// Try is what became of an attempt to prove who one is.
type Try uint8

// The attempts.
const (
	None   Try = iota // it was none
	Passed            // signed in
	Failed            // a wrong password, code or key, or too many of them
)

// The kinds of what is found, as alerts call them.
const (
	Threat  = "threat"
	Outlier = "outlier"
)

// Alarm is something that was found, once for as long as it lasts.
type Alarm struct {
	Kind   string // Threat or Outlier
	Cause  string // what, and at which door: "scanning.gate"
	Tenant string // whose door it is
	Drill  bool
}

// Search says what is searched for.
type Search struct{ Threats, Outliers bool }

// Watch remembers what happens at the doors. Safe for use by many at once.
type Watch struct {
	search Search
	seed   maphash.Seed
	mu     sync.Mutex
	scopes map[string]*Scope
}

// New returns a watch that has seen nothing.
func New(s Search) *Watch {
	return &Watch{search: s, seed: maphash.MakeSeed(), scopes: map[string]*Scope{}}
}

// Bounds of what is remembered.
const (
	maxDrills    = 32     // doors that probes made
	maxSources   = 20_000 // of a door: some 5 MB
	maxSessions  = 20_000 // of a door: some 3 MB
	drillSources = 500    // of a probe's door, and sessions
)

// Scope is one door of a tenant. What happens at it is compared with what happened there before.
type Scope struct {
	name, tenant string
	drill        bool
	watch        *Watch

	mu       sync.Mutex
	seen     int64 // interactions
	slot     int64 // the newest
	tries    window[outcomes]
	sources  map[uint64]*source
	sessions map[uint64]*travels
	minutes  minutes
	told     map[string]time.Time // what was found and told, by its cause: when last it was found
}

// Scope returns the door of a name, which is remembered from its first use on. Drills, the doors that probes make
// for themselves, are forgotten where there are too many.
func (w *Watch) Scope(tenant, name string, drill bool) *Scope {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := tenant + "/" + name
	if s := w.scopes[key]; s != nil {
		return s
	}
	if drill {
		w.makeRoom()
	}
	s := &Scope{name: name, tenant: tenant, drill: drill, watch: w}
	s.forget()
	w.scopes[key] = s
	return s
}

// makeRoom forgets the drills that were quiet for longest.
func (w *Watch) makeRoom() {
	var drills []string
	for key, s := range w.scopes {
		if s.drill {
			drills = append(drills, key)
		}
	}
	slices.SortFunc(drills, func(a, b string) int { return int(w.scopes[a].newest() - w.scopes[b].newest()) })
	for len(drills) >= maxDrills {
		delete(w.scopes, drills[0])
		drills = drills[1:]
	}
}

func (s *Scope) newest() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slot
}

func (s *Scope) forget() {
	s.sources, s.sessions, s.told = map[uint64]*source{}, map[uint64]*travels{}, map[string]time.Time{}
	s.tries, s.minutes = window[outcomes]{}, minutes{}
}

// Observe remembers an interaction.
func (s *Scope) Observe(i Interaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	slot := s.reach(i.At)
	if s.watch.search.Outliers {
		s.minutes.count(slot/slotsOfMinute, &i)
	}
	if s.watch.search.Threats {
		s.count(slot, &i)
	}
}

// Seen is how many interactions there were since the start at the doors of a name.
func (w *Watch) Seen(name string) (n int64) {
	for _, s := range w.all() {
		if s.name == name {
			s.mu.Lock()
			n += s.seen
			s.mu.Unlock()
		}
	}
	return n
}

// reach goes on to the slot of a moment. A clock that was set back by more than a window would keep what is
// remembered from growing old: then all is forgotten.
func (s *Scope) reach(at time.Time) int64 {
	slot := at.Unix() / int64(slotLength/time.Second)
	if slot < s.slot-windowSlots {
		s.forget()
		s.slot = slot
	}
	s.slot = max(s.slot, slot)
	return s.slot
}

// Run searches all doors, and calls tell with what is found for the first time: once, for as long as it lasts and
// ten minutes more. What tell fails with is told again at the next run.
func (w *Watch) Run(now time.Time, tell func(Alarm) error) (err error) {
	for _, s := range w.all() {
		for _, a := range s.fresh(now) {
			if e := tell(a); e != nil {
				s.untold(a)
				err = e
			}
		}
	}
	return err
}

func (w *Watch) all() (scopes []*Scope) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.scopes {
		scopes = append(scopes, s)
	}
	slices.SortFunc(scopes, func(a, b *Scope) int { return strings.Compare(a.tenant+"/"+a.name, b.tenant+"/"+b.name) })
	return scopes
}

// quiet is how long something is not found any more until it would be told again.
const quiet = 10 * time.Minute

// fresh is what is found now and was not told.
func (s *Scope) fresh(now time.Time) (all []Alarm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.told, func(_ string, last time.Time) bool { return now.Sub(last).Abs() > quiet })
	for _, a := range s.found(now) {
		if _, lasts := s.told[a.Cause]; !lasts {
			all = append(all, a)
		}
		s.told[a.Cause] = now
	}
	return all
}

func (s *Scope) untold(a Alarm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.told, a.Cause)
}

// found is what is found now.
func (s *Scope) found(now time.Time) (all []Alarm) {
	slot := s.reach(now)
	for _, kind := range []struct {
		name string
		what []string
	}{{Threat, s.threats(slot)}, {Outlier, s.minutes.outliers(slot / slotsOfMinute)}} {
		for _, what := range kind.what {
			all = append(all, Alarm{Kind: kind.name, Cause: what + "." + s.name, Tenant: s.tenant, Drill: s.drill})
		}
	}
	return all
}
