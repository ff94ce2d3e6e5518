package detection

import (
	"hash/maphash"
	"math/bits"
	"net/http"
	"net/netip"
)

// The threats that are known, by the names that OWASP's list of automated threats and MITRE's ATT&CK have for them.
const (
	BruteForce         = "brute-force"         // one source tries passwords, codes or keys (OAT-007, T1110.001)
	CredentialStuffing = "credential-stuffing" // many sources try a few each (OAT-008, T1110.004)
	Scanning           = "scanning"            // one source looks for what is not there (OAT-014, T1595)
	SessionHijacking   = "session-hijacking"   // one session comes and goes between two networks (T1539)
)

// What it takes, within the window of five minutes. docs/gate.md has the table.
const (
	bruteFailed   = 20 // failed attempts of a source
	stuffFailed   = 50 // of all sources
	stuffSources  = 10 // that failed
	failsPerPass  = 4  // failed attempts for each that passed: people do better
	scanMissing   = 50 // answers of a source that there is no such thing
	scanPages     = 32 // bits of 64 set by the paths of those: about 45 different ones
	hijackChanges = 4  // of network, there and back again twice
)

// outcomes are those of attempts, at all sources.
type outcomes struct{ passed, failed uint32 }

// source is where requests come from: an address of IPv4, a /64 of IPv6, as one household or server has.
type source struct{ window[acts] }

// acts are those of a source in a slot.
type acts struct {
	requests, missing, passed, failed uint32
	pages                             uint64 // a bit for each path that is not there, by its hash
}

// travels are the networks from which a session comes. Those of IPv4 and IPv6 are apart: a telephone has one of
// each, and takes either.
type travels struct {
	last [2]uint64
	window[uint16]
}

// count remembers an interaction among those searched for threats.
func (s *Scope) count(slot int64, i *Interaction) {
	tries := s.tries.at(slot)
	switch i.Try {
	case Passed:
		tries.passed++
	case Failed:
		tries.failed++
	}
	a := s.sourceOf(i.From, slot).at(slot)
	a.requests++
	switch i.Try {
	case Passed:
		a.passed++
	case Failed:
		a.failed++
	}
	if missing(i.Status) {
		a.missing++
		a.pages |= 1 << (maphash.String(s.watch.seed, i.Path) % 64)
	}
	if i.Session != "" && i.From.IsValid() {
		s.travel(slot, i)
	}
}

// missing reports whether an answer says that there is no such thing, or that nobody asks so.
func missing(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusMisdirectedRequest:
		return true
	}
	return false
}

// sourceOf is what is remembered of where a request comes from.
func (s *Scope) sourceOf(from netip.Addr, slot int64) *source {
	key := s.watch.digest(from, 32, 64)
	found := s.sources[key]
	if found == nil {
		found = &source{}
		makeRoom(s.sources, s.most(maxSources), func(one *source) int { return one.weight(slot) })
		s.sources[key] = found
	}
	return found
}

func (s *Scope) most(n int) int {
	if s.drill {
		return drillSources
	}
	return n
}

// weight is how much a source has against it: what is forgotten first has the least.
func (o *source) weight(slot int64) (n int) {
	sum := o.sum(slot)
	return int(sum.failed + sum.missing)
}

func (o *source) sum(slot int64) (all acts) {
	for a := range o.newest(slot) {
		all.requests += a.requests
		all.missing += a.missing
		all.passed += a.passed
		all.failed += a.failed
		all.pages |= a.pages
	}
	return all
}

// looked is how many are looked at to find one to forget.
const looked = 32

// makeRoom forgets one, where there are as many as may be: of some that chance picks, the one of the least weight.
func makeRoom[T any](known map[uint64]T, most int, weight func(T) int) {
	if len(known) < most {
		return
	}
	var least uint64
	lightest, n := -1, 0
	for key, one := range known {
		if w := weight(one); lightest < 0 || w < lightest {
			least, lightest = key, w
		}
		if n++; n == looked || lightest == 0 {
			break
		}
	}
	delete(known, least)
}

// digest is a network, as it is remembered: a number under this process's key.
func (w *Watch) digest(a netip.Addr, bits4, bits6 int) uint64 {
	a = a.Unmap().WithZone("")
	n := bits6
	if a.Is4() {
		n = bits4
	}
	p, err := a.Prefix(n)
	if err != nil { // of no address at all
		return 0
	}
	return maphash.Comparable(w.seed, p)
}

// travel remembers from which network a session comes: a /24 of IPv4, a /48 of IPv6, as providers hand out.
func (s *Scope) travel(slot int64, i *Interaction) {
	key := maphash.String(s.watch.seed, i.Session)
	t := s.sessions[key]
	if t == nil {
		t = &travels{}
		makeRoom(s.sessions, s.most(maxSessions), func(one *travels) int { return int(one.changes(slot)) })
		s.sessions[key] = t
	}
	if t.idle(slot) {
		t.last = [2]uint64{}
	}
	family := 0
	if !i.From.Unmap().Is4() {
		family = 1
	}
	at, changes := s.watch.digest(i.From, 24, 48), t.at(slot)
	if was := t.last[family]; was != 0 && was != at {
		*changes++
	}
	t.last[family] = at
}

func (t *travels) changes(slot int64) (n uint16) {
	for k := range t.newest(slot) {
		n += *k
	}
	return n
}

// threats are those that are found. What was idle for a window is forgotten.
func (s *Scope) threats(slot int64) (all []string) {
	brute, scans, failing := false, false, 0
	for key, one := range s.sources {
		if one.idle(slot) {
			delete(s.sources, key)
			continue
		}
		sum := one.sum(slot)
		brute = brute || sum.failed >= bruteFailed && sum.failed > failsPerPass*sum.passed
		scans = scans || sum.missing >= scanMissing && 2*sum.missing >= sum.requests && bits.OnesCount64(sum.pages) >= scanPages
		if sum.failed > 0 {
			failing++
		}
	}
	if brute {
		all = append(all, BruteForce)
	}
	if s.stuffed(slot, failing) {
		all = append(all, CredentialStuffing)
	}
	if scans {
		all = append(all, Scanning)
	}
	hijacked := false
	for key, t := range s.sessions {
		if t.idle(slot) {
			delete(s.sessions, key)
			continue
		}
		hijacked = hijacked || t.changes(slot) >= hijackChanges
	}
	if hijacked {
		all = append(all, SessionHijacking)
	}
	return all
}

func (s *Scope) stuffed(slot int64, failing int) bool {
	var all outcomes
	for o := range s.tries.newest(slot) {
		all.passed += o.passed
		all.failed += o.failed
	}
	return all.failed >= stuffFailed && failing >= stuffSources && all.failed > failsPerPass*all.passed
}
