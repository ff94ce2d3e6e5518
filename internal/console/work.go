package console

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/web"
)

// Work is where staff get work done. Each call is admitted, and recorded, by the domain.
type Work struct {
	Rights    *rights.Desk
	Incidents *incident.Desk
	Assurance *assurance.Desk
	Retention *retention.Desk
	Access    *access.Desk
	Vault     *vault.Vault
}

// matter is one kind of thing that staff work on: a list, a page of each, and the steps that they may take. Its
// words are <Name>.…, its columns col.…, its facts fact.…
type matter struct {
	Name    string
	Columns []string
	Filters []string // of the list by state: ?state=…; none: there is no filter
	Central bool     // of no tenant: its address is <Name>, else at/<tenant>/<Name>
	list    func(v *visit, cursor string) (lines, error)
	show    func(v *visit, id string) (thing, error) // nil: a row of the list is all there is
	acts    []act
}

// lines is a page of a list.
type lines struct {
	rows   []row
	next   string      // the cursor of the next page
	clocks []api.Clock // by when the whole of it is owed
}

// row is one line of a list; its first cell leads to its page.
type row struct {
	ID    string
	Cells []cell
	Own   bool // nothing can be done about it here
}

// cell is something that is shown: words, an id, a moment.
type cell struct {
	Text string
	Tone string // the class of a state
	ID   bool   // left to right in every language
	At   string // where it leads
	Time *time.Time
}

// thing is one of a kind as its page shows it.
type thing struct {
	ID, State, Tone string
	Note            string // the key of words that say what it waits for; "" for none
	Facts           []fact
	Moments         []moment
	Clocks          []api.Clock
	Acts            []string // the steps that fit where it stands
	Links           []cell
}

type fact struct {
	Label string // the key fact.<Label>
	Cells []cell
}

// moment is one of a timeline.
type moment struct {
	At    time.Time
	Label string // words already
	Tone  string
	Ahead bool
}

// act is one step: a form, and the one call of the domain that it makes.
type act struct {
	Name   string
	New    bool // makes a new one, from the list
	Grave  bool // cannot be undone
	leave  []string
	choose func(v *visit) map[string][]string
	in     reflect.Type                                                            // nil: a button alone
	do     func(v *visit, id string, in []input) (next string, done bool, e error) // next: the id to go on to; done: it has answered
}

func (v *visit) context() context.Context { return v.r.Context() }

// work registers the pages of every kind.
func (d *door) work(page route) {
	for _, m := range matters() {
		at := m.Name
		if !m.Central {
			at = "at/{tenant}/" + m.Name
		}
		page("GET", at, func(v *visit) error { return m.board(v, http.StatusOK, nil) })
		page("POST", at, func(v *visit) error { return m.take(v, "new") })
		page("POST", at+"/{id}/{act}", func(v *visit) error { return m.take(v, v.r.PathValue("act")) })
		if m.show != nil {
			page("GET", at+"/{id}", func(v *visit) error { return m.shown(v, http.StatusOK, nil) })
		}
	}
	page("GET", "at/{tenant}/incidents/{id}/notification", (*visit).notification)
	page("GET", "at/{tenant}/leaving/{id}/document", (*visit).certificate)
	page("GET", "go", (*visit).turnTo)
}

// matters are all kinds, in the order of the navigation.
func matters() []*matter {
	return []*matter{requests(), incidents(), demands(), holds(), grants(), leaving(), customers(), review(), tests(), findings(), exercises()}
}

// here is the address of a kind, or of what is below it.
func (m *matter) here(v *visit, below ...string) string {
	if m.Central {
		at := v.Here(m.Name)
		for _, b := range below {
			at += "/" + b
		}
		return at
	}
	return v.At(append([]string{m.Name}, below...)...)
}

// taken is a step that was taken and went wrong.
type taken struct {
	act, id string
	inputs  []input
	wrong   complaint
}

// form is a step as a page shows it.
type form struct {
	Key, Name, At string
	Inputs        []input
	Grave         bool
	Wrong         *complaint
	Of            string // the kind
}

// Takes reports whether a field is one of the form's.
func (f form) Takes(field string) bool {
	return slices.ContainsFunc(f.Inputs, func(i input) bool { return i.Name == field })
}

// lost reports whether what went wrong stands beside no form: the step no longer fits.
func lost(t *taken, forms []form) bool {
	return t != nil && !slices.ContainsFunc(forms, func(f form) bool { return f.Wrong != nil })
}

// formOf is the form of a step; what was sent and went wrong is in it again.
func (m *matter) formOf(v *visit, a *act, id string, t *taken) form {
	f := form{Key: m.Name + "." + a.Name, Name: a.Name, Grave: a.Grave, Inputs: a.inputs(v), Of: m.Name, At: m.here(v, id, a.Name)}
	if a.New {
		f.At = m.here(v)
	}
	if id != "" && m.show == nil { // one of many on a page
		f.Name += "-" + id
	}
	if t != nil && t.act == a.Name && t.id == id {
		f.Inputs, f.Wrong = t.inputs, &t.wrong
	}
	return f
}

func (a *act) inputs(v *visit) []input {
	if a.in == nil {
		return nil
	}
	var choices map[string][]string
	if a.choose != nil {
		choices = a.choose(v)
	}
	return inputsOf(a.in, "", a.leave, choices)
}

// listPage is what the page of a list shows.
type listPage struct {
	Name    string
	Columns []string
	Rows    []listRow
	Filters []string
	Only    string
	Next    string
	New     []form
	Lost    bool        // what went wrong stands beside none of the forms
	Clocks  []api.Clock // by when the whole of it is owed
}

