package finance

import (
	"math/big"
	"time"
)

// Part is one of the things that a score is made of.
type Part string

// The parts of a score.
const (
	Spend   Part = "spend"   // less goes out than comes in
	Reserve Part = "reserve" // months that what is saved would last
	Burden  Part = "burden"  // what debts take of each month
	Owed    Part = "owed"    // what is still to be paid
	Plan    Part = "plan"    // goals can be reached by their day
)

// Confidence says how much a score rests on.
type Confidence string

// The confidences, as the policy names them.
const (
	Low    Confidence = "low"
	Medium Confidence = "medium"
	High   Confidence = "high"
)

// Band is what a score means, in the words of the Financial Health Network.
type Band string

// The bands.
const (
	Vulnerable Band = "vulnerable" // 0 to 39
	Coping     Band = "coping"     // 40 to 79
	Healthy    Band = "healthy"    // 80 to 100
)

// The figures of the method; ../../SCORE.md gives their sources.
const (
	goodSavingPercent = 20 // of income left over: full points
	burdenCapPercent  = 50 // of income for debts: no points
	owedCapMonths     = 20 // months of income owed: no points
	mortgageCapMonths = 84 // for mortgages
	reserveMonths     = 6  // months of cost saved: full points
)

// Reason is what one part adds to the score.
type Reason struct {
	Part   Part
	Known  bool     // what the person entered is enough for it
	Points int      // 0 to 100, rounded down
	Weight int      // in eighths of the whole
	Figure *big.Rat // what the points were given for: a share of income, or months; nil where it has no meaning
}

// Score is how sound the finances are, from 0 to 100, and why.
type Score struct {
	Value      int
	Band       Band
	Confidence Confidence
	Reasons    []Reason
}

// Rate works out the score of a day. Without income and spending there is none.
func Rate(b Book, today time.Time) (Score, bool) {
	o := outlookOf(b, today)
	if !o.hasIncome && !o.hasSpent {
		return Score{}, false
	}
	sum, weights := new(big.Rat), 0
	var s Score
	for _, p := range []struct {
		part   Part
		weight int
		rate   func(*outlook) (points, figure *big.Rat)
	}{{Spend, 2, rateSpend}, {Reserve, 2, rateReserve}, {Burden, 1, rateBurden}, {Owed, 1, rateOwed}, {Plan, 2, ratePlan}} {
		r := Reason{Part: p.part, Weight: p.weight}
		if r.Known = o.knows(p.part, len(b.Goals) > 0); r.Known {
			points, figure := p.rate(&o)
			r.Points, r.Figure = floor(points), figure
			sum.Add(sum, new(big.Rat).Mul(points, ratio(p.weight, 1)))
			weights += p.weight
		}
		s.Reasons = append(s.Reasons, r)
	}
	s.Value = floor(sum.Quo(sum, ratio(weights, 1)))
	s.Band, s.Confidence = BandOf(s.Value), confidence(b, &o)
	return s, true
}

// knows reports whether there is enough for a part. It must not depend on debts: else a debt entered could
// change which parts count, and so raise a score.
func (o *outlook) knows(p Part, goals bool) bool {
	switch p {
	case Spend:
		return o.hasIncome && o.hasSpent
	case Reserve:
		return goals
	case Plan:
		return o.hasIncome && o.hasSpent && o.dated
	}
	return true
}

// rateSpend gives 50 points to who spends all, 100 to who keeps a fifth, none to who overspends by a fifth.
func rateSpend(o *outlook) (points, figure *big.Rat) {
	if o.income.Sign() == 0 {
		if o.out().Sign() > 0 {
			return new(big.Rat), nil
		}
		return ratio(50, 1), nil
	}
	figure = o.surplus().Over(o.income)
	points = new(big.Rat).Mul(figure, ratio(50*100, goodSavingPercent))
	return clamp(points.Add(points, ratio(50, 1))), figure
}

func rateReserve(o *outlook) (points, figure *big.Rat) {
	if cost := o.cost(); cost.Sign() > 0 {
		figure = o.saved.Over(cost)
	}
	return rise(o.saved, o.cost().Times(reserveMonths)), figure
}

func rateBurden(o *outlook) (points, figure *big.Rat) {
	if o.base.Sign() > 0 {
		figure = o.payments.Over(o.base)
	}
	return fall(o.payments.Times(100), o.base.Times(burdenCapPercent)), figure
}

// rateOwed adds up which part of each cap is used.
func rateOwed(o *outlook) (points, figure *big.Rat) {
	used := o.owed.Times(mortgageCapMonths).Add(o.mortgages.Times(owedCapMonths))
	if o.base.Sign() > 0 {
		figure = o.owed.Add(o.mortgages).Over(o.base)
	}
	return fall(used, o.base.Times(owedCapMonths*mortgageCapMonths)), figure
}

func ratePlan(o *outlook) (points, figure *big.Rat) {
	if o.needed.Sign() > 0 {
		figure = o.surplus().Over(o.needed)
	}
	return rise(o.surplus(), o.needed), figure
}

// rise gives 100 points to what reaches a limit, none to nothing.
func rise(x, limit Money) *big.Rat {
	if limit.Sign() <= 0 {
		return ratio(100, 1)
	}
	return clamp(x.Times(100).Over(limit))
}

// fall gives 100 points to nothing, none to what reaches a limit.
func fall(x, limit Money) *big.Rat {
	switch {
	case x.Sign() <= 0:
		return ratio(100, 1)
	case limit.Sign() <= 0:
		return new(big.Rat)
	}
	return clamp(new(big.Rat).Sub(ratio(100, 1), x.Times(100).Over(limit)))
}

func clamp(r *big.Rat) *big.Rat {
	if r.Sign() < 0 {
		return new(big.Rat)
	}
	if top := ratio(100, 1); r.Cmp(top) > 0 {
		return top
	}
	return r
}

func ratio(a, b int) *big.Rat { return big.NewRat(int64(a), int64(b)) }

// BandOf is the band of a score.
func BandOf(score int) Band {
	switch {
	case score < 40:
		return Vulnerable
	case score < 80:
		return Coping
	}
	return Healthy
}

// confidence counts which of the four optional things were told. That there are no debts is believed of who
// entered three whole months in which none was paid off.
func confidence(b Book, o *outlook) Confidence {
	told, months := 0, o.full && o.months == whole && o.hasSpent
	for _, is := range []bool{b.Income != nil, months, len(b.Goals) > 0, o.toldBalance || months && !o.anyRepaid} {
		if is {
			told++
		}
	}
	switch {
	case told == 4:
		return High
	case told >= 2:
		return Medium
	}
	return Low
}
