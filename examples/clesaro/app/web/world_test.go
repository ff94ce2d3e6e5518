package web_test

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/signed"
	"clause.dev/clause/examples/clesaro/app/web"
	"clause.dev/clause/internal/app/apptest"
)

const tenant = "acme"

// world is the application before a whole Clause server that runs Clesaro's policy.
type world struct {
	*testing.T
	client *client.Client
	server *apptest.Server
	site   *httptest.Server
	now    time.Time

	mu     sync.Mutex
	person signed.Person // who is signed in
	logged []string
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, server: apptest.Start(t, apptest.Options{}), now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	admin := w.server.Client(t, w.server.Application(t, nil, api.ScopeAdmin))
	if _, err := admin.CreateTenant(t.Context(), api.NewTenant{ID: tenant, Title: "Acme", Region: "uae-north", Environment: "production"}); err != nil {
		t.Fatal(err)
	}
	w.client = w.server.Client(t, w.server.Application(t, []string{tenant}, api.ScopeData, api.ScopeSubjects))
	site, err := web.New(web.Config{
		Client: w.client, Now: func() time.Time { return w.now },
		Who: func(*http.Request) (signed.Person, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.person.Subject == "" {
				return w.person, signed.ErrNobody
			}
			return w.person, nil
		},
		Log: func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.logged = append(w.logged, err.Error())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.site = httptest.NewTLSServer(site)
	t.Cleanup(w.site.Close)
	return w
}

// join makes a person and signs them in.
func (w *world) join(name string, consents ...string) string {
	w.Helper()
	id, err := w.client.CreateSubject(w.Context(), tenant)
	if err != nil {
		w.Fatal(err)
	}
	at := client.Target{Tenant: tenant, Subject: id, DataSet: "identity", Record: "main", Purpose: "account"}
	if _, err := w.client.Put(w.Context(), at, map[string]any{"first_name": name, "email": id + "@example.ae"}); err != nil {
		w.Fatal(err)
	}
	for _, purpose := range consents {
		if err := w.client.SetConsent(w.Context(), tenant, id, purpose, true); err != nil {
			w.Fatal(err)
		}
	}
	w.as(id)
	return id
}

func (w *world) as(subject string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.person = signed.Person{Subject: subject, Tenant: tenant}
}

// ask sends a request and returns the status and the page, whose text can be read as it is seen.
func (w *world) ask(r *http.Request) (int, string) {
	w.Helper()
	way := w.site.Client()
	way.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := way.Do(r.WithContext(w.Context()))
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.Fatal(err)
	}
	if answer.StatusCode == http.StatusSeeOther {
		return answer.StatusCode, answer.Header.Get("Location")
	}
	return answer.StatusCode, string(body)
}

func (w *world) get(path string) (int, string) {
	w.Helper()
	r, err := http.NewRequest(http.MethodGet, w.site.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	return w.ask(r)
}

// page is a page that must be there.
func (w *world) page(path string) string {
	w.Helper()
	status, body := w.get(path)
	if status != http.StatusOK {
		w.Fatalf("%s: status %d: %s: %q", path, status, body, w.logged)
	}
	return body
}

func (w *world) post(path string, pairs ...string) (int, string) {
	w.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, w.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.ask(r)
}

// send posts a form that must be taken.
func (w *world) send(path string, pairs ...string) {
	w.Helper()
	if status, body := w.post(path, pairs...); status != http.StatusSeeOther {
		w.Fatalf("%s: status %d: %s: %q", path, status, body, w.logged)
	}
}

func (w *world) upload(file string) (int, string) {
	w.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("once", w.once()); err != nil {
		w.Fatal(err)
	}
	part, err := form.CreateFormFile("file", "bank.csv")
	if err != nil {
		w.Fatal(err)
	}
	if _, err := io.WriteString(part, file); err != nil {
		w.Fatal(err)
	}
	if err := form.Close(); err != nil {
		w.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, w.site.URL+"/en/transactions/import", &body)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return w.ask(r)
}

var onces = regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)

// once is a name for a form, as the pages give.
func (w *world) once() string {
	w.Helper()
	m := onces.FindStringSubmatch(w.page("/en/plan"))
	if m == nil {
		w.Fatal("the form has no name")
	}
	return m[1]
}

// hidden are the record and version of the first form that goes to the path.
func (w *world) hidden(page, action string) (record, version string) {
	w.Helper()
	m := regexp.MustCompile(`action="` + regexp.QuoteMeta(action) + `"><input type="hidden" name="record" value="([^"]+)"><input type="hidden" name="version" value="([0-9]+)">`).FindStringSubmatch(page)
	if m == nil {
		w.Fatalf("no form leads to %s", action)
	}
	return m[1], m[2]
}

func (w *world) sees(page string, texts ...string) {
	w.Helper()
	page = html.UnescapeString(page)
	for _, text := range texts {
		if !strings.Contains(page, text) {
			w.Errorf("the page does not say %q", text)
		}
	}
}

// statement is the bank's: Layla's three months of SCORE.md, without what her own list has besides.
func statement() string {
	var b strings.Builder
	b.WriteString("date,amount,direction,category,merchant\n")
	for _, month := range []string{"08", "09", "10"} {
		for _, row := range []string{"01,12000,income,salary,Employer", "02,5000,expense,housing,Landlord", "09,2100,expense,groceries,Market", "12,1000,expense,leisure,Beach club", "25,1500,expense,debt,Bank", "26,1000,expense,savings,Savings account"} {
			b.WriteString("2026-" + month + "-" + row + "\n")
		}
	}
	return b.String()
}

// layla enters what SCORE.md tells of her.
func (w *world) layla() string {
	w.Helper()
	id := w.join("Layla", "insights", "progress-notifications")
	w.send("/en/income", "monthly_income", "12,000")
	w.send("/en/debts", "once", w.once(), "name", "Car", "kind", "car", "balance", "24000", "monthly_payment", "1500")
	w.send("/en/goals", "once", w.once(), "name", "Rainy days", "target", "30000", "saved", "15900")
	w.send("/en/goals", "once", w.once(), "name", "الحج", "target", "12000", "saved", "٦٠٠٠", "by", "2027-03-31")
	if status, at := w.upload(statement()); status != http.StatusSeeOther || !strings.HasSuffix(at, "done=imported&n0=18&n1=0") {
		w.Fatalf("status %d, %s: %q", status, at, w.logged)
	}
	return id
}
