package connect

import (
	"cmp"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const hookSecret = "a secret of at least 24 bytes"

// company is a system behind a webhook, which keeps the contract unless told otherwise.
type company struct {
	t      *testing.T
	mu     sync.Mutex
	rows   map[string][]string // by external id
	erased map[string]int64    // by idempotency id: how many, once
	calls  []asked
	answer func(w http.ResponseWriter, a asked) bool // true: answered
}

func (o *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	var a asked
	if err := json.Unmarshal(body, &a); err != nil {
		o.t.Error(err)
	}
	want := "v1," + sign([]byte(hookSecret), r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
	if r.Method != "POST" || r.Header.Get("Webhook-Signature") != want || r.Header.Get("Webhook-Id") != a.ID || a.ID == "" {
		o.t.Errorf("a call that is not signed as the contract says: %s %v", body, r.Header)
	}
	if at, err := time.Parse(time.RFC3339, a.At); err != nil || fmt.Sprint(at.Unix()) != r.Header.Get("Webhook-Timestamp") {
		o.t.Errorf("the call is of %s", a.At)
	}
	o.calls = append(o.calls, a)
	if o.answer != nil && o.answer(w, a) {
		return
	}
	switch a.Action {
	case "ping":
	case "export":
		n := 0
		for _, id := range a.Values {
			for _, v := range o.rows[id] {
				fmt.Fprintf(w, `{"data":"orders","key":"%d","fields":{"item":%q}}`+"\n", n, v)
				n++
			}
		}
		fmt.Fprintf(w, `{"end":true,"rows":%d}`+"\n", n)
	case "erase":
		n, again := o.erased[a.ID]
		if !again {
			for _, id := range a.Values {
				n += int64(len(o.rows[id]))
				delete(o.rows, id)
			}
			o.erased[a.ID] = n
		}
		fmt.Fprintf(w, `{"state":"done","rows":%d}`, n)
	case "verify":
		n := 0
		for _, id := range a.Values {
			n += len(o.rows[id])
		}
		fmt.Fprintf(w, `{"state":"done","rows":%d}`, n)
	}
}

// hooked is a system behind a webhook, and the set that reaches it.
func hooked(t *testing.T, more string) (*company, *Set) {
	t.Helper()
	o := &company{t: t, rows: map[string][]string{"c-1": {"tea", "milk"}, "c-2": {"rum"}}, erased: map[string]int64{}}
	server := httptest.NewTLSServer(o)
	t.Cleanup(server.Close)
	ca := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, "connectors:\n- {id: crm, kind: webhook, identifier: customer, url: "+server.URL+", secret: {env: S}, data: [orders], ca: "+ca+more+"}", map[string]string{"S": hookSecret})
	s := newSet(t, c)
	s.members[0].system.(*hookSystem).first = 5 * time.Millisecond
	return o, s
}

const local = ", private: [127.0.0.0/8]"

func TestAWebhookExportsAndErases(t *testing.T) {
	o, s := hooked(t, local)
	to := &shelf{}
	mustSay(t, walk(t, s, person("c-1"), Export(to), &Memory{}), "crm. export 2 done")
	if got := text(to.rows); got != `[{"System":"crm","Table":"","DataSet":"orders","Key":"0","Fields":{"item":"tea"}},{"System":"crm","Table":"","DataSet":"orders","Key":"1","Fields":{"item":"milk"}}]` {
		t.Fatal(got)
	}
	mustSay(t, walk(t, s, person("c-1"), Verify(), &Memory{}), "crm. verify 2 failed: 2 rows are there")
	mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "crm. erase 2 done")
	mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "crm. erase 2 done") // told again under the same id
	if len(o.rows) != 1 || len(o.erased) != 1 {
		t.Fatalf("left are %v after %v", o.rows, o.erased)
	}
	if a := o.calls[0]; a.Tenant != "acme" || a.Identifier != "customer" || len(a.Values) != 1 || strings.Contains(a.ID, "r1") {
		t.Fatalf("asked %+v", a)
	}
	if found := s.Check(t.Context()); len(found) != 0 {
		t.Fatalf("check finds %+v", found)
	}
	if a := o.calls[len(o.calls)-1]; a.Action != "ping" || a.Values != nil {
		t.Fatalf("the check asked %+v", a)
	}
}

