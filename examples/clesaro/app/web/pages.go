package web

import (
	"math/big"
	"net/http"
	"strconv"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/finance"
)

// overview is the first page.
type overview struct {
	Name    string
	Score   rated
	Gauge   *plot
	Budget  finance.Budget
	Goals   []finance.Goal
	Empty   bool
	Notices int
}

func (v *visit) home() error {
	ctx := v.r.Context()
	var data overview
	var err error
	if data.Name, err = v.name(ctx); err != nil {
		return err
	}
	if data.Score, err = v.rate(ctx, v.today); err != nil {
		return err
	}
	b, err := v.book(ctx, forBudget)
	if err != nil {
		return err
	}
	data.Gauge, data.Budget, data.Goals = v.gauge(&data.Score), finance.BudgetOf(b.Book, v.today), b.Goals
	data.Empty = len(b.Transactions)+len(b.Debts)+len(b.Goals) == 0 && b.Income == nil
	return v.show(http.StatusOK, "home", data, nil)
}

// scored is the page of the score.
type scored struct {
	rated
	Gauge    *plot
	History  *plot
	Insights []finance.Insight
	Asked    bool // the person consents to insights
}

func (v *visit) score() error {
	ctx := v.r.Context()
	r, err := v.rate(ctx, v.today)
	if err != nil {
		return err
	}
	data := scored{rated: r, Gauge: v.gauge(&r), History: v.historyPlot(r.Past)}
	b, err := v.book(ctx, forInsights)
	switch {
	case client.Status(err) == http.StatusForbidden: // not consented, or withdrawn a moment ago: the server knows
	case err != nil:
		return err
	default:
		data.Asked, data.Insights = true, finance.InsightsOf(b.Book, v.today)
	}
	return v.show(http.StatusOK, "score", data, nil)
}

// Because is what a part's points were given for, in words.
func (v *visit) Because(r finance.Reason) string {
	key := "because." + string(r.Part)
	if !r.Known {
		return v.Say(key + ".unknown")
	}
	if r.Figure == nil {
		return v.Say(key + ".none")
	}
	figure := new(big.Rat).Set(r.Figure)
	if r.Part == finance.Spend && figure.Sign() < 0 {
		return v.Say(key+".less", "figure", shareText(figure.Neg(figure)))
	}
	if r.Part == finance.Reserve || r.Part == finance.Owed {
		return v.Say(key, "figure", figure.FloatString(1))
	}
	if figure.Sign() < 0 {
		figure.SetInt64(0)
	}
	return v.Say(key, "figure", shareText(figure))
}

// shareText is a share in percent; what is over ten times is not told apart.
func shareText(share *big.Rat) string {
	if share.Cmp(big.NewRat(10, 1)) > 0 {
		return "1000%+"
	}
	return new(big.Rat).Mul(share, big.NewRat(100, 1)).FloatString(0) + "%"
}

// Percent is a part of eight in percent, to one place.
func (v *visit) Percent(weight int) string {
	return big.NewRat(int64(weight)*100, 8).FloatString(1) + "%"
}

// Advice is an insight in words, and what to do.
func (v *visit) Advice(i finance.Insight) [2]string {
	fill := []string{
		"amount", v.Sum(i.Amount), "percent", strconv.Itoa(i.Percent) + "%", "name", v.Apart(i.Name), "category", v.Say("category." + i.Category),
	}
	return [2]string{v.Say("insight."+i.Kind, fill...), v.Say("insight."+i.Kind+".do", fill...)}
}

// spent is the page of spending and budget.
type spent struct {
	Report        finance.Report
	Budget        finance.Budget
	Present       bool
	Trend         []finance.Point
	TrendPlot     *plot
	DaysPlot      *plot
	Before, After string
	Foreign       int
}

// shownMonths is how many months the trend shows.
const shownMonths = 6

func (v *visit) spending() error {
	b, err := v.book(v.r.Context(), forBudget)
	if err != nil {
		return err
	}
	m := v.month()
	data := spent{Report: finance.ReportOf(b.Transactions, m), Present: m == finance.MonthOf(v.today), Trend: finance.Trend(b.Transactions, v.today, shownMonths), Foreign: b.Foreign}
	if data.Present {
		data.Budget = finance.BudgetOf(b.Book, v.today)
	}
	data.Before, data.After = beside(b.Transactions, m)
	data.TrendPlot = v.trendPlot(data.Trend)
	data.DaysPlot = v.daysPlot(&data.Report, finance.ReportOf(b.Transactions, m-1), data.Present)
	return v.show(http.StatusOK, "spending", data, nil)
}

// told is the page of notices.
type told struct {
	Asked    bool // the person consents to notices of progress
	Notices  []finance.Notice
	Messages []api.Message
}

func (v *visit) notices() error {
	ctx := v.r.Context()
	var data told
	goals, past, err := v.progress()
	switch {
	case client.Status(err) == http.StatusForbidden:
	case err != nil:
		return err
	default:
		data.Asked, data.Notices = true, finance.NoticesOf(goals, past, v.today)
	}
	page, err := v.ListMessages(ctx, v.tenant, v.subject, v.lang, "", 0)
	if err != nil {
		return err
	}
	data.Messages = page.Messages
	return v.show(http.StatusOK, "notices", data, nil)
}

// progress is what notices of progress are made of.
func (v *visit) progress() (goals []finance.Goal, past []finance.Past, err error) {
	ctx := v.r.Context()
	var b read
	for r, err := range v.Records(ctx, v.store.at("goals", "", forProgress)) {
		if err != nil {
			return nil, nil, err
		}
		addGoal(&r, &b)
	}
	all, err := v.history(ctx, forProgress)
	for _, k := range all {
		past = append(past, k.Past)
	}
	return b.Goals, past, err
}

func (v *visit) seen() error {
	f := v.form("seen")
	_, err := v.MarkSeen(v.r.Context(), v.tenant, v.subject, f.get("message"))
	if err != nil {
		return err
	}
	return v.back("notices", "seen")
}

// Progress is a notice in words.
func (v *visit) Progress(n finance.Notice) string {
	return v.Say("notice."+n.Kind, "name", v.Apart(n.Name), "amount", v.Sum(n.Amount), "number", strconv.Itoa(n.Number), "score", strconv.Itoa(n.Score))
}
