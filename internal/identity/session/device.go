package session

import (
	"net/netip"
	"strings"
	"sync"
)

// maxDevices bounds what is remembered: some 20 MB.
const maxDevices = 100_000

// devices remembers where sessions are used, in memory alone.
type devices struct {
	mu    sync.Mutex
	known map[[2]string]Device
}

func (d *devices) put(tenant, id string, on Device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil {
		d.known = map[[2]string]Device{}
	}
	for at := range d.known { // any will do: it is only shown
		if len(d.known) < maxDevices {
			break
		}
		delete(d.known, at)
	}
	d.known[[2]string{tenant, id}] = on
}

func (d *devices) get(tenant, id string) (Device, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	on, ok := d.known[[2]string{tenant, id}]
	return on, ok
}

func (d *devices) forget(tenant, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, [2]string{tenant, id})
}

// DeviceOf is what a person recognises a device by, from an address and the User-Agent field.
func DeviceOf(address, agent string) Device {
	return Device{Address: Near(address), Browser: browser(agent)}
}

// Near is an address without its last part: the /24 of IPv4, the /48 of IPv6; "" for what is no address.
func Near(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// browser names the browser and the system in a User-Agent field, in fixed words: nothing of what was sent
// is repeated.
func browser(agent string) string {
	name := first(agent, "Edg", "Edge", "OPR/", "Opera", "Firefox", "Firefox", "FxiOS", "Firefox", "CriOS", "Chrome", "Chrome", "Chrome", "Safari", "Safari", "curl", "curl")
	system := first(agent, "iPhone", "iOS", "iPad", "iPadOS", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case name == "":
		return ""
	case system == "":
		return name
	}
	return name + " on " + system
}

// first returns the name after the first of the marks that is in text.
func first(text string, marksAndNames ...string) string {
	for i := 0; i < len(marksAndNames); i += 2 {
		if strings.Contains(text, marksAndNames[i]) {
			return marksAndNames[i+1]
		}
	}
	return ""
}
