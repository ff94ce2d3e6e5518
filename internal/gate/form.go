package gate

import (
	"errors"
	"io"
	"net/http"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate/inspect"
)

// sound looks into a form for attacks, and returns the body as if nobody had read of it. Where it is not passed on,
// it was answered.
func (g *Gate) sound(w http.ResponseWriter, r *http.Request, body io.ReadCloser) (io.ReadCloser, bool) {
	if g.Inspect == nil {
		return body, true
	}
	fields, body, err := inspect.Read(r, body)
	if err != nil {
		g.unread(w, r, err)
		return nil, false
	}
	done, ok := g.sources.look(r.RemoteAddr)
	if !ok {
		w.Header().Set("Retry-After", "1")
		g.turn(w, forRate, http.StatusTooManyRequests, "There are too many forms from your address.")
		return nil, false
	}
	kind, err := g.Inspect.Attack(r.Context(), r, fields)
	done()
	switch {
	case fault.Is(err, fault.TooLarge):
		g.unread(w, r, err)
	case fault.Is(err, fault.Unavailable):
		w.Header().Set("Retry-After", "5")
		g.turn(w, forForm, http.StatusServiceUnavailable, "There are too many forms now. Please try again in a moment.")
	case err != nil:
		g.turn(w, forForm, http.StatusBadRequest, "The form cannot be looked into.")
	case kind != "":
		g.stop(w, r, kind)
	default:
		return body, true
	}
	return nil, false
}

// stop turns an attack away, and bans its source if it is not the first.
func (g *Gate) stop(w http.ResponseWriter, r *http.Request, kind string) {
	g.away.add(forAttack)
	g.report(Report{What: "attack", Name: kind})
	if g.bans.attack(r.RemoteAddr, g.Now()) {
		g.report(Report{What: "ban"})
	}
	guard(w.Header())
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, stopped)
}

// unread answers a form that could not be read.
func (g *Gate) unread(w http.ResponseWriter, r *http.Request, err error) {
	var large *http.MaxBytesError
	switch {
	case fault.Is(err, fault.TooLarge), errors.As(err, &large):
		g.turn(w, forSize, http.StatusRequestEntityTooLarge, "The form is too large.")
	case fault.Is(err, fault.Invalid):
		g.turn(w, forForm, http.StatusBadRequest, "The form can be read in more than one way.")
	case errors.Is(err, errTooSlow):
		g.turn(w, forPace, http.StatusRequestTimeout, "What was sent came too slowly.")
	case r.Context().Err() != nil:
		panic(http.ErrAbortHandler)
	default:
		g.turn(w, forPace, http.StatusBadRequest, "What was sent did not arrive whole.")
	}
}

// stopped is what somebody sees whose words looked like an attack. It may be a mistake, and they should know what to do.
const stopped = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Not sent</title></head>
<body>
<main>
<h1>Not sent</h1>
<p>Something in what you wrote looks like an attack on this service, so it was not passed on. Nothing was saved.</p>
<p>If you meant no harm, go back, take out signs such as quotes, angle brackets and semicolons, and send it again. If that does not help, please tell us.</p>
<section lang="ar" dir="rtl">
<h2>لم يُرسَل</h2>
<p>في ما كتبته شيء يشبه هجومًا على هذه الخدمة، فلم يُمرَّر ولم يُحفظ شيء.</p>
<p>إن لم تقصد ضررًا فارجع، واحذف علامات مثل علامات الاقتباس والأقواس الزاوية والفواصل المنقوطة، ثم أرسله من جديد. وإن لم ينفع ذلك فأخبرنا.</p>
</section>
</main>
</body>
</html>
`
