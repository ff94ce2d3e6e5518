package identity

import (
	"crypto/sha256"
	"sync"
	"time"

	"clause.dev/clause/internal/identity/token"
)

// maxCached bounds the cache: some 4 MB, if applications are as large as they may usefully be.
const maxCached = 4096

// cache remembers which keys were proven, by their hash: only the right key finds an entry, so that
// a wrong one for a known id takes as long as one for an unknown id. A nil cache remembers nothing.
type cache struct {
	mu      sync.RWMutex
	apps    map[[sha256.Size]byte]proven
	forgets uint64 // how often something was forgotten
}

// proven is an application, and the key it was proven with, or the token that was had with that.
type proven struct {
	app   Application
	key   Key
	token token.Claims
}

// live reports whether it may call at a time.
func (p *proven) live(now time.Time) bool { return p.app.live(now) && p.key.live(now) }

func newCache() *cache { return &cache{apps: map[[sha256.Size]byte]proven{}} }

// get returns the application of a key and a mark to put with.
func (c *cache) get(hash [sha256.Size]byte) (app proven, mark uint64, ok bool) {
	if c == nil {
		return proven{}, 0, false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	app, ok = c.apps[hash]
	return app, c.forgets, ok
}

// put remembers an application, unless something was forgotten since the mark was taken: what was
// read before a revocation must not outlive it.
func (c *cache) put(hash [sha256.Size]byte, app proven, mark uint64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgets != mark {
		return
	}
	if len(c.apps) >= maxCached {
		c.dropOne()
	}
	c.apps[hash] = app
}

// dropOne makes room: any will do, since the worst is one more read of the store.
func (c *cache) dropOne() {
	for hash := range c.apps {
		delete(c.apps, hash)
		return
	}
}

// forget drops an application, whatever key it was proven with.
func (c *cache) forget(id string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgets++
	for hash, app := range c.apps {
		if app.app.ID == id {
			delete(c.apps, hash)
		}
	}
}
