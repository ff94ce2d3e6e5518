package control_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
)

// factors is Clesaro's policy with a promise of second factors.
const factors = "clesaro, factors"

func TestSecondFactorCheck(t *testing.T) {
	checks(t, []check{{name: "as it is", control: &control.SecondFactor{}}})
}

var spareCodes = regexp.MustCompile(`<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>`)

// spying lets a saboteur read along the codes for when the telephone is lost: with one of them anybody is let in.
func spying(change func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values, spare func() string) bool) func(*control.System, http.Handler) http.Handler {
	var codes []string
	spare := func() (code string) {
		if len(codes) > 0 {
			code, codes = codes[len(codes)-1], codes[:len(codes)-1]
		}
		return code
	}
	return posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
		if page == "second-factor/confirm" {
			got := i.as(r, r.Cookies(), page, form)
			for _, found := range spareCodes.FindAllStringSubmatch(got.Body.String(), -1) {
				codes = append(codes, found[1])
			}
			copyOut(w, got)
			return true
		}
		return change(i, w, r, page, form, spare)
	})
}

// as sends a form to the honest door with cookies.
func (i *impostor) as(r *http.Request, cookies []*http.Cookie, page string, form url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "https://"+i.sys.People.Host+"/account/en/"+page, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range cookies {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	got := httptest.NewRecorder()
	i.next.ServeHTTP(got, req)
	return got
}

// secondly lets somebody in by a spare code where a code is one that suits.
func secondly(suits func(code string, used map[string]bool) bool) func(*control.System, http.Handler) http.Handler {
	used := map[string]bool{}
	return spying(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values, spare func() string) bool {
		if page != "second" {
			return false
		}
		code := form.Get("code")
		if suits(code, used) {
			form.Set("code", spare())
		}
		used[code] = true
		copyOut(w, i.as(r, r.Cookies(), page, form))
		return true
	})
}

func secondFactorSabotages() []sabotage {
	inApp := func(code string) bool { return !strings.Contains(code, "-") }
	return []sabotage{
		{name: "none can be set up", says: "No second factor can be set up", front: posing(func(_ *impostor, w http.ResponseWriter, r *http.Request, page string, _ url.Values) bool {
			if page == "second-factor" {
				http.NotFound(w, r)
			}
			return page == "second-factor"
		})},
		{name: "the password is enough", says: "with the password alone", front: spying(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values, spare func() string) bool {
			if page != "sign-in" {
				return false
			}
			got := i.as(r, nil, page, form)
			if code := spare(); code != "" {
				got = i.as(r, got.Result().Cookies(), "second", url.Values{"code": {code}})
			}
			copyOut(w, got)
			return true
		})},
		{name: "any code will do", says: "with a wrong code", front: secondly(func(code string, used map[string]bool) bool { return len(used) == 0 })},
		{name: "the code of the set-up works again", says: "with a code that was used", front: secondly(func(code string, used map[string]bool) bool { return len(used) == 1 })},
		{name: "no way without the telephone", says: "Who loses their telephone has no other way in", front: posing(func(i *impostor, w http.ResponseWriter, r *http.Request, page string, form url.Values) bool {
			if page != "second-factor/confirm" {
				return false
			}
			got := i.as(r, r.Cookies(), page, form)
			got.Body.Reset()
			copyOut(w, got)
			return true
		})},
		{name: "a code works twice", says: "with the code that let somebody in", front: secondly(func(code string, used map[string]bool) bool { return used[code] && inApp(code) })},
		{name: "a recovery code works twice", says: "with a recovery code that was used", front: secondly(func(code string, used map[string]bool) bool { return used[code] && !inApp(code) })},
	}
}
