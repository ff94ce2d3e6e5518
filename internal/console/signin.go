package console

import (
	"net/http"
	"strings"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/web"
)

// signInPage is what the page for signing in shows.
type signInPage struct {
	To   string
	Ways []Way
}

func (v *visit) signInPage() signInPage {
	to := v.query("to")
	if v.r.Method == http.MethodPost {
		to = v.field("to")
	}
	if !local(to) {
		to = ""
	}
	return signInPage{to, v.door.Ways}
}

// WithTo carries on where somebody wanted to go.
func (p signInPage) WithTo() string { return withTo(p.To) }

func (v *visit) signInForm() error {
	if v.In() {
		v.goOn(v.query("to"))
		return nil
	}
	return v.show(http.StatusOK, "sign-in", v.signInPage(), nil)
}

// maxKey bounds what could be a key, in bytes.
const maxKey = 200

// signIn lets a member in by their key. It travels in the form alone, and is not kept.
func (v *visit) signIn() error {
	const op = "console.signIn"
	wrong := fault.New(op, fault.Unauthenticated, "the key is not valid")
	var who access.Presence
	key := strings.TrimSpace(v.field("key"))
	pass, ok := access.PassOf(key)
	err := error(wrong)
	if ok && len(key) <= maxKey {
		who, err = v.present(pass, "")
	}
	if fault.Is(err, fault.Unauthenticated) {
		err = wrong
		if v.door.guesses.tooOften(guessBurst, guessEvery, web.Source(v.r), v.door.Now()) {
			err = fault.New(op, fault.TooMany, "too many attempts from this network")
		}
	}
	if err != nil {
		return v.complain(err, "sign-in", v.signInPage())
	}
	v.letIn(pass, who)
	v.goOn(v.field("to"))
	return nil
}

// way is one of the further ways to sign in.
func (v *visit) way() (Way, error) {
	for _, w := range v.door.Ways {
		if w.ID() == v.r.PathValue("way") {
			return w, nil
		}
	}
	return nil, fault.New("console.way", fault.NotFound, "there is no such way to sign in")
}

// begin sends the browser to where somebody signs in.
func (v *visit) begin() error {
	w, err := v.way()
	if err != nil {
		return err
	}
	if v.door.leaves.tooOften(leaveBurst, leaveEvery, web.Source(v.r), v.door.Now()) {
		return v.complain(fault.New("console.begin", fault.TooMany, "too many attempts from this network"), "sign-in", v.signInPage())
	}
	to := v.query("to")
	if !local(to) {
		to = Prefix + v.lang + "/"
	}
	at, err := w.Begin(v.w, v.r, to)
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, at, http.StatusSeeOther)
	return nil
}

// finish lets in whom another way of signing in has brought back.
func (v *visit) finish() error {
	w, err := v.way()
	if err != nil {
		return err
	}
	pass, to, err := w.Finish(v.w, v.r)
	if local(to) { // the language that they came in
		if lang, _, _ := strings.Cut(strings.TrimPrefix(to, Prefix), "/"); v.door.words[lang] != nil {
			v.lang = lang
		}
	}
	var who access.Presence
	if err == nil {
		who, err = v.present(pass, "")
	}
	if err != nil {
		return v.complain(err, "sign-in", signInPage{Ways: v.door.Ways})
	}
	v.letIn(pass, who)
	v.goOn(to)
	return nil
}

func (v *visit) signOut() error {
	v.door.sessions.end(v.token())
	http.SetCookie(v.w, session.Cookie(cookie, ""))
	v.redirect("sign-in")
	return nil
}
