package detection_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/detection"
)

// door is one that is watched.
type door struct {
	*testing.T
	watch *detection.Watch
	scope *detection.Scope
	now   time.Time
}

func open(t *testing.T, only ...detection.Search) *door {
	w := detection.New(append(only, detection.Search{Threats: true, Outliers: true})[0])
	return &door{t, w, w.Scope("acme", "gate", false), time.Unix(1_800_000_000, 0)}
}

// causes are what a search tells.
func (d *door) causes() (all []string) {
	d.Helper()
	if err := d.watch.Run(d.now, func(a detection.Alarm) error { all = append(all, a.Kind+" "+a.Cause+" "+a.Tenant); return nil }); err != nil {
		d.Fatal(err)
	}
	return all
}

func (d *door) tells(want ...string) {
	d.Helper()
	if got := d.causes(); !slices.Equal(got, want) {
		d.Errorf("told %q, want %q", got, want)
	}
}

func (d *door) sees(n int, of func(k int) detection.Interaction) {
	for k := range n {
		i := of(k)
		i.At = d.now
		if !i.From.IsValid() {
			i.From = netip.MustParseAddr("192.0.2.1")
		}
		d.scope.Observe(i)
	}
}

func scan(k int) detection.Interaction {
	return detection.Interaction{Path: fmt.Sprint("/admin/", k), Status: 404}
}

func TestAThreatIsToldOnce(t *testing.T) {
	d := open(t, detection.Search{Threats: true})
	d.sees(200, scan)
	d.tells("threat scanning.gate acme")
	d.tells()
	for range 20 { // it goes on for twenty minutes
		d.now = d.now.Add(time.Minute)
		d.sees(200, scan)
		d.tells()
	}
	d.now = d.now.Add(16 * time.Minute) // it left the window, and was quiet for ten more
	d.tells()
	d.sees(200, scan)
	d.tells("threat scanning.gate acme")
}

func TestWhatCouldNotBeToldIsToldAgain(t *testing.T) {
	d := open(t)
	d.sees(200, scan)
	broken := errors.New("the store is away")
	if err := d.watch.Run(d.now, func(detection.Alarm) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("the failure is %v", err)
	}
	d.tells("threat scanning.gate acme")
}

// TestPeopleAreNoThreat: what people and their browsers do is not taken for an attack.
func TestPeopleAreNoThreat(t *testing.T) {
	address := func(text string) netip.Addr { return netip.MustParseAddr(text) }
	for name, do := range map[string]func(*door){
		"a page whose one picture is missing": func(d *door) {
			d.sees(600, func(int) detection.Interaction { return detection.Interaction{Path: "/logo.png", Status: 404} })
		},
		"an office that mistypes": func(d *door) {
			d.sees(15, func(int) detection.Interaction { return detection.Interaction{Status: 401, Try: detection.Failed} })
			d.sees(40, func(int) detection.Interaction { return detection.Interaction{Status: 303, Try: detection.Passed} })
		},
		"a Monday morning": func(d *door) { // many sign in, a few of them wrongly
			d.sees(300, func(k int) detection.Interaction {
				i := detection.Interaction{From: netip.AddrFrom4([4]byte{10, 0, byte(k), 1}), Try: detection.Passed, Status: 303}
				if k%4 == 0 {
					i.Try, i.Status = detection.Failed, 401
				}
				return i
			})
		},
		"a telephone that leaves home": func(d *door) {
			for _, at := range []string{"192.0.2.1", "192.0.2.1", "198.51.100.7", "198.51.100.9", "192.0.2.1"} {
				d.sees(10, func(int) detection.Interaction {
					return detection.Interaction{From: address(at), Session: "s", Status: 200}
				})
			}
		},
		"a telephone with addresses of both kinds": func(d *door) {
			d.sees(100, func(k int) detection.Interaction {
				return detection.Interaction{From: address([]string{"192.0.2.1", "2001:db8::1"}[k%2]), Session: "s", Status: 200}
			})
		},
		"slow pages, one in a hundred": func(d *door) {
			for range 40 {
				d.sees(100, func(k int) detection.Interaction {
					return detection.Interaction{Status: 200, Took: time.Duration(k/99) * 10 * time.Second}
				})
				d.now = d.now.Add(time.Minute)
			}
		},
		"WebSockets that end, some after an hour": func(d *door) {
			for n := range 40 {
				d.sees(40, func(k int) detection.Interaction {
					return detection.Interaction{Status: 200 * (1 - k%2*(n/35)), Took: time.Duration(k%2*(n/35)) * time.Hour}
				})
				d.now = d.now.Add(time.Minute)
			}
		},
		"a day that grows busier": func(d *door) {
			for n := range 120 {
				d.sees(100+n, func(int) detection.Interaction { return detection.Interaction{Status: 200} })
				d.tells()
				d.now = d.now.Add(time.Minute)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			do(d)
			d.tells()
		})
	}
}

