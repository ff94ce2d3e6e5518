package httpapi

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound what clients may ask of the server. A zero field takes the default named.
type Limits struct {
	PerCredential rate.Limit    // requests a second of one credential; 20,000
	Burst         int           // of one credential; as many as PerCredential
	Failures      rate.Limit    // failed authentications a second from one address; 1
	FailureBurst  int           // 20
	Concurrent    int           // requests at a time; 512
	BodyWithin    time.Duration // a JSON body must have arrived by then; 10 s
	BlobRate      int64         // bytes a second that a blob must move at, BodyWithin aside; 64 KiB
}

func (l Limits) orDefaults() Limits {
	def(&l.PerCredential, 20000)
	def(&l.Burst, int(l.PerCredential))
	def(&l.Burst, 1)
	def(&l.Failures, 1)
	def(&l.FailureBurst, 20)
	def(&l.Concurrent, 512)
	def(&l.BodyWithin, 10*time.Second)
	def(&l.BlobRate, 64<<10)
	return l
}

func def[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// maxKeys bounds the memory that keys sent by strangers can take.
const maxKeys = 10_000

// limiter is a token bucket for each key.
type limiter struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimiter(r rate.Limit, burst int) *limiter {
	return &limiter{rate: r, burst: burst, buckets: map[string]*rate.Limiter{}}
}

// allow takes a token of the key's bucket, if there is one.
func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	b, ok := l.buckets[key]
	if !ok {
		if len(l.buckets) >= maxKeys {
			l.forget(now)
		}
		b = rate.NewLimiter(l.rate, l.burst)
		l.buckets[key] = b
	}
	l.mu.Unlock()
	return b.AllowN(now, 1)
}

// holds reports whether the key's bucket has a token left, and takes none.
func (l *limiter) holds(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	return !ok || b.TokensAt(now) >= 1
}

// forget drops the buckets that are full again, which loses nothing. When there are none it drops
// them all: an attacker with so many keys gains a burst for each, and no memory.
func (l *limiter) forget(now time.Time) {
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= maxKeys {
		clear(l.buckets)
	}
}

// addressKey is the client's address as far as it identifies one: a whole IPv6 network of 64 bits
// belongs to one customer of a provider.
func addressKey(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
