package connect

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// errPrivate is why an address is not connected to.
var errPrivate = errors.New("the address is not public, and private does not name it")

// guard refuses connections into networks that are not public, unless they are named: a name that
// somebody else may point elsewhere must not make us speak to machines that trust us (SSRF). It looks at
// the address that is connected to, after the name was looked up, so that no second look-up can differ.
func guard(allowed []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return errPrivate
		}
		ip, err := netip.ParseAddr(host)
		if err != nil {
			return errPrivate
		}
		ip = ip.Unmap().WithZone("")
		if slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(ip) }) || public(ip) {
			return nil
		}
		return errPrivate
	}
}

// public reports whether an address is one of the internet at large. Go knows some of those that are not;
// the others are of IANA's registries of special-purpose addresses.
func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special {
		if netip.MustParsePrefix(p).Contains(ip) {
			return false
		}
	}
	return true
}

var special = []string{
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
}
