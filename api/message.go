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

// Letter is a letter that is to be printed or posted, or was.
type Letter struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind" doc:"Which words." example:"breach-people"`
	About string    `json:"about" doc:"The id of what happened."`
	State string    `json:"state" enum:"waiting,printed,sent,failed" doc:"waiting to be printed; sent once it was posted; failed where it never can be."`
	At    time.Time `json:"at" doc:"When it reached that state."`
	File  string    `json:"file,omitempty" doc:"Its file in the folder of letters, if it lies there."`
}

// Letters is a list of letters that are to be printed or posted.
type Letters struct {
	Letters []Letter `json:"letters" nullable:"false"`
	Next    string   `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// LetterPage is a letter to be printed.
type LetterPage struct {
	ID   string `json:"id"`
	HTML string `json:"html" doc:"A page for A4 and an envelope with a window. It loads nothing and holds no script."`
}

// Bounce is a mail that came back: either the report of a mail server as it came, or what it says.
type Bounce struct {
	Report  string `json:"report,omitempty" maxLength:"1000000" doc:"The whole mail of RFC 3464. Nothing of it is kept but the two below."`
	Message string `json:"message,omitempty" maxLength:"300" doc:"The Message-ID of the mail that came back, or the address that it came back to." example:"<5f0c…@acme.example>"`
	Status  string `json:"status,omitempty" pattern:"^[45]\\.[0-9]{1,3}\\.[0-9]{1,3}$" doc:"Why, as RFC 3463 has it." example:"5.1.1"`
}

// BounceNoted says what a bounce has changed.
type BounceNoted struct {
	Noted bool `json:"noted" doc:"Whether it was new, and said that a mail was not delivered for good."`
}
