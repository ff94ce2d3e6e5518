package gate

import (
	"errors"
	"io"
	"net/http"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate/inspect"
)

// attack is why a form does not pass: of which kind it is.
type attack struct{ kind string }

// Error is for nobody: who sent it is told what to do.
func (a attack) Error() string { return "an attack" }

var errManyForms = errors.New("too many forms of one source")

// sound looks into a form for attacks, and returns the body as if nobody had read of it. Where it is not passed on,
// it was answered.
func (g *Gate) sound(w http.ResponseWriter, r *http.Request, body io.ReadCloser) (io.ReadCloser, bool) {
	if g.Inspect == nil {
		return body, true
	}
	look := func(fields []inspect.Field) error { return g.look(r, fields) }
	fields, body, err := inspect.Read(r, body, look)
	if err == nil {
		err = look(fields)
	}
	if err != nil && !g.unsound(w, r, err) {
		g.turn(w, forPace, http.StatusBadRequest, "What was sent did not arrive whole.")
	}
	return body, err == nil
}

// look looks for an attack in fields of a form, and bans its source if it is not the first.
func (g *Gate) look(r *http.Request, fields []inspect.Field) error {
	done, ok := g.sources.look(r.RemoteAddr)
	if !ok {
		return errManyForms
	}
	defer done()
	kind, err := g.Inspect.Attack(r.Context(), r, fields)
	if kind == "" {
		return err
	}
	g.away.add(forAttack)
	g.report(Report{What: "attack", Name: kind})
	if g.bans.attack(r.RemoteAddr, g.Now()) {
		g.report(Report{What: "ban"})
	}
	return attack{kind}
}

// unsound answers what was sent and is not passed on, at once or while it is on its way. It is false if that is not
// why.
func (g *Gate) unsound(w http.ResponseWriter, r *http.Request, err error) bool {
	var large *http.MaxBytesError
	var stopped attack
	switch {
	case errors.As(err, &stopped):
		say(w, http.StatusForbidden, "text/html", notSent)
	case errors.Is(err, errManyForms):
		w.Header().Set("Retry-After", "1")
		g.turn(w, forRate, http.StatusTooManyRequests, "There are too many forms from your address.")
	case errors.As(err, &large), fault.Is(err, fault.TooLarge):
		g.turn(w, forSize, http.StatusRequestEntityTooLarge, "What was sent is too large.")
	case fault.Is(err, fault.Unavailable):
		w.Header().Set("Retry-After", "5")
		g.turn(w, forForm, http.StatusServiceUnavailable, "There are too many forms now. Please try again in a moment.")
	case fault.Is(err, fault.Invalid):
		g.turn(w, forForm, http.StatusBadRequest, "The form can be read in more than one way.")
	case errors.Is(err, errTooSlow):
		g.turn(w, forPace, http.StatusRequestTimeout, "What was sent came too slowly.")
	case r.Context().Err() != nil: // the person left, or signed out
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// notSent is what somebody sees whose words looked like an attack. It may be a mistake, and they should know what to do.
const notSent = `<!doctype html>
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
