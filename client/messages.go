package client

import (
	"context"
	"iter"
	"net/http"

	"clause.dev/clause/api"
)

// ListMessages returns a page of what a person is told in your application, the newest first; in a
// language, en or ar, if one is given. It needs the scope subjects.
func (c *Client) ListMessages(ctx context.Context, tenant, subject, language, cursor string, limit int) (api.Messages, error) {
	q := c.tenant(http.MethodGet, tenant, "subjects", subject, "messages")
	q.query = page(cursor, limit)
	if language != "" {
		q.query.Set("language", language)
	}
	var out api.Messages
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Messages goes through all that a person is told in your application, the newest first.
func (c *Client) Messages(ctx context.Context, tenant, subject, language string) iter.Seq2[api.Message, error] {
	return pages(func(cursor string) ([]api.Message, string, error) {
		p, err := c.ListMessages(ctx, tenant, subject, language, cursor, api.MaxPage)
		return p.Messages, p.Next, err
	})
}

// MarkSeen says that the person was shown a message. It needs the scope subjects.
func (c *Client) MarkSeen(ctx context.Context, tenant, subject, message string) (api.Message, error) {
	var out api.Message
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "subjects", subject, "messages", message, "seen"), &out)
	return out, err
}

// ListLetters returns a page of the letters that are to be printed or posted. It needs the scope duties.
func (c *Client) ListLetters(ctx context.Context, tenant, cursor string, limit int) (api.Letters, error) {
	q := c.tenant(http.MethodGet, tenant, "letters")
	q.query = page(cursor, limit)
	var out api.Letters
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Letters goes through the letters that are to be printed or posted.
func (c *Client) Letters(ctx context.Context, tenant string) iter.Seq2[api.Letter, error] {
	return pages(func(cursor string) ([]api.Letter, string, error) {
		p, err := c.ListLetters(ctx, tenant, cursor, api.MaxPage)
		return p.Letters, p.Next, err
	})
}

// LetterPage returns a letter as a page to print. It needs the scopes duties and data, and the purpose for
// which the policy says that people are reached.
func (c *Client) LetterPage(ctx context.Context, tenant, letter string) (api.LetterPage, error) {
	var out api.LetterPage
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "letters", letter), &out)
	return out, err
}

// MarkPrinted says that a letter was printed from its page. It needs the scope duties.
func (c *Client) MarkPrinted(ctx context.Context, tenant, letter string) (api.Letter, error) {
	var out api.Letter
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "letters", letter, "printed"), &out)
	return out, err
}

// MarkPosted says that a letter was posted: its page is removed from the folder. It needs the scope duties.
func (c *Client) MarkPosted(ctx context.Context, tenant, letter string) (api.Letter, error) {
	var out api.Letter
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "letters", letter, "posted"), &out)
	return out, err
}

// NoteBounce says that a mail came back, and reports whether that was new. It needs the scope bounces.
func (c *Client) NoteBounce(ctx context.Context, b api.Bounce) (bool, error) {
	var out api.BounceNoted
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "bounces"), b, &out)
	return out.Noted, err
}
