package account

import (
	"net/http"
	"slices"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/rights"
)

// requestsPage is what somebody has asked by their rights, and what they can ask.
type requestsPage struct {
	Rights   []string
	Objects  []purposeView // what can be objected to
	Requests []requestView
	InForce  inForce
}

type requestView struct {
	rights.Request
	Because string // the ground of a refusal, or why it takes longer
	Ready   bool   // a package waits
	Late    bool
	Open    bool
	About   []string
}

// asks are the rights that are asked for on this page; consents are withdrawn on theirs, and the account is
// closed on its own.
func asks() []rights.Right {
	return []rights.Right{rights.Access, rights.Portability, rights.Rectification, rights.Objection, rights.Restriction}
}

func (v *visit) requestsPage() (p requestsPage, err error) {
	k := &v.door.Desks
	for _, r := range asks() {
		if r != rights.Objection || len(r.Purposes(v.door.Policy)) > 0 {
			p.Rights = append(p.Rights, string(r))
		}
	}
	for _, id := range rights.Objection.Purposes(v.door.Policy) {
		p.Objects = append(p.Objects, purposeView{ID: id, Title: v.purpose(id)})
	}
	if p.InForce, err = v.inForce(); err != nil {
		return p, err
	}
	all, err := k.Rights.Own(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject)
	for i := range all {
		r := &all[i]
		one := requestView{Request: *r, Ready: k.Rights.Ready(r), Open: r.State.Open(), Because: v.because(r)}
		one.Late = one.Open && !r.Due.IsZero() && !v.door.Now().Before(r.Due)
		for _, id := range r.Purposes() {
			one.About = append(one.About, v.purpose(id))
		}
		p.Requests = append(p.Requests, one)
	}
	return p, err
}

// because is the legal ground of a refusal, or the reason for which it takes longer, as people read it.
func (v *visit) because(r *rights.Request) string {
	if r.Ground != "" {
		for _, g := range rights.Grounds() {
			if g.ID == r.Ground {
				return titled(v.lang, g.Title, g.Titles)
			}
		}
	}
	if !r.Extended.IsZero() {
		return v.phrase("reason." + r.Reason)
	}
	return ""
}

func (v *visit) requests() error {
	p, err := v.requestsPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "requests", p, nil)
}

func (v *visit) request() error {
	k := &v.door.Desks
	ask := rights.Ask{Subject: v.who.Subject, Right: rights.Right(v.field("right")), Language: v.lang}
	if ask.Right == rights.Objection {
		ask.Purposes = v.r.PostForm["purpose"]
	}
	if !slices.Contains(asks(), ask.Right) {
		return fault.New("account.request", fault.Invalid, "this is not asked for here")
	}
	if _, err := k.Rights.Exercise(v.r.Context(), k.Caller, v.door.Tenant, ask, nil); err != nil {
		if fault.Is(err, fault.Conflict) { // it names the request, which stands below
			err = fault.New("account.request", fault.Conflict, "you have asked for this already")
		}
		p, again := v.requestsPage()
		if again != nil {
			return again
		}
		return v.complain(err, "requests", p)
	}
	v.redirect("requests")
	return nil
}

func (v *visit) takeBack() error {
	k := &v.door.Desks
	if _, err := k.Rights.TakeBack(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject, v.r.PathValue("id")); err != nil {
		return err
	}
	v.redirect("requests")
	return nil
}

// take hands out the package of a request, once.
func (v *visit) take() error {
	k := &v.door.Desks
	p, err := k.Rights.Take(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.send(p.Name(), "application/zip", func(f *file) error { return p.Write(v.r.Context(), f) })
}

// Day is the last day that is not too late.
func (p *page) Day(due time.Time) string {
	last := due.Add(-time.Microsecond).In(p.door.Desks.Rights.Clocks.Zone)
	return p.date(last)
}
