package httpapi

import (
	"bytes"
	"context"
	_ "embed" // the page for researchers
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

//go:embed report.html
var reportPage string

// reportPath is where researchers report weaknesses, and below which they see what became of it.
const reportPath = "/security/report"

// What one address may report: a few at once, then one every ten minutes.
const (
	reportEvery = 10 * time.Minute
	reportBurst = 5
)

// maxReport bounds a report that a form sends, in bytes: each character may take nine.
const maxReport = 256 << 10

func newReporters() *limiter { return newLimiter(rate.Every(reportEvery), reportBurst) }

// reportDesk serves researchers, whom nobody asks for a key.
type reportDesk struct {
	*service
	page  *template.Template
	rules string // the page's content security policy
}

func (s *service) reporting(r *routes) {
	page, err := template.New("report").Parse(reportPage)
	if err != nil {
		r.bad = fault.As("httpapi.reporting", fault.Other, err)
		return
	}
	d := &reportDesk{s, page, "default-src 'none'; style-src " + styleOf(reportPage) + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	open := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "assurance", summary: summary, about: about, in: in, out: out}
	}
	form := open("GET", reportPath, "get-report-form", "A form to report a weakness", "For people; programs post JSON to the same address.", nil, nil)
	form.outType = "text/html"
	r.public(form, func(x *exchange) error {
		return d.show(x, http.StatusOK, shownReport{Organisation: s.Policy.Organisation.Name})
	})
	take := open("POST", reportPath, "report-weakness", "Report a weakness", "For anybody; five at once from one address, then one every ten minutes. The link of the answer shows what becomes of it. A drill needs a key.", api.NewReport{}, api.Receipt{})
	take.status = http.StatusCreated
	r.public(take, d.take)
	r.public(open("GET", reportPath+"/{token}", "follow-report", "What became of a report", "By the link that its researcher was given.", nil, api.Receipt{}), d.follow)
}

// shownReport is what the page shows: the form, or what became of a report.
type shownReport struct {
	Organisation string
	Receipt      *api.Receipt
	Link         string
}

func (d *reportDesk) show(x *exchange, status int, v shownReport) error {
	var out bytes.Buffer
	if err := d.page.Execute(&out, v); err != nil {
		return fault.As("httpapi.report", fault.Other, err)
	}
	return x.show(status, pageType, d.rules, out.Bytes())
}

// take takes a report as JSON, or as the form sends it.
func (d *reportDesk) take(x *exchange) error {
	if kind, _, _ := mime.ParseMediaType(x.Request.Header.Get("Content-Type")); kind == formType {
		in, err := x.reportForm()
		if err != nil {
			return err
		}
		receipt, err := d.stranger(x, in)
		if err != nil {
			return err
		}
		return d.show(x, http.StatusCreated, shownReport{Organisation: d.Policy.Organisation.Name, Receipt: &receipt, Link: receipt.Link})
	}
	in, err := decode[api.NewReport](x)
	if err != nil {
		return err
	}
	var receipt api.Receipt
	if in.Drill == "" {
		receipt, err = d.stranger(x, in)
	} else {
		receipt, err = d.rehearse(x, in)
	}
	if err != nil {
		return err
	}
	return x.answer(http.StatusCreated, receipt)
}

// stranger takes the report of anybody: a token of the address's is taken for each.
func (d *reportDesk) stranger(x *exchange, in api.NewReport) (api.Receipt, error) {
	if !d.reporters.allow(addressKey(x.RemoteAddr), x.began) {
		return api.Receipt{}, fault.New("httpapi.report", fault.TooMany, "too many reports from this address").WithHint("write to the address in /.well-known/security.txt")
	}
	receipt, err := d.Assurance.Report(x.Context(), in)
	return linked(receipt), err
}

// rehearse takes a report of a drill, from somebody who has a key.
func (d *reportDesk) rehearse(x *exchange, in api.NewReport) (api.Receipt, error) {
	c, err := x.authenticate()
	if err != nil {
		return api.Receipt{}, err
	}
	if !isID(in.Drill) || in.Drill == db.Organisation {
		return api.Receipt{}, invalid("drill", "a drill is of a tenant")
	}
	receipt, err := d.Assurance.EnterReport(x.Context(), c, in.Drill, in)
	return linked(receipt), err
}

func (s *service) enterReport(ctx context.Context, c vault.Caller, tenant string, in api.NewReport) (api.Receipt, error) {
	if in.Drill != "" {
		return api.Receipt{}, invalid("drill", "the address says whose it is")
	}
	receipt, err := s.Assurance.EnterReport(ctx, c, tenant, in)
	return linked(receipt), err
}

func linked(receipt api.Receipt) api.Receipt {
	if receipt.Link != "" {
		receipt.Link = reportPath + "/" + receipt.Link
	}
	return receipt
}

// reportForm reads what the page's form sends. The domain looks whether it is a report.
func (x *exchange) reportForm() (in api.NewReport, err error) {
	if x.Request.Header["Content-Encoding"] != nil {
		return in, tooLarge(maxReport)
	}
	body, err := x.bounded(maxReport)
	if err != nil {
		return in, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return in, invalid("", "the form is malformed")
	}
	line := func(name string) string { return strings.ReplaceAll(values.Get(name), "\r\n", "\n") }
	return api.NewReport{Summary: line("summary"), Text: line("text"), Contact: line("contact")}, nil
}

// follow tells a researcher what became of a report.
func (d *reportDesk) follow(x *exchange) error {
	token := x.PathValue("token")
	if len(token) > 256 || x.URL.RawQuery != "" {
		return notFound()
	}
	receipt, err := d.Assurance.Follow(x.Context(), token)
	if err != nil {
		return err
	}
	if strings.Contains(x.Request.Header.Get("Accept"), "text/html") {
		return d.show(x, http.StatusOK, shownReport{Organisation: d.Policy.Organisation.Name, Receipt: &receipt})
	}
	return x.answer(http.StatusOK, receipt)
}
