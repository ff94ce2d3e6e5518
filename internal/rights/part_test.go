package rights_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// written is a package as it is downloaded.
func (w *world) written(sub string, to io.Writer) error {
	w.Helper()
	_, link := w.answer(w.open(sub, rights.Portability).ID)
	p, err := w.desk.Download(w.Context(), link)
	w.must(err)
	return p.Write(w.Context(), to)
}

// TestPackageHoldsTheHistory: every consent that was given and withdrawn, with what was shown and its receipt, and
// every request, over more pages than one; nobody else's.
func TestPackageHoldsTheHistory(t *testing.T) {
	const times = 2*rights.PartRows + 1
	each(t, func(w *world) {
		sub, other := w.person(), w.person()
		say := func(sub, text string, given bool) {
			_, err := w.vault.Consent(w.Context(), w.app, tenant, sub, vault.Expression{
				Purpose: "tips", Given: given, Text: text, Language: "en", Receipt: json.RawMessage(`{"@context":["https://w3id.org/dpv"],"@graph":[]}`),
			})
			w.must(err)
		}
		for i := range times {
			say(sub, fmt.Sprintf("Tips, as shown %d", i), i%2 == 0)
		}
		say(other, "OTHER", true)
		w.open(other, rights.Objection)
		for range times {
			r := w.open(sub, rights.Objection, "security")
			_, err := w.desk.Withdraw(w.Context(), w.app, tenant, r.ID)
			w.must(err)
		}
		var out bytes.Buffer
		w.must(w.written(sub, &out))
		all := parts(w, out.Bytes())
		var data struct {
			Since   time.Time
			Service struct {
				Consents []struct {
					Purpose, Text, Language, Version string
					Given                            bool
					At                               time.Time
					Receipt                          map[string]any
				}
				Requests []struct {
					Right, State string
					Purposes     []string
					Opened, Due  time.Time
				}
			}
		}
		w.must(json.Unmarshal([]byte(all["data.json"]), &data))
		consents, requests := data.Service.Consents, data.Service.Requests
		if len(consents) != times || len(requests) != times+1 || data.Since.IsZero() {
			w.Fatalf("the package holds %d consents and %d requests since %v", len(consents), len(requests), data.Since)
		}
		for i, c := range consents {
			if c.Text != fmt.Sprintf("Tips, as shown %d", i) || c.Given != (i%2 == 0) || c.Language != "en" || c.Purpose != "tips" || c.At.IsZero() || len(c.Receipt) == 0 {
				w.Errorf("consent %d is %+v", i, c)
			}
		}
		for _, r := range requests {
			if r.Opened.IsZero() || r.Right != "portability" && (r.Right != "objection" || r.State != "withdrawn" || len(r.Purposes) != 1) {
				w.Errorf("a request is %+v", r)
			}
		}
		for _, name := range []string{"service/consents.csv", "index.html"} {
			for _, want := range []string{"as shown 0", fmt.Sprintf("as shown %d", times-1)} {
				if !strings.Contains(all[name], want) {
					w.Errorf("%s lacks %q", name, want)
				}
			}
		}
		for name, body := range all {
			if strings.Contains(body, "OTHER") || strings.Contains(body, other) {
				w.Errorf("%s tells of somebody else", name)
			}
		}
	})
}

type besideRow struct {
	Name  string    `json:"name"`
	At    time.Time `json:"at,omitzero"`
	Yes   bool      `json:"used"`
	Many  []string  `json:"ids,omitempty"`
	Inner string    `json:"-"`
}

// TestPartsAreInert: what others keep of a person is text wherever it is shown.
func TestPartsAreInert(t *testing.T) {
	w := sqliteWorld(t)
	w.desk.Beside = []rights.Part{rights.PartOf("passkeys", func(*db.Tx, string) (rows []besideRow, err error) {
		for _, value := range hostile {
			rows = append(rows, besideRow{Name: value, Many: []string{value, value}, At: w.clock.Stands(), Inner: "INNER"})
		}
		return append(rows, besideRow{Name: "true", Yes: true}), nil
	}), rights.PartOf("sessions", func(*db.Tx, string) ([]besideRow, error) { return nil, fault.New("test", fault.NotFound, "none") })}
	var out bytes.Buffer
	w.must(w.written(w.person(), &out))
	all := parts(w, out.Bytes())
	rows, err := csv.NewReader(strings.NewReader(all["service/passkeys.csv"])).ReadAll()
	w.must(err)
	if len(rows) != len(hostile)+2 || strings.Join(rows[0], ",") != "name,at,used,ids" {
		t.Fatalf("the table is %q", rows)
	}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if start := strings.TrimSpace(cell); start != "" && strings.ContainsRune("=+-@|%＝", []rune(start)[0]) {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	page := all["index.html"]
	if strings.Contains(page, "<script") || strings.Contains(page, "javascript:1'>x") || !strings.Contains(page, "Your passkeys") ||
		!strings.Contains(page, `<td dir="auto">true</td><td dir="auto"></td><td dir="auto">yes</td><td dir="auto"></td></tr>`) || strings.Contains(page, `<th scope="col"></th>`) {
		t.Error("the page shows the part wrongly")
	}
	if strings.Contains(out.String(), "INNER") || !strings.Contains(all["data.json"], `"sessions": []`) {
		t.Error("data.json tells too much, or not that there is nothing")
	}
}

// TestPartsEndWithThePerson: whoever is erased while the parts are written is handed out no more of.
func TestPartsEndWithThePerson(t *testing.T) {
	each(t, func(w *world) {
		sub, reads := w.person(), 0
		w.desk.Beside = []rights.Part{rights.PagedPart("sessions", func(*db.Tx, string, string) ([]besideRow, string, error) {
			reads++
			return []besideRow{{Name: strings.Repeat("x", 64<<10)}}, "more", nil
		})}
		out := &failingWriter{after: 1 << 10, do: func() { w.must(w.vault.EraseSubject(w.Context(), w.app, tenant, sub)) }}
		if err := w.written(sub, out); !fault.Is(err, fault.Erased) && !fault.Is(err, fault.NotFound) || reads > 1000 {
			w.Errorf("an erasure on the way gives %v after %d reads", err, reads)
		}
	})
}
