package publish

import "time"

// The questionnaire as programs read it.
type (
	questionnaireFile struct {
		Organisation string                 `json:"organisation"`
		Version      string                 `json:"policy_version"`
		Digest       string                 `json:"policy_sha256"`
		On           string                 `json:"on"`
		Language     string                 `json:"language"`
		Sections     []questionnaireSection `json:"sections"`
	}
	questionnaireSection struct {
		ID     string               `json:"id"`
		Title  string               `json:"title"`
		Fields []questionnaireField `json:"fields"`
	}
	questionnaireField struct {
		ID       string              `json:"id"`
		Question string              `json:"question"`
		Stated   bool                `json:"stated"`
		Answers  []questionnaireText `json:"answers"` // empty where the policy says nothing
	}
	questionnaireText struct {
		Text   string `json:"text"`
		Source string `json:"source"` // the clause, or the part of the policy
	}
)

func questionnaireJSON(r *register) ([]byte, error) {
	q, err := newQuestionnaire(r)
	if err != nil {
		return nil, err
	}
	file := questionnaireFile{Organisation: r.Organisation.Name, Version: r.Version, Digest: r.Digest, On: r.options.On.Format(time.DateOnly), Language: r.lang}
	for _, s := range q.asked.Sections {
		section := questionnaireSection{ID: s.ID, Title: q.either(s.EN, s.AR).String()}
		for _, f := range s.Fields {
			field := questionnaireField{ID: f.ID, Question: q.either(f.EN, f.AR).String(), Answers: []questionnaireText{}}
			for _, a := range q.answer(f) {
				field.Stated, field.Answers = true, append(field.Answers, questionnaireText{a.words.String(), a.source})
			}
			section.Fields = append(section.Fields, field)
		}
		file.Sections = append(file.Sections, section)
	}
	return encode(file)
}

func questionnaireHTML(r *register) ([]byte, error) {
	p, err := questionnairePaper(r)
	if err != nil {
		return nil, err
	}
	return html(p)
}

func questionnaireMarkdown(r *register) ([]byte, error) {
	p, err := questionnairePaper(r)
	if err != nil {
		return nil, err
	}
	return markdown(p)
}

// questionnairePaper is the questionnaire as people read it.
func questionnairePaper(r *register) (*paper, error) {
	q, err := newQuestionnaire(r)
	if err != nil {
		return nil, err
	}
	p := r.paper("questionnaire")
	p.Title, p.Lead = q.phrases.say("title"), q.phrases.say("lead", slots{"name": name(r.Organisation.Name)})
	for _, s := range q.asked.Sections {
		var answers []fact
		for _, f := range s.Fields {
			means := []words{q.phrases.say("not-stated")}
			if all := q.answer(f); len(all) > 0 {
				means = nil
				for _, a := range all {
					means = append(means, a.words.with(" (").join(q.phrases.say("from", slots{"source": name(a.source)})).with(")"))
				}
			}
			answers = append(answers, fact{Term: q.either(f.EN, f.AR), Means: means})
		}
		p.add("Questions."+s.ID, q.either(s.EN, s.AR), block{Facts: answers})
	}
	return p, nil
}
