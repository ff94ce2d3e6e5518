package api

import "time"

// Message is what a person is told in your application.
type Message struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" doc:"Which words." example:"request-received"`
	About    string     `json:"about" doc:"The id of what happened." example:"req_4:received"`
	Language string     `json:"language" enum:"en,ar"`
	Title    string     `json:"title"`
	Text     string     `json:"text" doc:"Plain text: paragraphs with an empty line between. Show it as text, not as markup."`
	At       time.Time  `json:"at"`
	Seen     *time.Time `json:"seen,omitempty"`
}

// Messages is a list of messages, the newest first.
type Messages struct {
	Messages []Message `json:"messages" nullable:"false"`
	Next     string    `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// Letter is a letter that lies in the operator's folder, or was posted.
type Letter struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind" doc:"Which words." example:"breach-people"`
	About string    `json:"about" doc:"The id of what happened."`
	State string    `json:"state" enum:"printed,sent" doc:"sent once it was posted."`
	At    time.Time `json:"at" doc:"When it reached that state."`
	File  string    `json:"file,omitempty" doc:"Its file in the folder of letters."`
}

// Letters is a list of letters that are printed and not posted.
type Letters struct {
	Letters []Letter `json:"letters" nullable:"false"`
	Next    string   `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}
