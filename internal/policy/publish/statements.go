package publish

import "clause.dev/clause/internal/policy"

// statements are what people read: the statement, cookies, sub-processors, the record of processing.
func statements() []document {
	return []document{
		{"statement.html", htmlType, "the privacy and security statement, as a page", shown((*writer).statement, html)},
		{"statement.md", markdownType, "the privacy and security statement, as Markdown", shown((*writer).statement, markdown)},
		{"statement.txt", textType, "the privacy and security statement, as plain text", shown((*writer).statement, plainText)},
		{"cookies.html", htmlType, "the cookie statement, as a page", shown((*writer).cookies, html)},
		{"cookies.md", markdownType, "the cookie statement, as Markdown", shown((*writer).cookies, markdown)},
		{"sub-processors.html", htmlType, "who processes data for us, as a page", shown((*writer).subProcessors, html)},
		{"sub-processors.md", markdownType, "who processes data for us, as Markdown", shown((*writer).subProcessors, markdown)},
		{"processing-record.html", htmlType, "the record of processing, GDPR art. 30, as a page", shown((*writer).processingRecord, html)},
		{"processing-record.csv", "text/csv; charset=utf-8; header=present", "the record of processing, GDPR art. 30, as a table", shown((*writer).processingRows, csvOf)},
	}
}

// The media types.
const (
	htmlType     = "text/html; charset=utf-8"
	markdownType = "text/markdown; charset=utf-8"
	textType     = "text/plain; charset=utf-8"
)

// shown makes a document of what a writer says and the form it is shown in. What a writer has nothing
// to say of is not published.
func shown[T any](say func(*writer) *T, show func(*T) ([]byte, error)) func(*policy.Policy, Options) ([]byte, error) {
	return func(p *policy.Policy, o Options) ([]byte, error) {
		t, err := tongueOf(o.Language)
		if err != nil {
			return nil, err
		}
		said := say(&writer{tongue: t, policy: p, options: o})
		if said == nil {
			return nil, nil
		}
		return show(said)
	}
}

// paper begins a document with what every one of them says.
func (w *writer) paper(key string, more ...fact) *paper {
	of := name(w.policy.Organisation.Name)
	p := &paper{
		Lang: w.lang, Of: of, Title: w.say(key + ".title"), Lead: w.say(key+".lead", slots{"name": of}),
		Labels: labels{Contents: w.say("contents"), Promises: w.say("contents.promises"), Figures: w.say("contents.figures"), Skip: w.say("skip")},
	}
	effective := words(nil)
	if !w.policy.Effective.IsZero() {
		effective = w.date(w.policy.Effective)
	}
	p.Facts = facts(append([]fact{
		w.about("version", name(w.policy.Version)), w.about("effective", effective), w.about("published", w.date(w.options.On)),
	}, more...)...)
	return p
}
