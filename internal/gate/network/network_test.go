package network

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
)

func ranges(t testing.TB, list ...string) []netip.Prefix {
	t.Helper()
	all, err := Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "192.0.2.0/28": "192.0.2.0/28", "2001:db8::1": "2001:db8::1/128", "2001:db8::/32": "2001:db8::/32",
		"::ffff:192.0.2.7": "192.0.2.7/32", "0.0.0.0/0": "0.0.0.0/0",
		"192.0.2.1/28": "", "": "", "example.com": "", "192.0.2.7:80": "", "fe80::1%eth0": "", "::ffff:192.0.2.0/120": "", "192.0.2.0/33": "",
	} {
		got, err := Parse([]string{text})
		if want == "" {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%q is read as %v, %v", text, got, err)
			}
		} else if err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("%q is read as %v, %v; want %s", text, got, err, want)
		}
	}
}

// TestClient: a proxy's word counts for what it added, and nobody else's for anything.
func TestClient(t *testing.T) {
	rules := Rules{Proxies: ranges(t, "10.0.0.1", "10.0.0.2", "2001:db8:1::/48")}
	const eve, ana, proxy = "203.0.113.9", "198.51.100.7", "10.0.0.1:4711"
	for _, row := range []struct {
		name, peer string
		xff, fwd   []string
		want       string // "": refused
	}{
		{"nobody in between", eve + ":1", nil, nil, eve},
		{"a client that says it is another", eve + ":1", []string{ana}, []string{"for=" + ana}, eve},
		{"a client that names a proxy", eve + ":1", []string{"10.0.0.1"}, nil, eve},
		{"a proxy that says nothing", proxy, nil, nil, "10.0.0.1"},
		{"a proxy", proxy, []string{eve}, nil, eve},
		{"a proxy, by the standard", proxy, nil, []string{"for=" + eve}, eve},
		{"what the client wrote before it", proxy, []string{ana + ", " + eve}, nil, eve},
		{"in a line of its own", proxy, []string{ana, eve}, nil, eve},
		{"by the standard", proxy, nil, []string{"for=" + ana + ", for=" + eve + ";proto=https"}, eve},
		{"two proxies", proxy, []string{ana + ", " + eve + ", 10.0.0.2"}, nil, eve},
		{"a client that names a proxy before itself", proxy, []string{"10.0.0.2, " + eve}, nil, eve},
		{"one of the proxies asks", proxy, []string{"10.0.0.2"}, nil, "10.0.0.2"},
		{"with ports", proxy, []string{ana + ", " + eve + ":8080"}, nil, eve},
		{"IPv6", "[2001:db8:1::5]:1", []string{"2001:db8::9"}, nil, "2001:db8::9"},
		{"IPv6 in brackets", proxy, []string{"[2001:db8::9]:80"}, nil, "2001:db8::9"},
		{"IPv6, by the standard", proxy, nil, []string{`For="[2001:db8::9]:4711";by=x`}, "2001:db8::9"},
		{"IPv4 within IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:" + eve}, nil, eve},
		{"a proxy that does not know", proxy, []string{ana + ", unknown"}, nil, "10.0.0.1"},
		{"a proxy that hides it", proxy, nil, []string{"for=" + ana + ", for=_hidden"}, "10.0.0.1"},
		{"a proxy that leaves it out", proxy, nil, []string{"for=" + ana + ", proto=https"}, "10.0.0.1"},
		{"rubbish of the client's", proxy, []string{"';--, " + eve}, nil, eve},
		{"two headers that agree", proxy, []string{ana + ", " + eve}, []string{"for=" + eve}, eve},
		{"a header that the proxy passes on", proxy, []string{eve}, []string{"for=" + ana}, ""},
		{"the other that it passes on", proxy, []string{ana}, []string{"for=" + eve}, ""},
		{"a quote that swallows what the proxy adds", proxy, nil, []string{`for="` + ana + `, for=` + eve}, ""},
		{"a quote that is escaped", proxy, nil, []string{`for="` + ana + `\", for=` + eve + `"`}, "10.0.0.1"},
		{"two of a name", proxy, nil, []string{"for=" + ana + ";for=" + eve}, ""},
		{"no pair", proxy, nil, []string{eve}, ""},
		{"an empty line", proxy, []string{""}, nil, "10.0.0.1"},
		{"an empty line of the standard", proxy, nil, []string{""}, ""},
		{"zones", "[fe80::1%eth0]:1", []string{ana}, nil, "fe80::1"},
	} {
		h := http.Header{}
		for _, line := range row.xff {
			h.Add("X-Forwarded-For", line)
		}
		for _, line := range row.fwd {
			h.Add("Forwarded", line)
		}
		got, ok := rules.client(address(row.peer), h)
		if ok != (row.want != "") || ok && got.String() != row.want {
			t.Errorf("%s: %s, %v; want %s", row.name, got, ok, row.want)
		}
	}
}