// TestTheHourBefore: a minute is an outlier beside quiet ones, and usual after half an hour of its like.
func TestTheHourBefore(t *testing.T) {
	d := open(t)
	fails := func(int) detection.Interaction { return detection.Interaction{Status: 502} }
	d.sees(9, fails)
	d.tells()
	d.sees(1, fails)
	d.tells("outlier server-errors.gate acme")
	for range 60 {
		d.now = d.now.Add(time.Minute)
		d.sees(10, fails)
		d.tells()
	}
	d.now = d.now.Add(2 * time.Minute)
	d.sees(10, fails)
	d.tells() // that is how it is now
	d.sees(50, fails)
	d.tells("outlier server-errors.gate acme")
}

func TestManyPlacesAreBounded(t *testing.T) {
	d := open(t)
	guess := func(int) detection.Interaction { return detection.Interaction{Status: 401, Try: detection.Failed} }
	d.sees(25, guess)
	d.sees(60_000, func(k int) detection.Interaction {
		return detection.Interaction{From: netip.AddrFrom4([4]byte{10, byte(k >> 16), byte(k >> 8), byte(k)}), Session: fmt.Sprint(k), Status: 200}
	})
	if n := d.scope.Remembered(); n > 40_000 {
		t.Errorf("%d places and sessions are remembered", n)
	}
	d.tells("threat brute-force.gate acme")
}

// TestStuffingFromEverywhere: 200 a second from as many places as there are requests.
func TestStuffingFromEverywhere(t *testing.T) {
	d := open(t)
	for range 120 {
		d.sees(200, func(k int) detection.Interaction {
			return detection.Interaction{From: netip.AddrFrom4([4]byte{10, byte(d.now.Unix()), byte(k), 1}), Status: 401, Try: detection.Failed}
		})
		d.now = d.now.Add(time.Second)
	}
	d.tells("threat credential-stuffing.gate acme")
}

func TestAClockThatIsSetBack(t *testing.T) {
	d := open(t)
	d.now = d.now.Add(24 * time.Hour)
	d.sees(200, scan)
	d.now = d.now.Add(-24 * time.Hour)
	d.tells()
	d.sees(200, scan)
	d.tells("threat scanning.gate acme")
}

// TestDrillsAreForgotten: probes make doors of their own, again and again.
func TestDrillsAreForgotten(t *testing.T) {
	d := open(t)
	d.sees(200, scan)
	for k := range 1000 {
		s := d.watch.Scope("canary", fmt.Sprint("drill-", k), true)
		s.Observe(detection.Interaction{At: d.now, Status: 200})
	}
	if n := d.watch.Doors(); n > 40 {
		t.Errorf("%d doors are remembered", n)
	}
	d.tells("threat scanning.gate acme")
}

func TestWhatIsNotSearchedFor(t *testing.T) {
	d := open(t, detection.Search{})
	d.sees(200, scan)
	d.sees(200, func(int) detection.Interaction { return detection.Interaction{Status: 500, Try: detection.Failed} })
	d.tells()
	if d.scope.Remembered() != 0 {
		t.Error("what nobody searches is remembered")
	}
}

func BenchmarkObserve(b *testing.B) {
	w := detection.New(detection.Search{Threats: true, Outliers: true})
	s := w.Scope("acme", "gate", false)
	i := detection.Interaction{At: time.Unix(1_800_000_000, 0), From: netip.MustParseAddr("192.0.2.1"), Path: "/a/b", Status: 200, Session: "s"}
	b.ReportAllocs()
	for b.Loop() {
		s.Observe(i)
	}
}
