package attack_test

import (
	"net/url"
	"strings"
	"testing"

	"clause.dev/clause/api"
)

// injected is what sqlmap says when a value became part of a statement.
const injected = "sqlmap identified the following injection point"

func sqlmap(t *testing.T, at string, more ...string) string {
	t.Helper()
	args := append([]string{"-u", at, "--batch", "--disable-coloring", "--flush-session", "--skip-waf", "--ignore-code=*", "--dbms=sqlite", "--technique=BEU",
		"--level=2", "--risk=2", "--threads=4", "--timeout=10", "--retries=0", "--answers=follow=N,redirect=N,skip=N"}, more...)
	said := tool(t, "sqlmap", args...)
	t.Logf("%d tests", strings.Count(said, "testing '"))
	return said
}

// TestSQLMap: no value that anybody sends becomes part of a statement.
func TestSQLMap(t *testing.T) {
	t.Parallel()
	if said := sqlmap(t, weak(t)+"/item?id=1"); !strings.Contains(said, injected) {
		t.Fatalf("sqlmap does not see what is weak:\n%s", said)
	}
	s := open(t, scanned)
	s.join(ana)
	key := s.server.Application(t, []string{tenant}, api.ScopeData, api.ScopeSubjects)
	subject, err := s.server.Client(t, key).CreateSubject(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	form := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	application := []string{"--headers=Authorization: Bearer " + key + "\nClause-Purpose: budgeting"}
	for name, one := range map[string]struct {
		at   string
		args []string
	}{
		"signing in":            {s.at + "/account/en/sign-in", []string{"--data=" + form("login", ana, "password", "x", "to", "/en/"), "-p", "login"}},
		"a mailed code":         {s.at + "/account/en/verify", []string{"--data=" + form("code", "ABCDE-ABCDE-ABCDE-ABCDE", "password", "x"), "-p", "code"}},
		"a new account":         {s.at + "/account/en/register", []string{"--data=" + form("identity.first_name", "Ana", "identity.email", "x@example.ae", "password", "x", "born", "1990-05-01"), "--level=1", "-p", "identity.first_name,identity.email"}},
		"the session's cookie":  {s.at + "/account/en/data", []string{"--cookie=" + s.cookie, "-p", "__Host-session"}},
		"a record in a path":    {s.at + "/account/en/data/identity/x*", []string{"--cookie=" + s.cookie}},
		"the application":       {s.at + "/en/transactions?month=2026-10", []string{"--cookie=" + s.cookie, "-p", "month"}},
		"the interface's paths": {s.server.Door.URL + "/v1/tenants/" + tenant + "/subjects/" + subject + "*/data/transactions*?limit=10*&cursor=x*", application},
		"a look-up": {s.server.Door.URL + "/v1/tenants/" + tenant + "/find", append(application, "--method=POST", "--headers=Authorization: Bearer "+key+"\nClause-Purpose: account\nContent-Type: application/json",
			`--data={"data_set":"identity","field":"email","value":"ana*"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := sqlmap(t, one.at, one.args...)
			if strings.Contains(said, injected) || !strings.Contains(said, "do not appear to be injectable") {
				t.Errorf("sqlmap says:\n%s", said)
			}
		})
	}
	t.Cleanup(func() { s.unbroken(300) })
}