func TestAWebhookOnItsBadDays(t *testing.T) {
	say := func(code int, body string) func(http.ResponseWriter, asked) bool {
		return func(w http.ResponseWriter, a asked) bool {
			w.WriteHeader(code)
			fmt.Fprint(w, body)
			return true
		}
	}
	times := func(n int, then func(http.ResponseWriter, asked) bool) func(http.ResponseWriter, asked) bool {
		return func(w http.ResponseWriter, a asked) bool {
			n--
			return n >= 0 && then(w, a)
		}
	}
	only := func(action string, then func(http.ResponseWriter, asked) bool) func(http.ResponseWriter, asked) bool {
		return func(w http.ResponseWriter, a asked) bool { return a.Action == action && then(w, a) }
	}
	// What is given up for the time it takes. The fourth second is in the middle of a wait for what is worked on.
	soon := map[string]string{"works on it for ever": ", timeout: 4s, call: 20s", "hangs": ", timeout: 1m, call: 200ms"}
	for _, c := range []struct {
		name   string
		action Action
		answer func(http.ResponseWriter, asked) bool
		want   string
	}{
		{"is down for a moment", Erase(), times(3, say(503, "c-1 is a secret")), "crm. erase 2 done"},
		{"is down", Erase(), say(503, ""), "crm. erase 0 failed: the system answers with status 503"},
		{"works on it for a while", Erase(), times(9, say(202, `{"state":"working"}`)), "crm. erase 2 done"},
		{"works on it for ever", Erase(), say(202, `{"state":"working"}`), "crm. erase 0 working: the system says it is still working on it"},
		{"refuses", Erase(), say(403, "c-1"), "crm. erase 0 failed: the system answers with status 403"},
		{"redirects", Erase(), func(w http.ResponseWriter, a asked) bool {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(307)
			return true
		}, "crm. erase 0 failed: the system answers with a redirection, which is not followed"},
		{"says it failed", Erase(), say(200, `{"state":"failed"}`), "crm. erase 0 failed: the system says it failed"},
		{"says nothing", Erase(), say(200, ``), "crm. erase 0 failed: the answer is not what the contract says"},
		{"forgets the rows", Erase(), say(200, `{"state":"done"}`), "crm. erase 0 failed: the answer is not what the contract says"},
		{"answers without end", Erase(), say(200, strings.Repeat(" ", 1<<20)), "crm. erase 0 failed: the answer is not what the contract says"},
		{"lies", Erase(), only("erase", say(200, `{"state":"done","rows":2}`)), "crm. erase 2 failed: the system says it was done, but asked again it counts 2 rows"},
		{"breaks off", Export(&shelf{}), say(200, `{"data":"orders","key":"1","fields":{}}`+"\n"), "crm. export 1 failed: the answer broke off"},
		{"breaks off once", Export(&shelf{}), times(1, say(200, `{"data":"orders","key":"1","fields":{}}`+"\n")), "crm. export 2 done"},
		{"miscounts", Export(&shelf{}), say(200, `{"end":true,"rows":1}`), "crm. export 0 failed: the answer holds more or fewer rows than it says"},
		{"tells of other data", Export(&shelf{}), say(200, `{"data":"profile","fields":{}}`), "crm. export 0 failed: the answer holds a data set that the configuration does not name"},
		{"tells of other fields", Export(&shelf{}), say(200, `{"data":"orders","fields":{"password":1}}`), "crm. export 0 failed: the answer holds a field that the data set orders does not have"},
		{"tells long lines", Export(&shelf{}), say(200, strings.Repeat(" ", 2<<20)), "crm. export 0 failed: a line of the answer is longer than 1 MiB"},
		{"hangs", Verify(), func(http.ResponseWriter, asked) bool { time.Sleep(300 * time.Millisecond); return true }, "crm. verify 0 failed: the system did not answer in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, s := hooked(t, local+", attempts: 4"+cmp.Or(soon[c.name], ", timeout: 1m, call: 20s"))
			o.answer = c.answer
			mustSay(t, walk(t, s, person("c-1"), c.action, &Memory{}), c.want)
		})
	}
}

// What was begun before a crash is ended under the same id, and its figure is that of the first time.
func TestAWebhookIsAskedAgainUnderOneID(t *testing.T) {
	o, s := hooked(t, local)
	kept := &Memory{lines: []Line{{System: "crm", Did: "erase", State: Working, Rows: 2}}}
	delete(o.rows, "c-1")
	mustSay(t, walk(t, s, person("c-1"), Erase(), kept), "crm. erase 2 done")
	before := len(o.calls)
	mustSay(t, walk(t, s, person("c-1"), Erase(), kept), "crm. erase 2 done")
	if len(o.calls) != before {
		t.Fatal("what is done is asked for again")
	}
	ids := map[string]bool{}
	for _, p := range []Person{{Ref: "r1", IDs: person("c-1").IDs}, {Ref: "r2", IDs: person("c-1").IDs}} {
		for _, a := range []Action{Erase(), Export(&shelf{})} {
			walk(t, s, p, a, &Memory{})
			for _, c := range o.calls[before:] {
				ids[c.ID] = true
			}
		}
	}
	if len(ids) != 6 { // of two requests: erase, verify, export
		t.Fatalf("%d ids", len(ids))
	}
}

// A webhook's name may be made to lead to machines that trust this one (SSRF).
func TestPrivateAddressesAreRefused(t *testing.T) {
	o, s := hooked(t, "")
	mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "crm. erase 0 failed: the address is not public, and private does not name it")
	if len(o.calls) != 0 {
		t.Fatal("it was called")
	}
	for _, address := range []string{
		"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1",
		"::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "x",
	} {
		if guard(nil)("tcp", net.JoinHostPort(address, "443"), nil) == nil {
			t.Errorf("%s is taken for public", address)
		}
	}
	for _, address := range []string{"8.8.8.8", "2606:4700::1111"} {
		if err := guard(nil)("tcp", net.JoinHostPort(address, "443"), nil); err != nil {
			t.Errorf("%s is not taken for public", address)
		}
	}
	if guard([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")})("tcp", "10.1.2.3:443", nil) != nil || guard([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")})("tcp", "10.2.2.3:443", nil) == nil {
		t.Error("the wrong addresses are allowed")
	}
}

func TestAStrangersCertificateIsRefused(t *testing.T) {
	o, s := hooked(t, local)
	h := s.members[0].system.(*hookSystem)
	h.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = nil
	mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "crm. erase 0 failed: the system's certificate is not known")
	if len(o.calls) != 0 {
		t.Fatal("it was called")
	}
}
