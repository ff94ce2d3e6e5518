package control

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// editions are the languages that the public door speaks.
func editions() []string { return []string{"en", "ar"} }

// ownEdition is the edition in which a policy's own words stand.
func ownEdition(p *policy.Policy) string {
	if strings.HasPrefix(p.Language, "ar") {
		return "ar"
	}
	return "en"
}

// asPublished reads a published file at the public door and compares it, to the byte, with what the policy
// is published as. A copy that is old, edited or of another policy is a breach.
func (s *System) asPublished(ctx context.Context, t *trial, path, name, lang string) (body []byte, same bool) {
	if s.Now == nil || s.Policy == nil || s.Render == nil {
		t.hurdle("the day, or what the policy is published as, cannot be seen.")
		return nil, false
	}
	for range 2 { // midnight may come between
		on := s.Now().UTC().Truncate(24 * time.Hour)
		want, err := s.Render(s.Policy, name, lang, on)
		if err != nil {
			t.hurdle("%s cannot be made of the policy: %v", name, err)
			return nil, false
		}
		a, err := s.door("").do(ctx, call{method: "GET", path: path + "?lang=" + lang})
		switch {
		case err != nil:
			t.hurdle("reading %s at the public door: %v", path, err)
			return nil, false
		case a.status == http.StatusNotFound:
			t.breach("%s is not published: the public door does not know it.", path)
			return nil, false
		case !a.ok():
			t.hurdle("reading %s at the public door: %s", path, a)
			return nil, false
		case bytes.Equal(a.body, want):
			t.good("%s (%s) is what the policy of version %s is published as, to the byte.", path, lang, s.Policy.Version)
			return a.body, true
		case on.Equal(s.Now().UTC().Truncate(24 * time.Hour)):
			t.breach("%s (%s) is not what the policy says.", path, lang)
			return a.body, false
		}
	}
	t.hurdle("the day turned while %s was read.", path)
	return nil, false
}

var (
	markup = regexp.MustCompile(`<[^>]*>`)
	anchor = regexp.MustCompile(`(?s)<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>`)
)

// wordsOf is the text of a page as a reader sees it, on one line.
func wordsOf(page []byte) string {
	return oneLine(html.UnescapeString(markup.ReplaceAllString(string(page), " ")))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// lacking returns those of the facts that a text does not hold.
func lacking(text string, facts []string) []string {
	return slices.DeleteFunc(slices.Clone(facts), func(fact string) bool { return strings.Contains(text, oneLine(fact)) })
}

// links reports whether a page holds a link to the address whose words name somebody.
func links(page []byte, to, named string) bool {
	for _, a := range anchor.FindAllSubmatch(page, -1) {
		if html.UnescapeString(string(a[1])) == to && strings.Contains(wordsOf(a[2]), oneLine(named)) {
			return true
		}
	}
	return false
}

// largestVisit bounds what is read of what lies elsewhere.
const largestVisit = 64 << 20

// visited is what an address elsewhere answered.
type visited struct {
	status int
	body   []byte // its beginning
	sum    string // SHA-256 of all, in hexadecimal
}

// visit reads an address that the policy names. The error says that there was no whole answer.
func (s *System) visit(ctx context.Context, address string) (v visited, err error) {
	if s.Web == nil {
		return v, errors.New("what lies elsewhere cannot be reached")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return v, errors.New("it is no address of the web")
	}
	client := *s.Web
	client.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if to.URL.Scheme != "https" || len(via) > 3 {
			return errLeadsAway
		}
		return nil
	}
	resp, err := client.Do(req)
	if err != nil {
		return v, distant(err)
	}
	defer resp.Body.Close()
	sum := sha256.New()
	body, err := io.ReadAll(io.LimitReader(io.TeeReader(resp.Body, sum), maxAnswer))
	if err != nil {
		return v, distant(err)
	}
	more, err := io.Copy(sum, io.LimitReader(resp.Body, largestVisit))
	if err != nil {
		return v, distant(err)
	}
	if more == largestVisit {
		return v, fmt.Errorf("it is larger than %d MB", largestVisit>>20)
	}
	return visited{resp.StatusCode, body, hex.EncodeToString(sum.Sum(nil))}, nil
}

var errLeadsAway = errors.New("it leads on by a way that is not encrypted, or too long")

// distant says why there was no answer without what the machine's network says of itself: facts are published.
func distant(err error) error {
	var name *net.DNSError
	var timed net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errLeadsAway):
		return errLeadsAway
	case errors.As(err, &certificate):
		return errors.New("its certificate is not trusted")
	case errors.As(err, &timed) && timed.Timeout():
		return errors.New("it did not answer in time")
	case errors.As(err, &name):
		return errors.New("its name is not known")
	}
	return errors.New("it does not answer")
}
