package detection

import (
	"fmt"
	"hash/maphash"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model remembers everything, and searches it from the beginning each time.
type model struct {
	watch *Watch
	all   []Interaction
}

func slotOf(t time.Time) int64 { return t.Unix() / 30 }

// within are the interactions of the window that ends with a moment.
func (m *model) within(now time.Time) (some []Interaction) {
	for _, i := range m.all {
		if slotOf(i.At) > slotOf(now)-10 {
			some = append(some, i)
		}
	}
	return some
}

func prefix(a netip.Addr, four, six int) netip.Prefix {
	n := six
	if a.Is4() {
		n = four
	}
	p, _ := a.Prefix(n)
	return p
}

func (m *model) threats(now time.Time) (what []string) {
	type sum struct {
		requests, missing, passed, failed int
		pages                             map[uint64]bool
	}
	sources, passed, failed, failing := map[netip.Prefix]*sum{}, 0, 0, map[netip.Prefix]bool{}
	for _, i := range m.within(now) {
		at := prefix(i.From, 32, 64)
		if sources[at] == nil {
			sources[at] = &sum{pages: map[uint64]bool{}}
		}
		s := sources[at]
		s.requests++
		switch i.Try {
		case Passed:
			s.passed++
			passed++
		case Failed:
			s.failed++
			failed++
			failing[at] = true
		}
		if slices.Contains([]int{400, 403, 404, 405, 421}, i.Status) {
			s.missing++
			s.pages[maphash.String(m.watch.seed, i.Path)%64] = true
		}
	}
	brute, scan := false, false
	for _, s := range sources {
		brute = brute || s.failed >= 20 && s.failed > 4*s.passed
		scan = scan || s.missing >= 50 && s.missing >= s.requests-s.missing && len(s.pages) >= 32
	}
	for _, one := range []struct {
		name string
		is   bool
	}{
		{BruteForce, brute}, {CredentialStuffing, failed >= 50 && len(failing) >= 10 && failed > 4*passed}, {Scanning, scan},
		{SessionHijacking, m.hijacked(now)},
	} {
		if one.is {
			what = append(what, one.name)
		}
	}
	return what
}

func (m *model) hijacked(now time.Time) bool {
	type where struct {
		session string
		four    bool
	}
	last, seen, changes := map[where]netip.Prefix{}, map[string]int64{}, map[string]int{}
	for _, i := range m.all {
		if i.Session == "" {
			continue
		}
		if was, ok := seen[i.Session]; ok && slotOf(i.At)-was >= 10 {
			delete(last, where{i.Session, true})
			delete(last, where{i.Session, false})
		}
		seen[i.Session] = slotOf(i.At)
		at, key := prefix(i.From, 24, 48), where{i.Session, i.From.Is4()}
		if was, ok := last[key]; ok && was != at && slotOf(i.At) > slotOf(now)-10 {
			changes[i.Session]++
		}
		last[key] = at
	}
	for _, n := range changes {
		if n >= 4 {
			return true
		}
	}
	return false
}

// TestThreatsAreThoseOfTheModel: what the windows find is what a search of everything finds.
func TestThreatsAreThoseOfTheModel(t *testing.T) {
	found := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := New(Search{Threats: true, Outliers: true})
		scope, m := w.Scope("acme", "gate", false), &model{watch: w}
		now := time.Unix(1_800_000_000, 0)
		for range rapid.IntRange(1, 25).Draw(t, "bursts") {
			burst(t, scope, m, &now)
			got, want := scope.threats(scope.reach(now)), m.threats(now)
			if !slices.Equal(got, want) {
				t.Fatalf("found %v, the model %v", got, want)
			}
			for _, what := range got {
				found[what]++
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "pause")) * time.Second)
			if got, want := scope.threats(scope.reach(now)), m.threats(now); !slices.Equal(got, want) {
				t.Fatalf("later found %v, the model %v", got, want)
			}
		}
	})
	for _, what := range []string{BruteForce, CredentialStuffing, Scanning, SessionHijacking} {
		if found[what] == 0 {
			t.Errorf("%s was never found: the property says nothing of it", what)
		}
	}
}

// burst is some requests of one kind, from one or many places.
func burst(t *rapid.T, s *Scope, m *model, now *time.Time) {
	places := rapid.SampledFrom([]int{1, 1, 2, 12}).Draw(t, "places")
	status := rapid.SampledFrom([]int{200, 404, 404, 401, 500}).Draw(t, "status")
	try := rapid.SampledFrom([]Try{None, Failed, Failed, Passed}).Draw(t, "try")
	pages := rapid.SampledFrom([]int{1, 20, 200}).Draw(t, "pages")
	session := rapid.SampledFrom([]string{"", "s1", "s2"}).Draw(t, "session")
	six := rapid.Bool().Draw(t, "six")
	gap := time.Duration(rapid.SampledFrom([]int{0, 0, 100, 500, 3000}).Draw(t, "gap")) * time.Millisecond
	for k := range rapid.IntRange(1, 80).Draw(t, "requests") {
		from := netip.AddrFrom4([4]byte{192, 0, byte(k % places), 1})
		if six {
			from = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, byte(k % places), 15: byte(k)})
		}
		i := Interaction{At: *now, From: from, Path: fmt.Sprint("/", k%pages), Status: status, Try: try, Session: session}
		s.Observe(i)
		m.all = append(m.all, i)
		*now = now.Add(gap)
	}
}