// TestNoClientChoosesItsAddress: whatever somebody sends, a proxy that adds where they come from is believed.
func TestNoClientChoosesItsAddress(t *testing.T) {
	rules := Rules{Proxies: ranges(t, "10.0.0.0/30")}
	eve := netip.MustParseAddr("203.0.113.9")
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]string{"10.0.0.1", "198.51.100.7", "for=10.0.0.1", `for="`, "unknown", ",", `"`, `\`, "::1", "[", "for=", "", ";"}), rapid.String(),
		), 0, 5).Draw(t, "said")
		h := http.Header{}
		name := rapid.SampledFrom([]string{"X-Forwarded-For", "Forwarded"}).Draw(t, "header")
		add := map[string]string{"X-Forwarded-For": eve.String(), "Forwarded": "for=" + eve.String()}[name]
		if rapid.Bool().Draw(t, "in one line") {
			h.Set(name, strings.Join(append(said, add), ", "))
		} else {
			for _, line := range append(said, add) {
				h.Add(name, line)
			}
		}
		if got, ok := rules.client(netip.MustParseAddr("10.0.0.1"), h); ok && got != eve {
			t.Fatalf("%q is believed to come from %s", h, got)
		}
	})
}

func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{`for=192.0.2.1`, `For="[2001:db8::1]:4711";by=x, for=_a`, `for="a\"b"`, `for="`, `=`, `a=b;`, `a=b,`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		chain, ok := forwarded([]string{line})
		if again, same := forwarded([]string{line + ", for=192.0.2.1"}); ok && (!same || again[len(again)-1] != "192.0.2.1" || len(again) != len(chain)+1) {
			t.Errorf("%q is %q, and with another hop %q", line, chain, again)
		}
	})
}

// TestHandler: those who are not admitted are turned away, by proxies too, and the others are told by their address.
func TestHandler(t *testing.T) {
	rules := Rules{Admit: ranges(t, "192.0.2.0/24"), Proxies: ranges(t, "10.0.0.1")}
	seen := ""
	door := rules.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.RemoteAddr }))
	for _, row := range []struct {
		peer, xff string
		status    int
		seen      string
	}{
		{"192.0.2.5:99", "", 200, "192.0.2.5:99"},
		{"192.0.2.5:99", "203.0.113.9", 200, "192.0.2.5:99"},
		{"203.0.113.9:99", "", 403, ""},
		{"203.0.113.9:99", "192.0.2.5", 403, ""},
		{"10.0.0.1:99", "192.0.2.5", 200, "192.0.2.5:0"},
		{"10.0.0.1:99", "203.0.113.9", 403, ""},
		{"10.0.0.1:99", "192.0.2.5, 203.0.113.9", 403, ""},
		{"10.0.0.1:99", "", 403, ""}, // a proxy is not who stands behind it
		{"nowhere", "192.0.2.5", 403, ""},
		{"@", "", 403, ""},
	} {
		seen = ""
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = row.peer
		if row.xff != "" {
			r.Header.Set("X-Forwarded-For", row.xff)
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if w.Code != row.status || seen != row.seen {
			t.Errorf("%s, which says %q: %d, seen as %q; want %d, %q", row.peer, row.xff, w.Code, seen, row.status, row.seen)
		}
	}
}

// TestListen: a connection from elsewhere is closed before a byte.
func TestListen(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rules := Rules{Admit: ranges(t, "127.0.0.1"), Proxies: ranges(t, "127.0.0.3")}
	web := &httptest.Server{Listener: rules.Listen(inner), Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })}}
	web.Start()
	defer web.Close()
	for from, admitted := range map[string]bool{"127.0.0.1": true, "127.0.0.2": false, "127.0.0.3": true} {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
		a, err := c.Get(web.URL)
		if err == nil {
			a.Body.Close()
		}
		if admitted != (err == nil) {
			t.Errorf("from %s: %v", from, err)
		}
	}
}
