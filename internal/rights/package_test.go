package rights_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// parts are the members of an archive.
func parts(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if _, twice := all[f.Name]; twice {
			t.Errorf("%s is there twice", f.Name)
		}
		all[f.Name] = string(body)
	}
	return all
}

func (w *world) download(link string) []byte {
	w.Helper()
	p, err := w.desk.Download(w.Context(), link)
	w.must(err)
	var out bytes.Buffer
	w.must(p.Write(w.Context(), &out))
	return out.Bytes()
}

// hostile are values that must be text wherever they are shown.
var hostile = []string{
	"=HYPERLINK(\"https://evil.example\",\"x\")", "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1", "|cmd", "%0A=1",
	"<script>alert(1)</script>", `"quoted", with; commas`, "two\nlines", "<a href='javascript:1'>x</a>", "عربي", "",
}

// TestPackage: every record of the person and of nobody else, each form of it readable, hostile values inert,
// and the ledger's part proves itself.
func TestPackage(t *testing.T) {
	each(t, func(w *world) {
		sub, other := w.person(), w.person()
		w.put(sub, "identity", "account", fields("name", "Zoe <b>", "email", "zoe@example.com"))
		w.put(other, "identity", "account", fields("name", "OTHER-PERSON", "email", "other@example.com"))
		w.put(other, "notes", "account", fields("text", "OTHER-NOTE"))
		w.put(sub, "sessions", "security", fields("token", "session-token"))
		for _, text := range hostile {
			w.put(sub, "notes", "account", fields("text", text, "paid", true, "count", -7))
		}
		scanned := w.put(sub, "notes", "account", fields("text", "with a scan"))
		_, err := w.vault.PutBlob(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: sub, DataSet: "notes", Record: scanned, Purpose: "account"}, "scan", "image/png", strings.NewReader("PICTURE"), vault.Condition{})
		w.must(err)
		w.must(w.vault.SetConsent(w.Context(), w.app, tenant, sub, "tips", true))

		for _, language := range []string{"en", "ar"} {
			r, err := w.desk.Open(w.Context(), w.app, tenant, rights.Ask{Subject: sub, Right: rights.Access, Language: language})
			w.must(err)
			_, link := w.answer(r.ID)
			all := parts(w, w.download(link))
			w.checkData(all["data.json"], sub)
			w.checkTables(all)
			w.checkPage(all["index.html"], language)
			w.checkLedger(all["ledger.json"], sub)
			if all["blobs/notes/"+scanned+"/scan.png"] != "PICTURE" {
				w.Error("the blob is not what was stored")
			}
			var about map[string]any
			if err := json.Unmarshal([]byte(all["about.json"]), &about); err != nil || about["authority"] == nil || len(about["purposes"].([]any)) != 4 || len(about["rights"].([]any)) != 7 {
				w.Errorf("about.json: %v, %v", about, err)
			}
			for name, body := range all {
				if strings.Contains(body, "OTHER") {
					w.Errorf("%s holds another person's data", name)
				}
			}
			if len(all) != 10 { // the requests and the consents among them
				w.Errorf("the package has %d parts", len(all))
			}
		}
	})
}

func (w *world) checkData(text, sub string) {
	w.Helper()
	var data struct {
		Person     string
		Consents   []string
		Restricted bool
		Data       map[string][]struct {
			ID     string
			Fields map[string]any
		}
	}
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		w.Fatalf("data.json: %v\n%s", err, text)
	}
	if data.Person != sub || len(data.Consents) != 1 || len(data.Data["identity"]) != 1 || len(data.Data["sessions"]) != 1 || len(data.Data["notes"]) != len(hostile)+1 || len(data.Data) != 4 {
		w.Errorf("data.json holds %+v", data)
	}
	seen := map[any]bool{}
	for _, r := range data.Data["notes"] {
		seen[r.Fields["text"]] = true
	}
	for _, value := range hostile {
		if !seen[value] {
			w.Errorf("data.json lacks %q as it was given", value)
		}
	}
}

