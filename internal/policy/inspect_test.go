package policy_test

import (
	"os"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy"
)

// A policy that its controls refuse comes back for a further look, one that is wrong otherwise not.
func TestInspect(t *testing.T) {
	src, err := os.ReadFile(clesaroFile)
	if err != nil {
		t.Fatal(err)
	}
	v := controls()
	v.check("erasure", backupsEndInTime)
	late := strings.Replace(string(src), "horizon: 21d", "horizon: 60d", 1)
	p, problems := policy.Inspect("p.yaml", []byte(late), v)
	if p == nil || len(problems) != 1 {
		t.Fatalf("got policy %v, problems %v", p != nil, problems)
	}
	if got := problems[0]; got.Code != policy.ControlRefuses || got.Control != "erasure" || got.Clause != "clesaro-erasure" {
		t.Errorf("got %+v", got)
	}
	if p.Digest != policy.Digest(p) || len(p.Clauses) != 26 {
		t.Errorf("the policy is not whole: %d clauses", len(p.Clauses))
	}
	if p, err := policy.Parse("p.yaml", []byte(late), v); p != nil || err == nil {
		t.Error("Parse takes a policy that a control refuses")
	}
	if p, problems := policy.Inspect("p.yaml", []byte(strings.Replace(late, "role: controller", "rolle: controller", 1)), v); p != nil || len(problems) < 2 {
		t.Errorf("a policy with an unknown key comes back, with %d problems", len(problems))
	}
	if p, problems := policy.Inspect("p.yaml", src, v); p == nil || len(problems) > 0 {
		t.Errorf("a sound policy has %v", problems)
	}
}

func TestExcerpts(t *testing.T) {
	src := []byte("one\ntwo words\r\nthree")
	show := policy.Excerpts(src)
	for _, c := range []struct {
		at    policy.Pos
		width int
		want  string
	}{
		{policy.Pos{Line: 2, Column: 5}, 5, "    2 | two words\n      |     ^^^^^\n"},
		{policy.Pos{Line: 3, Column: 1}, 99, "    3 | three\n      | ^^^^^\n"},
		{policy.Pos{Line: 0, Column: 0}, 1, ""},
		{policy.Pos{Line: 4, Column: 1}, 1, ""},
	} {
		if got := show(c.at, c.width); got != c.want || policy.Excerpt(src, c.at, c.width) != got {
			t.Errorf("%v: got\n%s want\n%s", c.at, got, c.want)
		}
	}
}
