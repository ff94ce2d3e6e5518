package rights

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// account is what a person is told beside their data, GDPR art. 15(1) and (2).
type account struct {
	Made       time.Time         `json:"made"`
	Language   string            `json:"language"`
	Policy     string            `json:"policy"`
	Controller controller        `json:"controller"`
	Purposes   []purposeOf       `json:"purposes"`
	Recipients []recipientOf     `json:"recipients"`
	Data       []dataOf          `json:"data"`
	Service    []partOf          `json:"service"`
	LeftOut    string            `json:"left_out"`
	Connected  []connectedOf     `json:"connected,omitempty"`
	Rights     []rightOf         `json:"rights"`
	Authority  *policy.Authority `json:"authority,omitempty"`
	Laws       map[string]string `json:"laws,omitempty"`
	Contents   map[string]string `json:"contents"`
}

type controller struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Address string `json:"address,omitempty"`
	Contact string `json:"contact,omitempty"`
	Officer string `json:"officer,omitempty"`
}

type purposeOf struct {
	ID         string              `json:"id"`
	Title      string              `json:"title"`
	Basis      policy.Basis        `json:"basis"`
	Interest   string              `json:"interest,omitempty"`
	Duty       string              `json:"duty,omitempty"`
	Automated  string              `json:"automated_decisions,omitempty"`
	Sees       map[string][]string `json:"sees"`
	Recipients []string            `json:"recipients"`
	sets       []string
}

type recipientOf struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Role      string `json:"role"`
	Does      string `json:"does,omitempty"`
	Region    string `json:"region,omitempty"`
	Country   string `json:"country,omitempty"`
	Safeguard string `json:"safeguard,omitempty"`
}

type dataOf struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Category string `json:"category,omitempty"`
	Source   string `json:"source"`
	From     string `json:"from,omitempty"`
	Kept     string `json:"kept"`
	Records  int    `json:"records"`
	declared *policy.DataSet
}

type rightOf struct {
	Right   Right    `json:"right"`
	Article string   `json:"gdpr_article"`
	Within  string   `json:"within,omitempty"`
	Clauses []string `json:"clauses,omitempty"`
}

// about writes about.json.
func (p *packing) about(context.Context) error {
	return p.member("about.json", zip.Deflate, func(w *bufio.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return fault.As("rights.about", fault.Unavailable, e.Encode(p.account()))
	})
}

func (p *packing) account() account {
	source, lang := p.desk.Policy, p.language()
	o := source.Organisation
	a := account{
		Made: p.made, Language: lang, Policy: source.Version,
		Controller: controller{o.Name, o.Role, o.Address, o.Contact, o.Officer.Contact},
		Purposes:   []purposeOf{}, Recipients: []recipientOf{}, Laws: map[string]string{}, Service: p.parts, LeftOut: p.words.say("left-out"),
		Contents: map[string]string{
			"data.json": "all data, for programs", "data": "a table of each data set, for spreadsheets", "service": "a table of each thing kept to run the service", "index.html": "all of it, to read",
			"blobs": "files", "ledger.json": "what was done with the data, with proofs: clause ledger verify ledger.json",
		},
	}
	for i := range source.Purposes {
		a.Purposes = append(a.Purposes, purposeIn(&source.Purposes[i], lang))
	}
	for i := range source.Recipients {
		r := &source.Recipients[i]
		of := recipientOf{r.ID, r.Name, r.Role, title(lang, r.Does, r.Titles), r.Region, "", r.Safeguard}
		if region, ok := source.Region(r.Region); ok {
			of.Region, of.Country = title(lang, region.Place, region.Titles), region.Country
		}
		a.Recipients = append(a.Recipients, of)
	}
	for i := range p.shapes {
		a.Data = append(a.Data, p.dataOf(&p.shapes[i], lang))
	}
	if a.Connected = p.connected(); len(a.Connected) > 0 {
		a.Contents["connected"] = "tables of what other systems hold"
	}
	for _, right := range All() {
		a.Rights = append(a.Rights, p.rightOf(right))
	}
	if o.Authority.Name != "" {
		a.Authority = &o.Authority
	}
	for i := range source.Laws {
		a.Laws[source.Laws[i].ID] = title(lang, source.Laws[i].Title, source.Laws[i].Titles)
	}
	return a
}

// language is the one the person is answered in.
func (p *packing) language() string {
	if p.request.details.Language == "" {
		return languages()[0]
	}
	return p.request.details.Language
}

func purposeIn(from *policy.Purpose, lang string) purposeOf {
	out := purposeOf{
		ID: from.ID, Title: title(lang, from.Title, from.Titles), Basis: from.Basis, Interest: from.Interest, Duty: from.Duty,
		Automated: from.Automated, Sees: map[string][]string{}, Recipients: list(from.Recipients),
	}
	for _, s := range from.Sees {
		out.Sees[s.DataSet] = s.Fields
		out.sets = append(out.sets, s.DataSet)
	}
	return out
}

func (p *packing) dataOf(s *shape, lang string) dataOf {
	out := dataOf{ID: s.id, Title: s.id, Records: s.records, declared: s.set, Kept: p.words.say("while-active")}
	if s.set == nil {
		return out
	}
	out.Title, out.Category = title(lang, s.set.Title, s.set.Titles), s.set.Category
	out.Source, out.From = p.words.say("from."+string(s.set.Source), "who", s.set.From), s.set.From
	switch {
	case s.set.Storage == policy.Memory:
		out.Kept = p.words.say("in-memory")
	case s.set.Keep > 0:
		out.Kept = p.words.say("days", "n", strconv.Itoa(int(s.set.Keep/(24*time.Hour))))
	}
	return out
}

// rightOf is what is promised of a right: the shortest time, and by which clauses.
func (p *packing) rightOf(right Right) rightOf {
	out := rightOf{Right: right, Article: grounds().Articles[right]}
	shortest := time.Duration(0)
	for _, promise := range p.desk.Promises[right] {
		if !slices.Contains(out.Clauses, promise.Answer.Clause) {
			out.Clauses = append(out.Clauses, promise.Answer.Clause)
		}
		if longest, ok := promise.Answer.Limit.Longest(); ok && (shortest == 0 || longest < shortest) {
			shortest, out.Within = longest, promise.Answer.Limit.String()
		}
	}
	return out
}
