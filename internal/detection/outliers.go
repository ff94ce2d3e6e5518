package detection

import (
	"math"
	"net/http"
	"slices"
	"time"
)

// What may stand out in a minute.
const (
	ServerErrors = "server-errors" // answers of 500 and more
	Refusals     = "refusals"      // answers of 400 to 499
	Busy         = "volume-high"   // requests
	Still        = "volume-low"    // too few
	Bytes        = "bytes-high"    // sent out
	Slow         = "latency"       // until an answer began, which 19 of 20 kept
)

// A minute is compared with the hour before it.
const (
	hour    = 60 // minutes
	warm    = 30 // of them must be known
	ringOf  = hour + 2
	classes = 32 // of latency, each half an octave: 1 ms, 1.4 ms, 2 ms, …, 46 s
)

// extreme is from which modified z-score on a value is an outlier (Iglewicz and Hoaglin, How to Detect and Handle
// Outliers, 1993; NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17).
const extreme = 3.5

// minute is what happened in one.
type minute struct {
	requests, errors, refused uint32
	bytes                     int64
	timed                     uint32 // those that were answered: a WebSocket takes as long as somebody stays
	took                      [classes]uint32
}

// minutes are those of the last hour.
type minutes struct {
	first, last int64 // 0: there are none
	ring        [ringOf]minute
}

// at returns a minute, which is the newest.
func (m *minutes) at(n int64) *minute {
	if m.last == 0 {
		m.first, m.last = n, n
	}
	for k := max(m.last+1, n-ringOf+1); k <= n; k++ {
		m.ring[k%ringOf] = minute{}
	}
	m.last = max(m.last, n)
	return &m.ring[m.last%ringOf]
}

func (m *minutes) count(n int64, i *Interaction) {
	now := m.at(n)
	now.requests++
	now.bytes += i.Bytes
	if i.Status != 0 {
		now.timed++
		now.took[classOf(i.Took)]++
	}
	switch {
	case i.Status >= http.StatusInternalServerError:
		now.errors++
	case i.Status >= http.StatusBadRequest:
		now.refused++
	}
}

// classOf is the class of a latency: twice the binary logarithm of its milliseconds, rounded up.
func classOf(took time.Duration) int {
	ms := float64(took) / float64(time.Millisecond)
	if ms <= 1 {
		return 0
	}
	return min(int(math.Ceil(2*math.Log2(ms))), classes-1)
}

// tail is the class that 19 of 20 requests keep.
func (m *minute) tail() float64 {
	rest := m.timed / 20
	for class := classes - 1; class > 0; class-- {
		if m.took[class] > rest {
			return float64(class)
		}
		rest -= m.took[class]
	}
	return 0
}

// series is one figure of each minute.
type series struct {
	what string
	// of is the figure; false where a minute says nothing of it.
	of func(*minute) (float64, bool)
	// spread is the least by which values differ anyway, around a median.
	spread func(median float64) float64
	// counts reports whether a value is worth telling at all.
	counts func(value, median float64) bool
	known  int  // minutes that must be; 0: those that are not had none
	below  bool // it stands out by being small, once the minute is over
}

// counted is how much a count differs by chance (Poisson).
func counted(median float64) float64 { return max(1, math.Sqrt(median)) }

// figures are the series. A server that starts knows of no errors, and reports the first many; of the rest it has to
// see half an hour first.
func figures() []series {
	count := func(f func(*minute) uint32) func(*minute) (float64, bool) {
		return func(m *minute) (float64, bool) { return float64(f(m)), true }
	}
	requests := count(func(m *minute) uint32 { return m.requests })
	return []series{
		{what: ServerErrors, of: count(func(m *minute) uint32 { return m.errors }), spread: counted, counts: func(v, _ float64) bool { return v >= 10 }},
		{what: Refusals, of: count(func(m *minute) uint32 { return m.refused }), spread: counted, known: warm, counts: func(v, med float64) bool { return v >= 30 && v >= 3*med }},
		{what: Busy, of: requests, spread: counted, known: warm, counts: func(v, med float64) bool { return v >= 100 && v >= 3*med }},
		{what: Still, of: requests, spread: counted, known: warm, below: true, counts: func(v, med float64) bool { return med >= 30 && v <= med/5 }},
		{what: Bytes, of: func(m *minute) (float64, bool) { return float64(m.bytes) / (1 << 20), true }, spread: func(med float64) float64 { return max(1, med/4) }, known: warm,
			counts: func(v, med float64) bool { return v >= 64 && v >= 3*med }},
		{what: Slow, of: func(m *minute) (float64, bool) { return m.tail(), m.timed >= 20 }, spread: func(float64) float64 { return 1 }, known: warm / 2,
			counts: func(v, _ float64) bool { return v >= 14 }}, // 128 ms
	}
}

// outliers are the series that stand out in a minute so far, or did in the one before.
func (m *minutes) outliers(n int64) (what []string) {
	if m.last == 0 {
		return nil
	}
	m.at(n)
	for _, s := range figures() {
		if m.standsOut(&s, n-1) || !s.below && m.standsOut(&s, n) {
			what = append(what, s.what)
		}
	}
	return what
}

// standsOut reports whether a minute is an outlier among those of the hour before it.
func (m *minutes) standsOut(s *series, n int64) bool {
	if n < m.first || n <= m.last-ringOf {
		return false
	}
	value, ok := s.of(&m.ring[n%ringOf])
	if !ok {
		return false
	}
	before := make([]float64, 0, hour)
	for k := max(m.first, n-hour, m.last-ringOf+1); k < n; k++ {
		if v, ok := s.of(&m.ring[k%ringOf]); ok {
			before = append(before, v)
		}
	}
	if len(before) < s.known {
		return false
	}
	for s.known == 0 && len(before) < warm {
		before = append(before, 0)
	}
	middle := median(before)
	if !s.counts(value, middle) {
		return false
	}
	score := modified(value, middle, before, s.spread(middle))
	return !s.below && score > extreme || s.below && score < -extreme
}

// modified is the modified z-score of a value: how many robust standard deviations it is from the median, by the
// median of the absolute deviations from it. Where values hardly differ, they are taken to differ by the least.
func modified(value, middle float64, values []float64, least float64) float64 {
	off := make([]float64, len(values))
	for i, v := range values {
		off[i] = math.Abs(v - middle)
	}
	const ofNormal = 0.6745 // the median absolute deviation of a normal distribution, in standard deviations
	return (value - middle) / max(median(off)/ofNormal, least)
}

// median is the middle of values, which it sorts.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