func (w *world) checkTables(all map[string]string) {
	w.Helper()
	rows, err := csv.NewReader(strings.NewReader(all["data/notes.csv"])).ReadAll()
	w.must(err)
	if len(rows) != len(hostile)+2 || strings.Join(rows[0], ",") != "record,version,created,updated,text,paid,count,scan" {
		w.Errorf("the table has %d rows: %q", len(rows), rows[0])
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if start := strings.TrimSpace(cell); start != "" && strings.ContainsRune("=+@|%＝＋－＠", []rune(start)[0]) || i == 4 && strings.HasPrefix(start, "-") {
				w.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	if _, there := all["data/empty.csv"]; there {
		w.Error("there is a table of nothing")
	}
}

func (w *world) checkPage(page, language string) {
	w.Helper()
	for _, want := range map[string][]string{
		"en": {`<html lang="en" dir="ltr">`, "Acme &lt;&amp;&gt; Sons", "Zoe &lt;b&gt;", "&lt;script&gt;", "Who you are", "your consent", "Keeping accounts safe.", "You have consented to: Tips.", "The Office", "30 days", "Host Ltd", "scan.png"},
		"ar": {`<html lang="ar" dir="rtl">`, "من أنت", "الاسم", "عربي", "موافقتك", "المهلة", "عدد السجلات"},
	}[language] {
		if !strings.Contains(page, want) {
			w.Errorf("the page in %s lacks %q", language, want)
		}
	}
	for _, bad := range []string{"<script", "javascript:1'>x", "{what}", "{n}", "{who}", "{day}", "<no value>"} {
		if strings.Contains(page, bad) {
			w.Errorf("the page holds %q", bad)
		}
	}
}

func (w *world) checkLedger(text, sub string) {
	w.Helper()
	of := map[string]int{}
	report, err := proof.VerifyExcerpt(strings.NewReader(text), w.log.VerifierKey(tenant), func(e proof.Entry) { of[e.Kind]++ })
	if err != nil || of["record.put"] != len(hostile)+3 || of["subject.create"] != 1 || of["request.opened"] == 0 || of["request.downloaded"] == 0 || of["subject.export"] == 0 {
		w.Errorf("the ledger's part: %+v, %v, %v", report, of, err)
	}
}

// TestLinkHoldsOnce: one download, by whoever is first; not after its time; and nobody can guess or forge it.
func TestLinkHoldsOnce(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		r, link := w.answer(w.open(sub, rights.Access).ID)
		if n := w.rowsWith(strings.TrimPrefix(link, tenant+".")); n != 0 {
			w.Errorf("%d rows hold the link", n)
		}
		for _, forged := range []string{"", ".", "acme.", link + "a", link[:len(link)-1], "other" + strings.TrimPrefix(link, tenant), strings.ToUpper(link), "acme." + strings.Repeat("a", 26), strings.Repeat("a", 300), "a\x00b." + strings.Repeat("a", 26)} {
			if _, err := w.desk.Download(w.Context(), forged); err == nil || fault.Is(err, fault.Other) {
				w.Errorf("the link %q: %v", forged, err)
			}
		}
		var won, lost int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := w.desk.Download(context.Background(), link)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case fault.Is(err, fault.NotFound):
					lost++
				}
			})
		}
		all.Wait()
		if won != 1 || lost != 7 {
			w.Errorf("the link worked %d times and was refused %d times", won, lost)
		}
		if now := w.get(r.ID); now.LinkUsed.IsZero() {
			w.Error("the use of the link is not told")
		}
		_, second := w.answer(r.ID)
		_, third := w.answer(r.ID)
		if _, err := w.desk.Download(w.Context(), second); !fault.Is(err, fault.NotFound) {
			w.Errorf("the link before the newest: %v", err)
		}
		w.clock.Forward(rights.LinkHolds)
		if _, err := w.desk.Download(w.Context(), third); !fault.Is(err, fault.NotFound) {
			w.Errorf("a link whose time is over: %v", err)
		}
		renewed := 0
		for _, kind := range kinds(w.entries(r.ID)) {
			if kind == "request.link-renewed" {
				renewed++
			}
		}
		if renewed != 2 {
			w.Errorf("%d renewals are in the ledger", renewed)
		}
	})
}