// Acting reports whether something can be done about rows here.
func (l listPage) Acting() bool {
	return slices.ContainsFunc(l.Rows, func(r listRow) bool { return len(r.Forms) > 0 })
}

// Wide is how many columns there are.
func (l listPage) Wide() int { return len(l.Columns) }

type listRow struct {
	row
	At    string
	Forms []form
}

func (m *matter) board(v *visit, status int, t *taken) error {
	found, err := m.list(v, v.query("after"))
	if err != nil {
		return err
	}
	p := listPage{Name: m.Name, Columns: m.Columns, Filters: m.Filters, Only: v.query("state"), Next: found.next, Clocks: found.clocks}
	for _, r := range found.rows {
		one := listRow{row: r}
		if m.show != nil {
			one.At = m.here(v, r.ID)
		}
		p.Rows = append(p.Rows, one)
	}
	for i := range m.acts {
		switch a := &m.acts[i]; {
		case a.New:
			p.New = append(p.New, m.formOf(v, a, "", t))
		case m.show == nil:
			for j := range p.Rows {
				if p.Rows[j].Own {
					continue
				}
				p.Rows[j].Forms = append(p.Rows[j].Forms, m.formOf(v, a, p.Rows[j].ID, t))
			}
		}
	}
	shown := p.New
	for i := range p.Rows {
		shown = append(shown, p.Rows[i].Forms...)
	}
	p.Lost = lost(t, shown)
	return v.showAs(status, "work-list", m.Name, p, t)
}

// thingPage is what the page of one thing shows.
type thingPage struct {
	thing
	Of    string // the kind
	Back  string
	Forms []form
	Lost  bool // what went wrong stands beside none of the forms
	Now   time.Time
}

func (m *matter) shown(v *visit, status int, t *taken) error {
	id := v.r.PathValue("id")
	one, err := m.show(v, id)
	if err != nil {
		return err
	}
	p := thingPage{thing: one, Of: m.Name, Back: m.here(v), Now: v.door.Now()}
	for _, name := range one.Acts {
		if a := m.act(name); a != nil {
			p.Forms = append(p.Forms, m.formOf(v, a, id, t))
		}
	}
	p.Lost = lost(t, p.Forms)
	return v.showAs(status, "work-item", m.Name, p, t)
}

func (m *matter) act(name string) *act {
	for i := range m.acts {
		if m.acts[i].Name == name {
			return &m.acts[i]
		}
	}
	return nil
}

// showAs writes a page that several places share, with what went wrong at its top too where a form is.
func (v *visit) showAs(status int, view, name string, data any, t *taken) error {
	var wrong *complaint
	if t != nil {
		wrong = &t.wrong
	}
	v.place = name
	return v.show(status, view, data, wrong)
}

// take makes a step: one call of the domain. What is wrong is told beside the form, with the clause that refused.
func (m *matter) take(v *visit, name string) error {
	a := m.act(name)
	id := v.r.PathValue("id")
	if a == nil || a.New != (id == "") {
		return fault.New("console.take", fault.NotFound, "there is no such step")
	}
	inputs := v.sent(a.inputs(v))
	next, done, err := a.do(v, id, inputs)
	switch {
	case done && err == nil:
		return nil
	case err != nil && web.StatusOf(err) >= http.StatusInternalServerError:
		return err
	case err != nil:
		t := &taken{name, id, inputs, v.complaintOf(err)}
		if a.New || m.show == nil {
			return m.board(v, web.StatusOf(err), t)
		}
		return m.shown(v, web.StatusOf(err), t)
	}
	to := m.here(v)
	if m.show != nil && next != "" {
		to = m.here(v, next)
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// filled reads a form into the wire type that a call takes.
func filled[In any](inputs []input) (in In, err error) {
	return in, read(reflect.ValueOf(&in).Elem(), inputs)
}

// listing is a list of what one call returns a page of, a row of each.
func listing[T any](call func(v *visit, cursor string) (page []T, next string, err error), show func(v *visit, one *T) row) func(v *visit, cursor string) (lines, error) {
	return func(v *visit, cursor string) (out lines, err error) {
		all, next, err := call(v, cursor)
		for i := range all {
			out.rows = append(out.rows, show(v, &all[i]))
		}
		out.next = next
		return out, err
	}
}

// opening is a step that makes a new thing, of which id is the id.
func opening[In, Out any](call func(v *visit, in In) (Out, error), id func(Out) string) act {
	return act{Name: "new", New: true, in: reflect.TypeFor[In](), do: func(v *visit, _ string, inputs []input) (string, bool, error) {
		in, err := filled[In](inputs)
		if err != nil {
			return "", false, err
		}
		out, err := call(v, in)
		return id(out), false, err
	}}
}

// stepping is a step of a thing that takes a form.
func stepping[In, Out any](name string, call func(v *visit, id string, in In) (Out, error)) act {
	return act{Name: name, in: reflect.TypeFor[In](), do: func(v *visit, id string, inputs []input) (string, bool, error) {
		in, err := filled[In](inputs)
		if err == nil {
			_, err = call(v, id, in)
		}
		return id, false, err
	}}
}

// pressing is a step of a thing that is a button alone.
func pressing[Out any](name string, call func(v *visit, id string) (Out, error)) act {
	return act{Name: name, do: func(v *visit, id string, _ []input) (string, bool, error) {
		_, err := call(v, id)
		return id, false, err
	}}
}

func (a act) grave() act { a.Grave = true; return a }

func (a act) without(fields ...string) act { a.leave = fields; return a }

func (a act) choosing(choose func(v *visit) map[string][]string) act { a.choose = choose; return a }
