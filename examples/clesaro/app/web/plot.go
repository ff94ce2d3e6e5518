package web

import (
	"math"
	"strconv"
	"strings"

	"clause.dev/clause/examples/clesaro/app/finance"
)

// plot is a picture of numbers, drawn as SVG by the template "plot". Time runs in the direction of writing.
type plot struct {
	Label         string // what it shows, for those who do not see it
	Width, Height int
	Lines         []line
	Bars          []bar
	Texts         []label
}

type line struct{ Class, Points string }

type bar struct {
	Class      string
	X, Y, W, H float64
}

type label struct {
	X, Y        float64
	Class, Text string
}

// The space of a plot that is left for its labels.
const (
	plotWidth  = 340
	plotHeight = 170
	floorAt    = 145.0
	ceiling    = 18.0
	margin     = 14.0
)

// place is where something stands across the plot, as a share from the beginning of the line.
func (v *visit) place(share float64) float64 {
	if v.lang == "ar" {
		share = 1 - share
	}
	return round(margin + share*(plotWidth-2*margin))
}

// height is where a share of the largest value stands.
func height(share float64) float64 { return round(floorAt - share*(floorAt-ceiling)) }

func round(x float64) float64 { return math.Round(x*10) / 10 }

// of is an amount as a share of another: near enough for a picture.
func of(m, most finance.Money) float64 {
	if most.Sign() <= 0 {
		return 0
	}
	share, _ := m.Over(most).Float64()
	return min(max(share, 0), 1)
}

func points(xs, ys []float64) string {
	var b strings.Builder
	for i := range xs {
		b.WriteString(strconv.FormatFloat(xs[i], 'f', -1, 64) + "," + strconv.FormatFloat(ys[i], 'f', -1, 64) + " ")
	}
	return strings.TrimSpace(b.String())
}

// arc is part of a half circle from the left.
func arc(cx, cy, radius, share float64, rtl bool) string {
	const steps = 60
	var xs, ys []float64
	for i := 0; i <= int(share*steps); i++ {
		angle := math.Pi * float64(i) / steps
		x := -math.Cos(angle) * radius
		if rtl {
			x = -x
		}
		xs, ys = append(xs, round(cx+x)), append(ys, round(cy-math.Sin(angle)*radius))
	}
	return points(xs, ys)
}

// gauge shows a score as part of a half circle.
func (v *visit) gauge(r *rated) *plot {
	if !r.Known {
		return nil
	}
	rtl := v.lang == "ar"
	return &plot{
		Label: v.Say("score.is", "score", strconv.Itoa(r.Value), "band", v.Say("band."+string(r.Band))), Width: 220, Height: 128,
		Lines: []line{{"gauge ground", arc(110, 112, 92, 1, rtl)}, {"gauge " + string(r.Band), arc(110, 112, 92, float64(r.Value)/100, rtl)}},
		Texts: []label{{110, 104, "large", strconv.Itoa(r.Value)}, {110, 124, "", v.Say("band." + string(r.Band))}},
	}
}

// historyPlot shows the scores kept, at most a year of them.
func (v *visit) historyPlot(past []finance.Past) *plot {
	first := v.today.AddDate(-1, 0, 0)
	for len(past) > 0 && past[0].Day.Before(first) {
		past = past[1:]
	}
	if len(past) < 2 {
		return nil
	}
	begin, span := past[0].Day, past[len(past)-1].Day.Sub(past[0].Day).Hours()
	var xs, ys []float64
	for _, p := range past {
		share := 1.0
		if span > 0 {
			share = p.Day.Sub(begin).Hours() / span
		}
		xs, ys = append(xs, v.place(share)), append(ys, height(float64(p.Score)/100))
	}
	p := &plot{Label: v.Say("score.history"), Width: plotWidth, Height: plotHeight}
	for _, at := range []int{0, 40, 80, 100} {
		y := height(float64(at) / 100)
		p.Lines = append(p.Lines, line{"grid", points([]float64{margin, plotWidth - margin}, []float64{y, y})})
		p.Texts = append(p.Texts, label{v.place(0.02), y - 3, "small", strconv.Itoa(at)})
	}
	p.Lines = append(p.Lines, line{"series", points(xs, ys)})
	p.Texts = append(p.Texts, label{v.place(0.13), plotHeight - 8, "small", v.Day(begin)}, label{v.place(0.87), plotHeight - 8, "small", v.Day(past[len(past)-1].Day)})
	return p
}

// trendPlot shows what came in and went out, month by month.
func (v *visit) trendPlot(trend []finance.Point) *plot {
	var most finance.Money
	for _, p := range trend {
		most = most.AtLeast(p.In).AtLeast(p.Out)
	}
	if most.Sign() == 0 {
		return nil
	}
	p := &plot{Label: v.Say("spending.trend"), Width: plotWidth, Height: plotHeight, Lines: []line{{"grid", points([]float64{margin, plotWidth - margin}, []float64{floorAt, floorAt})}}}
	const wide = 16.0
	for i, month := range trend {
		middle := v.place((float64(i) + 0.5) / float64(len(trend)))
		first, second := middle-wide-1, middle+1
		if v.lang == "ar" {
			first, second = second, first
		}
		in, out := height(of(month.In, most)), height(of(month.Out, most))
		p.Bars = append(p.Bars, bar{"in", first, in, wide, round(floorAt - in)}, bar{"out", second, out, wide, round(floorAt - out)})
		_, m := month.Month.Parts()
		p.Texts = append(p.Texts, label{middle, plotHeight - 8, "small", v.Say("month." + strconv.Itoa(int(m)))})
	}
	p.Texts = append(p.Texts, label{plotWidth / 2, 11, "small", v.Say("plot.top", "amount", v.Sum(most))})
	return p
}

// daysPlot shows how the spending of a month grew, beside the month before.
func (v *visit) daysPlot(r *finance.Report, before finance.Report, present bool) *plot {
	until := len(r.Days)
	if present {
		until = v.today.Day()
	}
	most := r.Out.AtLeast(before.Out)
	if r.Out.Sign() == 0 || most.Sign() == 0 {
		return nil
	}
	p := &plot{Label: v.Say("spending.days"), Width: plotWidth, Height: plotHeight}
	draw := func(class string, days []finance.Money) {
		xs, ys := []float64{v.place(0)}, []float64{height(0)}
		for i, sum := range days {
			xs, ys = append(xs, v.place(float64(i+1)/31)), append(ys, height(of(sum, most)))
		}
		p.Lines = append(p.Lines, line{class, points(xs, ys)})
	}
	p.Lines = append(p.Lines, line{"grid", points([]float64{margin, plotWidth - margin}, []float64{floorAt, floorAt})})
	if before.Out.Sign() > 0 {
		draw("series earlier", before.Days)
	}
	draw("series", r.Days[:until])
	for _, d := range []int{1, 10, 20, 30} {
		p.Texts = append(p.Texts, label{v.place(float64(d) / 31), plotHeight - 8, "small", strconv.Itoa(d)})
	}
	p.Texts = append(p.Texts, label{plotWidth / 2, 11, "small", v.Say("plot.top", "amount", v.Sum(most))})
	return p
}