// TestPackageEndsWithThePerson: an erasure while a package is written ends it; so does a writer that fails.
func TestPackageEndsWithThePerson(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	for range 900 {
		w.put(sub, "notes", "account", fields("text", strings.Repeat("x", 300)))
	}
	r := w.open(sub, rights.Access)
	_, link := w.answer(r.ID)
	p, err := w.desk.Download(t.Context(), link)
	w.must(err)
	cut := errors.New("the line is cut")
	if err := p.Write(t.Context(), &failingWriter{after: 1000, err: cut}); !errors.Is(err, cut) {
		t.Errorf("a failing writer gives %v", err)
	}
	_, link = w.answer(r.ID)
	p, err = w.desk.Download(t.Context(), link)
	w.must(err)
	erase := &failingWriter{after: 1000, do: func() { w.must(w.vault.EraseSubject(t.Context(), w.app, tenant, sub)) }}
	if err := p.Write(t.Context(), erase); !fault.Is(err, fault.Erased) && !fault.Is(err, fault.NotFound) {
		t.Errorf("an erasure on the way gives %v", err)
	}
}

// failingWriter does something, or fails, after some bytes.
type failingWriter struct {
	after, n int
	err      error
	do       func()
}

func (f *failingWriter) Write(b []byte) (int, error) {
	if f.n += len(b); f.n > f.after {
		if f.do != nil {
			f.do()
			f.do = nil
		}
		if f.err != nil {
			return 0, f.err
		}
	}
	return len(b), nil
}

// TestPackageIsBounded: however much there is, little of it is in memory at a time.
func TestPackageIsBounded(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	for i := range 8 {
		ops := make([]vault.BatchOp, 500)
		for j := range ops {
			ops[j] = vault.BatchOp{Action: "put", Subject: sub, DataSet: "notes", Fields: fields("text", fmt.Sprint(i, j, strings.Repeat("x", 4000)))}
		}
		_, err := w.vault.Batch(t.Context(), w.app, tenant, "account", ops, vault.Idempotency{})
		w.must(err)
	}
	note := w.put(sub, "notes", "account", fields("text", "with a scan"))
	_, err := w.vault.PutBlob(t.Context(), w.app, vault.Target{Tenant: tenant, Subject: sub, DataSet: "notes", Record: note, Purpose: "account"}, "scan", "image/png", io.LimitReader(zeros{}, 48<<20), vault.Condition{})
	w.must(err)
	_, link := w.answer(w.open(sub, rights.Portability).ID)
	p, err := w.desk.Download(t.Context(), link)
	w.must(err)
	heap := &heapWriter{}
	before := inUse()
	w.must(p.Write(t.Context(), heap))
	if heap.n < 48<<20 || heap.peak > before+16<<20 {
		t.Errorf("a package of %d MiB took %d MiB of memory", heap.n>>20, (heap.peak-before)>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// heapWriter looks now and then at how much memory is in use.
type heapWriter struct {
	n, next int
	peak    uint64
}

func (h *heapWriter) Write(b []byte) (int, error) {
	if h.n += len(b); h.n >= h.next {
		h.next = h.n + 256<<10
		h.peak = max(h.peak, inUse())
	}
	return len(b), nil
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPackage makes the package of a person with 10,000 records, whose making is in the ledger too.
//
//	go test ./internal/rights -run '^$' -bench Package -benchmem
func BenchmarkPackage(b *testing.B) {
	w := sqliteWorld(b)
	sub := w.person()
	for i := range 20 {
		ops := make([]vault.BatchOp, 500)
		for j := range ops {
			ops[j] = vault.BatchOp{Action: "put", Subject: sub, DataSet: "notes", Fields: fields("text", fmt.Sprintf("note %d of %d: %s", j, i, strings.Repeat("word ", 20)), "count", j)}
		}
		_, err := w.vault.Batch(b.Context(), w.app, tenant, "account", ops, vault.Idempotency{})
		w.must(err)
	}
	r := w.open(sub, rights.Access)
	for b.Loop() {
		_, link, err := w.desk.Answer(b.Context(), w.app, tenant, r.ID, nil)
		w.must(err)
		p, err := w.desk.Download(b.Context(), link)
		w.must(err)
		out := &failingWriter{after: 1 << 40}
		w.must(p.Write(b.Context(), out))
		b.ReportMetric(float64(out.n)/1e6, "MB")
	}
}
