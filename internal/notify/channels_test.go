package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

const secret = "a secret of twenty-four bytes or more"

// receiver keeps what is posted to it and answers as it is told.
type receiver struct {
	*httptest.Server
	status int
	header map[string]string
	got    []posted
}

type posted struct {
	header http.Header
	body   string
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusAccepted}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.got = append(r.got, posted{q.Header, string(body)})
		for key, value := range r.header {
			w.Header().Set(key, value)
		}
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, "an answer that is read no further")
	}))
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

// A webhook tells ids and figures, signed so that the receiver can tell who sent it and when.
func TestWebhook(t *testing.T) {
	r := receive(t)
	w := one(t)
	hook, err := notify.NewHook(r.URL+"/clause", secret, r.Client())
	if err != nil {
		t.Fatal(err)
	}
	w.outbox.Senders[notify.Webhook] = hook
	w.enqueue(request("req_1:received", notify.Webhook))
	w.run(0)
	w.now = w.now.Add(time.Second)
	w.enqueue(clock("clk_1:near", notify.Webhook))
	w.run(time.Hour)
	if len(r.got) != 2 {
		t.Fatalf("%d were posted: %+v", len(r.got), w.rows())
	}
	for _, p := range r.got {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(p.header.Get("Webhook-Id") + "." + p.header.Get("Webhook-Timestamp") + "." + p.body))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); p.header.Get("Webhook-Signature") != want || p.header.Get("Content-Type") != "application/json" {
			t.Errorf("signed %q, want %q", p.header.Get("Webhook-Signature"), want)
		}
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(r.got[0].body), &got); err != nil {
		t.Fatal(err)
	}
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, []string{"at", "details", "event", "id", "subject", "template", "tenant"}) || got["subject"] != zoe || got["event"] != "req_1:received" {
		t.Errorf("posted %s", r.got[0].body)
	}
	if len(w.reached) != 0 || strings.Contains(r.got[0].body, "example.com") || strings.Contains(r.got[0].body, "Zoe") {
		t.Errorf("an address was read or posted: %q, %s", w.reached, r.got[0].body)
	}
	if at := r.got[1].header.Get("Webhook-Timestamp"); at != strconv.FormatInt(w.now.Unix(), 10) {
		t.Errorf("the time is %s, want that of the try", at)
	}
}

// What a receiver answers, and what becomes of the message. No redirection is followed.
func TestAnswersOfAReceiver(t *testing.T) {
	for status, want := range map[int]row{
		200: {state: notify.Sent}, 204: {state: notify.Sent},
		400: {state: notify.Failed, outcome: "http-400"}, 410: {state: notify.Failed, outcome: "http-410"}, 422: {state: notify.Failed, outcome: "http-422"},
		302: {state: notify.Waiting, outcome: "http-302"}, 307: {state: notify.Waiting, outcome: "http-307"}, 401: {state: notify.Waiting, outcome: "http-401"}, 404: {state: notify.Waiting, outcome: "http-404"},
		429: {state: notify.Waiting, outcome: "http-429"}, 500: {state: notify.Waiting, outcome: "http-500"}, 503: {state: notify.Waiting, outcome: "http-503"},
	} {
		elsewhere := receive(t)
		r := receive(t)
		r.status, r.header = status, map[string]string{"Location": elsewhere.URL}
		w := one(t)
		hook, err := notify.NewHook(r.URL, secret, r.Client())
		if err != nil {
			t.Fatal(err)
		}
		w.outbox.Senders[notify.Webhook] = hook
		w.enqueue(request("req_1:received", notify.Webhook))
		w.run(0)
		if got := w.only(); got.state != want.state || got.outcome != want.outcome {
			t.Errorf("%d: stored is %+v", status, got)
		}
		if len(elsewhere.got) != 0 || len(r.got) != 1 {
			t.Errorf("%d: %d came here, %d went elsewhere", status, len(r.got), len(elsewhere.got))
		}
		if strings.Contains(w.log.String(), r.URL) {
			t.Errorf("%d: the log holds the address: %s", status, &w.log)
		}
	}
}

// A receiver that is away, or whose certificate nobody trusts, gets it later.
func TestAReceiverThatIsAway(t *testing.T) {
	r := receive(t)
	w := one(t)
	hook, err := notify.NewHook(r.URL, secret, nil) // trusts the machine's authorities alone
	if err != nil {
		t.Fatal(err)
	}
	w.outbox.Senders[notify.Webhook] = hook
	w.enqueue(request("req_1:received", notify.Webhook))
	w.run(0)
	if got := w.only(); got.state != notify.Waiting || got.outcome != "unreachable" || len(r.got) != 0 {
		t.Errorf("stored is %+v", got)
	}
}

