package web_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/client"
)

// TestLayla is the worked example of SCORE.md, entered by forms and kept by a whole server.
func TestLayla(t *testing.T) {
	w := open(t)
	id := w.layla()
	score := w.page("/en/score")
	w.sees(score, "Score 80 of 100: healthy", "High confidence", "100 of 100", "38 of 100", "75 of 100", "90 of 100", "20% of your income is left over", "would last 2.3 months", "Debts take 13%", "You owe 2.0 months",
		"Savings for three months are AED\u00a06,900.00 away", "You keep 20% of your income")
	w.sees(w.page("/ar/score"), "الدرجة 80 من 100: سليمة", "ثقة عالية", "يبقى 20% من دخلك")
	w.sees(w.page("/en/"), "Hello \u2068Layla\u2069", "Left this month")
	w.sees(w.page("/en/spending?month=2026-10"), "AED\u00a012,000.00", "Housing", "AED\u00a010,600.00", "47%", "Landlord")
	w.sees(w.page("/en/notices"), "\u2068الحج\u2069: 50% and more is saved; AED\u00a06,000.00 to go.")
	w.sees(w.page("/ar/plan"), "\u206624,000.00\u2069 درهم")

	// One score a day is kept, however often it is looked at; a day later there are two.
	scores := func() (n int) {
		for _, err := range w.client.Records(t.Context(), client.Target{Tenant: tenant, Subject: id, DataSet: "health_score", Purpose: "health-score"}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	if n := scores(); n != 1 {
		t.Errorf("%d scores are kept of one day", n)
	}
	w.now = w.now.AddDate(0, 0, 1)
	record, version := w.hidden(w.page("/en/plan"), "/en/debts/change")
	w.send("/en/debts/change", "record", record, "version", version, "balance", "240000")
	w.page("/en/score")
	w.sees(w.page("/en/notices"), "Your score fell by 12 in 30 days, to 68.")
	if n := scores(); n != 2 {
		t.Errorf("%d scores are kept of two days", n)
	}
	if len(w.logged) > 0 {
		t.Errorf("%q", w.logged)
	}
}

func TestWithoutConsentNothingIsRead(t *testing.T) {
	w := open(t)
	id := w.join("Omar")
	w.send("/en/income", "monthly_income", "9000")
	w.send("/en/goals", "once", w.once(), "name", "Trip", "target", "100", "saved", "60")
	w.sees(w.page("/en/score"), "Insights need your consent")
	notices := w.page("/en/notices")
	w.sees(notices, "Notices of your progress need your consent")
	if strings.Contains(notices, "Trip") {
		t.Error("a notice of progress was made without consent")
	}
	for _, purpose := range []string{"insights", "progress-notifications"} {
		if err := w.client.SetConsent(t.Context(), tenant, id, purpose, true); err != nil {
			t.Fatal(err)
		}
	}
	w.sees(w.page("/en/score"), "Fewer than three whole months")
	w.sees(w.page("/en/notices"), "50% and more is saved")
	if err := w.client.SetConsent(t.Context(), tenant, id, "insights", false); err != nil {
		t.Fatal(err)
	}
	w.sees(w.page("/en/score"), "Insights need your consent")
}

func TestEachSeesTheirOwn(t *testing.T) {
	w := open(t)
	w.join("Ana")
	w.send("/en/debts", "once", w.once(), "name", "Secret loan", "kind", "personal", "balance", "5")
	record, version := w.hidden(w.page("/en/plan"), "/en/debts/change")
	w.join("Bob")
	if strings.Contains(w.page("/en/plan"), "Secret loan") {
		t.Error("another's debt is shown")
	}
	if status, _ := w.post("/en/debts/change", "record", record, "version", version, "balance", "0"); status != http.StatusUnprocessableEntity {
		t.Errorf("another's debt is changed: status %d", status)
	}
	if status, _ := w.post("/en/debts/delete", "record", record, "version", version); status != http.StatusUnprocessableEntity {
		t.Errorf("another's debt is removed: status %d", status)
	}
	w.as("")
	for _, path := range []string{"/en/", "/ar/score", "/en/transactions.csv"} {
		if status, body := w.get(path); status != http.StatusUnauthorized || strings.Contains(body, "Secret") {
			t.Errorf("%s: status %d for nobody", path, status)
		}
	}
}

func TestFormsThatAreWrong(t *testing.T) {
	w := open(t)
	w.join("Ana")
	long := strings.Repeat("x", 201)
	for name, c := range map[string]struct {
		path, says string
		form       []string
	}{
		"no amount":         {"/en/transactions", "must be a number", []string{"date", "2026-11-20", "amount", "1e3", "direction", "expense", "category", "other", "merchant", "m"}},
		"nothing":           {"/en/transactions", "must be a number", []string{"date", "2026-11-20", "amount", "0", "direction", "expense", "category", "other", "merchant", "m"}},
		"a negative amount": {"/en/transactions", "less than nothing", []string{"date", "2026-11-20", "amount", "-5", "direction", "expense", "category", "other", "merchant", "m"}},
		"no day":            {"/en/transactions", "must be a date", []string{"date", "2026-02-30", "amount", "5", "direction", "expense", "category", "other", "merchant", "m"}},
		"no category":       {"/en/transactions", "Choose one", []string{"date", "2026-11-20", "amount", "5", "direction", "expense", "category", "crypto", "merchant", "m"}},
		"nobody":            {"/ar/transactions", "فارغ", []string{"date", "2026-11-20", "amount", "5", "direction", "expense", "category", "other", "merchant", " "}},
		"a long name":       {"/en/debts", "too long", []string{"name", long, "kind", "card", "balance", "1"}},
		"a day gone by":     {"/en/goals", "gone by", []string{"name", "g", "target", "1", "by", "2026-11-21"}},
		"no target":         {"/en/goals", "must be a number", []string{"name", "g", "target", "0"}},
		"income in words":   {"/en/income", "must be a number", []string{"monthly_income", "much"}},
		"a form of nobody":  {"/en/debts", "too old", []string{"once", "guess", "name", "n", "kind", "card", "balance", "1"}},
		"no version":        {"/en/goals/change", "too old", []string{"record", "rec_x", "version", "-1", "saved", "1"}},
	} {
		form := c.form
		if form[0] != "once" {
			form = append([]string{"once", w.once()}, form...)
		}
		status, body := w.post(c.path, form...)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, c.says) {
			t.Errorf("%s: status %d; it does not say %q", name, status, c.says)
		}
	}
	for _, file := range []string{"", "date\n", "date,amount,merchant\n2026-01-01,1,x\n2026-01-01,x,x\n", strings.Repeat("x", 3<<20)} {
		if status, body := w.upload(file); status != http.StatusUnprocessableEntity {
			t.Errorf("a file of %d bytes: status %d: %s", len(file), status, body)
		}
	}
	if page := w.page("/en/transactions"); strings.Contains(page, "transactions.csv") {
		t.Error("something of it was kept")
	}
	if len(w.logged) > 0 {
		t.Errorf("%q", w.logged)
	}
}

func TestAFormSentTwiceAddsOnce(t *testing.T) {
	w := open(t)
	w.join("Ana")
	form := []string{"once", w.once(), "date", "2026-11-20", "amount", "18", "direction", "expense", "category", "leisure", "merchant", "Café"}
	w.send("/en/transactions", form...)
	w.send("/en/transactions", form...)
	if n := strings.Count(w.page("/en/transactions"), "<bdi>Café</bdi>"); n != 1 {
		t.Errorf("%d coffees", n)
	}
	w.send("/en/transactions", append([]string{"once", w.once()}, form[2:]...)...) // a second one is one
	page := w.page("/en/transactions")
	if n := strings.Count(page, "<bdi>Café</bdi>"); n != 2 {
		t.Errorf("%d coffees", n)
	}
	record, version := w.hidden(page, "/en/transactions/delete")
	w.send("/en/transactions/delete", "record", record, "version", version)
	if status, body := w.post("/en/transactions/delete", "record", record, "version", version); status != http.StatusUnprocessableEntity || !strings.Contains(body, "changed meanwhile") {
		t.Errorf("what is gone is removed: status %d", status)
	}
}

func TestFilesComeAndGo(t *testing.T) {
	w := open(t)
	w.join("Ana")
	const formula = `=HYPERLINK("https://evil.example")`
	w.send("/en/transactions", "once", w.once(), "date", "2026-11-20", "amount", "18", "direction", "expense", "category", "leisure", "merchant", formula, "description", "a;=1+1")
	file := strings.TrimPrefix(w.page("/en/transactions.csv"), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][4] != "'"+formula || rows[1][5] != "a;'=1+1" {
		t.Fatalf("%q: %v", rows, err)
	}
	if status, at := w.upload(file); status != http.StatusSeeOther || !strings.HasSuffix(at, "n0=0&n1=1") {
		t.Errorf("what was exported is added again: status %d, %s", status, at)
	}
	w.sees(w.page("/en/transactions?done=imported&n0=3&n1=<script>"), "Added: 3. There already: 0.", formula)
}

func TestMarkupIsText(t *testing.T) {
	w := open(t)
	const attack = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	w.join(attack, "insights", "progress-notifications")
	w.send("/en/income", "monthly_income", "100")
	w.send("/en/debts", "once", w.once(), "name", attack, "kind", "card", "balance", "5")
	w.send("/en/goals", "once", w.once(), "name", attack, "target", "1000000", "saved", "500000", "by", "2026-12-31")
	w.send("/en/transactions", "once", w.once(), "date", "2026-10-20", "amount", "18", "direction", "expense", "category", "leisure", "merchant", attack, "description", attack)
	for _, path := range []string{"/en/", "/en/score", "/en/spending?month=2026-10", "/en/transactions?month=2026-10", "/en/plan", "/ar/notices"} {
		page := w.page(path)
		if strings.Contains(page, "<script") || strings.Contains(page, "<img") {
			t.Errorf("%s: markup that a person wrote is markup", path)
		}
		if len(page) > 50_000 {
			t.Errorf("%s: %d bytes", path, len(page))
		}
	}
	if _, body := w.post("/en/debts", "once", w.once(), "name", attack, "kind", "card", "balance", attack); strings.Contains(body, "<script") {
		t.Error("what was entered comes back as markup")
	}
}

func TestOtherSitesCannotSendForms(t *testing.T) {
	w := open(t)
	w.join("Ana")
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site"}} {
		r, err := http.NewRequest(http.MethodPost, w.site.URL+"/en/income", strings.NewReader("monthly_income=1"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header[0], header[1])
		if status, _ := w.ask(r); status != http.StatusForbidden {
			t.Errorf("%q: status %d", header, status)
		}
	}
	if strings.Contains(w.page("/en/plan"), `value="1.00"`) {
		t.Error("another site set the income")
	}
}

func TestRestrictedAndErased(t *testing.T) {
	w := open(t)
	id := w.join("Ana")
	if err := w.client.SetRestriction(t.Context(), tenant, id, true); err != nil {
		t.Fatal(err)
	}
	if status, body := w.get("/en/score"); status != http.StatusForbidden || !strings.Contains(body, "perhaps you restricted") {
		t.Errorf("status %d", status)
	}
	if err := w.client.EraseSubject(t.Context(), tenant, id); err != nil {
		t.Fatal(err)
	}
	if status, _ := w.get("/ar/score"); status != http.StatusGone && status != http.StatusNotFound { // the server forgets even whom it erased
		t.Errorf("status %d of who was erased", status)
	}
}

// TestDubaisDay begins at eight in the evening, Greenwich.
func TestDubaisDay(t *testing.T) {
	w := open(t)
	w.join("Ana")
	w.now = time.Date(2026, 11, 22, 20, 1, 0, 0, time.UTC)
	w.sees(w.page("/en/transactions"), `value="2026-11-23"`)
}