// outliers searches all interactions minute by minute.
func (m *model) outliers(now time.Time) (what []string) {
	if len(m.all) == 0 {
		return nil
	}
	first, running := m.all[0].At.Unix()/60, now.Unix()/60
	minutes := map[int64][]Interaction{}
	for _, i := range m.all {
		minutes[i.At.Unix()/60] = append(minutes[i.At.Unix()/60], i)
	}
	number := func(some []Interaction, is func(Interaction) bool) (n float64) {
		for _, i := range some {
			if is(i) {
				n++
			}
		}
		return n
	}
	for _, s := range figures() {
		value := func(n int64) (float64, bool) {
			some := minutes[n]
			switch s.what {
			case ServerErrors:
				return number(some, func(i Interaction) bool { return i.Status >= 500 }), true
			case Refusals:
				return number(some, func(i Interaction) bool { return i.Status >= 400 && i.Status < 500 }), true
			case Bytes:
				sum := int64(0)
				for _, i := range some {
					sum += i.Bytes
				}
				return float64(sum) / (1 << 20), true
			case Slow:
				var classes []int
				for _, i := range some {
					if i.Status != 0 {
						classes = append(classes, classOf(i.Took))
					}
				}
				slices.Sort(classes)
				if len(classes) < 20 {
					return 0, false
				}
				return float64(classes[len(classes)-1-len(classes)/20]), true
			}
			return float64(len(some)), true
		}
		judge := func(n int64) bool {
			if n < first {
				return false
			}
			x, ok := value(n)
			var before []float64
			for k := n - 60; k < n; k++ {
				if v, ok := value(k); ok && k >= first {
					before = append(before, v)
				}
			}
			if s.known == 0 {
				before = append(before, make([]float64, max(0, 30-len(before)))...)
			}
			if !ok || len(before) < s.known {
				return false
			}
			middle := slowMedian(before)
			var off []float64
			for _, v := range before {
				off = append(off, math.Abs(v-middle))
			}
			z := (x - middle) / math.Max(slowMedian(off)/0.6745, s.spread(middle))
			return s.counts(x, middle) && (!s.below && z > 3.5 || s.below && z < -3.5)
		}
		if judge(running-1) || !s.below && judge(running) {
			what = append(what, s.what)
		}
	}
	return what
}

// slowMedian takes off the ends until one or two are left.
func slowMedian(values []float64) float64 {
	v := slices.Clone(values)
	for len(v) > 2 {
		v = slices.Delete(v, slices.Index(v, slices.Min(v)), slices.Index(v, slices.Min(v))+1)
		v = slices.Delete(v, slices.Index(v, slices.Max(v)), slices.Index(v, slices.Max(v))+1)
	}
	if len(v) == 1 {
		return v[0]
	}
	return (v[0] + v[1]) / 2
}

// TestOutliersAreThoseOfTheModel: what the ring of minutes finds is what all interactions say.
func TestOutliersAreThoseOfTheModel(t *testing.T) {
	found := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := New(Search{Outliers: true})
		scope, m := w.Scope("acme", "gate", false), &model{watch: w}
		now := time.Unix(1_800_000_000, 0)
		usual := rapid.SampledFrom([]int{0, 5, 25, 35, 40}).Draw(t, "usual")
		for range rapid.SampledFrom([]int{5, 40, 50, 80}).Draw(t, "minutes") {
			n, i := usual, Interaction{Status: 200, Took: 5 * time.Millisecond, Bytes: 1 << 20}
			if rapid.IntRange(0, 9).Draw(t, "unusual") == 0 {
				n = rapid.SampledFrom([]int{0, 0, 3, 35, 150}).Draw(t, "requests")
				i.Status = rapid.SampledFrom([]int{0, 200, 404, 503}).Draw(t, "status")
				i.Took = rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Hour}).Draw(t, "took")
			}
			for range n {
				i.At = now
				scope.Observe(i)
				m.all = append(m.all, i)
			}
			if len(m.all) > 0 {
				got, want := scope.minutes.outliers(scope.reach(now)/2), m.outliers(now)
				if !slices.Equal(got, want) {
					t.Fatalf("found %v, the model %v", got, want)
				}
				for _, what := range got {
					found[what]++
				}
			}
			now = now.Add(time.Duration(rapid.SampledFrom([]int{20, 60, 60, 60, 60, 200}).Draw(t, "pause")) * time.Second)
		}
	})
	for _, s := range figures() {
		if found[s.what] == 0 {
			t.Errorf("%s was never found: the property says nothing of it", s.what)
		}
	}
}