// PagerDuty gets exactly its fields, and one alert of however many tries.
func TestPagerDuty(t *testing.T) {
	r := receive(t)
	w := one(t)
	pager, err := notify.NewPagerDuty("0123456789abcdef0123456789abcdef", "Clause of Clesaro", r.URL, r.Client())
	if err != nil {
		t.Fatal(err)
	}
	w.outbox.Senders[notify.Pager] = pager
	r.status = http.StatusTooManyRequests
	late := clock("clk_1:escalated", notify.Pager)
	late.Details["what"] = "escalated"
	w.enqueue(late)
	w.run(0)
	r.status = http.StatusAccepted
	if n := w.run(2 * time.Minute); n != 1 || len(r.got) != 2 || r.got[0].body != r.got[1].body {
		t.Fatalf("%d left, posted %+v", n, r.got)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(r.got[0].body), &got); err != nil {
		t.Fatal(err)
	}
	key, _ := got["dedup_key"].(string)
	delete(got, "dedup_key")
	want := map[string]any{"routing_key": "0123456789abcdef0123456789abcdef", "event_action": "trigger",
		"payload": map[string]any{"summary": "Still overdue: privacy-mail.answer", "source": "Clause of Clesaro", "severity": "critical"}}
	if a, b := mustJSON(t, got), mustJSON(t, want); a != b {
		t.Errorf("posted %s, want %s", a, b)
	}
	if key == "" || len(key) > 255 {
		t.Errorf("dedup_key is %q", key)
	}
	w.now = w.now.Add(time.Second)
	w.enqueue(clock("clk_1:near", notify.Pager))
	w.run(0)
	if body := r.got[2].body; !strings.Contains(body, `"severity":"warning"`) || strings.Contains(body, key) {
		t.Errorf("posted %s", body)
	}
	r.status = http.StatusBadRequest
	w.now = w.now.Add(time.Second)
	w.enqueue(clock("clk_2:near", notify.Pager))
	w.run(time.Second)
	if all := w.rows(); all[len(all)-1].outcome != "http-400" {
		t.Errorf("stored are %+v", all)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// A letter is printed for its user alone, lies there until it is posted, and goes with the person.
func TestLetters(t *testing.T) {
	each(t, func(w *world) {
		folder := w.TempDir()
		if err := os.Chmod(folder, 0o700); err != nil {
			w.Fatal(err)
		}
		letters, err := notify.NewFolder(folder, library(w))
		if err != nil {
			w.Fatal(err)
		}
		w.outbox.Senders[notify.Letter] = letters
		w.people[zoe] = notify.Address{Name: "Zoë <b>Ünal</b>", Postal: "1 High Street, Flat 2\nLondon"}
		if err := os.WriteFile(filepath.Join(folder, "notes.txt"), nil, 0o600); err != nil {
			w.Fatal(err)
		}
		breach := notify.Message{Event: "inc_1:people", Channel: notify.Letter, Subject: zoe, Template: "breach-people", Language: "ar", Details: map[string]string{
			"incident": "inc_1", "nature": "n", "consequences": "c", "measures": "m"}}
		w.enqueue(breach, request("req_1:received", notify.Letter))
		if n := w.run(0); n != 2 {
			w.Fatalf("%d were printed: %+v", n, w.rows())
		}
		page, next, err := w.outbox.Letters(w.Context(), tenant, "", 1)
		if err != nil || len(page) != 1 || next == "" {
			w.Fatalf("%+v, %q, %v", page, next, err)
		}
		rest, next, err := w.outbox.Letters(w.Context(), tenant, next, 1)
		if err != nil || len(rest) != 1 || next != "" {
			w.Fatalf("%+v, %q, %v", rest, next, err)
		}
		for _, n := range append(page, rest...) {
			path := filepath.Join(folder, notify.LetterFile(tenant, n.ID))
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 {
				w.Fatalf("%v, %v", info, err)
			}
			html, _ := os.ReadFile(path)
			if want := "<bdi>1 High Street</bdi><br>\n<bdi>Flat 2</bdi><br>\n<bdi>London</bdi>"; !strings.Contains(string(html), want) || strings.Contains(string(html), "<b>") || !strings.Contains(string(html), "size: A4") {
				w.Errorf("printed is %s", html)
			}
			if n.Template == "breach-people" && !strings.Contains(string(html), `lang="ar" dir="rtl"`) {
				w.Errorf("printed is %s", html)
			}
		}
		for range 2 {
			if n, err := w.outbox.Posted(w.Context(), tenant, page[0].ID, "app_1"); err != nil || n.State != notify.Sent {
				w.Errorf("%+v, %v", n, err)
			}
		}
		if _, err := w.outbox.Posted(w.Context(), tenant, "msg_none", "app_1"); !fault.Is(err, fault.NotFound) {
			w.Errorf("a letter of nobody: %v", err)
		}
		w.run(time.Second)
		if got := files(w, folder); !slices.Equal(got, []string{notify.LetterFile(tenant, rest[0].ID), "notes.txt"}) {
			w.Errorf("left are %q", got)
		}
		err = w.outbox.DB.Write(w.Context(), tenant, func(tx *db.Tx) error { // as the erasure of the person does
			_, err := tx.Exec(`DELETE FROM outbox WHERE tenant_id = $1 AND subject_id = $2`, tenant, zoe)
			return err
		})
		if err != nil {
			w.Fatal(err)
		}
		w.run(time.Second)
		if got := files(w, folder); !slices.Equal(got, []string{"notes.txt"}) {
			w.Errorf("left are %q", got)
		}
	})
}

func files(w *world, folder string) (names []string) {
	all, err := os.ReadDir(folder)
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

// A person who is gone when their message is recorded leaves no row that names them.
func TestAMessageToSomebodyGoneLeavesNoTrace(t *testing.T) {
	w := one(t)
	w.outbox.Alias = func(*db.Tx, string) (string, error) { return "", fault.New("test", fault.NotFound, "gone") }
	delete(w.people, zoe)
	w.outbox.Senders[notify.Email] = &tray{}
	w.enqueue(request("req_1:received", notify.Email), request("req_1:received", notify.InApp))
	w.run(0)
	if all := w.rows(); len(all) != 0 {
		t.Errorf("stored are %+v", all)
	}
}

// What cannot be a channel is refused before anything is sent.
func TestChannelsRefuse(t *testing.T) {
	open := t.TempDir()
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func() error{
		"a webhook without TLS":         func() error { _, err := notify.NewHook("http://example.com", secret, nil); return err },
		"a webhook nowhere":             func() error { _, err := notify.NewHook("https://", secret, nil); return err },
		"a webhook with a password":     func() error { _, err := notify.NewHook("https://u:p@example.com", secret, nil); return err },
		"a short secret":                func() error { _, err := notify.NewHook("https://example.com", "short", nil); return err },
		"a secret that is no base64":    func() error { _, err := notify.NewHook("https://example.com", "whsec_~~~", nil); return err },
		"a short secret in base64":      func() error { _, err := notify.NewHook("https://example.com", "whsec_c2hvcnQ=", nil); return err },
		"a pager's key that is none":    func() error { _, err := notify.NewPagerDuty("key", "s", "", nil); return err },
		"a pager's key of two lines":    func() error { _, err := notify.NewPagerDuty("0123456789abcdef\nX: y", "s", "", nil); return err },
		"a folder that is not there":    func() error { _, err := notify.NewFolder(filepath.Join(open, "x"), library(t)); return err },
		"a folder that others can read": func() error { _, err := notify.NewFolder(open, library(t)); return err },
	} {
		if err := make(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStaff(t *testing.T) {
	s, err := notify.ParseStaff([]byte(`{"privacy": {"email": ["dpo@acme.example"], "language": "ar"}, "*": {"pager": true, "webhook": true}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Of("privacy").Channels(); !slices.Equal(got, []notify.Channel{notify.Email}) {
		t.Errorf("privacy is told by %q", got)
	}
	if got := s.Of("anybody").Channels(); !slices.Equal(got, []notify.Channel{notify.Webhook, notify.Pager}) {
		t.Errorf("anybody is told by %q", got)
	}
	if got := (notify.Staff{}).Of("privacy").Channels(); len(got) != 0 {
		t.Errorf("of no staff %q are told", got)
	}
	for name, role := range map[string]string{"Head of Privacy": "head-of-privacy", "": "anybody", "***": "anybody", "privacy": "privacy", "مسؤول": "anybody"} {
		if got := notify.Role(name); got != role {
			t.Errorf("%q is the role %q, want %q", name, got, role)
		}
	}
	for _, src := range []string{
		``, `[]`, `{}`, `null`, `{"privacy": {}}`, `{"privacy": {"mail": ["a@b.example"]}}`, `{"privacy": {"email": ["Ann <a@b.example>"]}}`,
		`{"privacy": {"email": ["a@b.example\r\nBcc: x@y.example"]}}`, `{"privacy": {"email": ["a"]}}`, `{"two words": {"pager": true}}`,
		`{"privacy": {"pager": true, "language": "!"}}`, `{"privacy": {"pager": true}} {}`, `{"privacy": {"pager": "yes"}}`,
		`{"privacy": {"email": ["` + strings.Repeat(`a@b.example","`, 30) + `a@b.example"]}}`,
	} {
		if _, err := notify.ParseStaff([]byte(src)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", src, err)
		}
	}
}
