package notify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

const token = "0123456789abcdef0123456789abcdef01234567"

func report(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata/bounces", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// What mail servers send back, each in its own way, with line ends of either sort.
func TestParseBounce(t *testing.T) {
	for name, want := range map[string]notify.Bounce{
		"postfix":  {Token: token, Status: "5.1.1", Action: "failed"},
		"gmail":    {Token: token, Status: "5.1.1", Action: "failed"},
		"exchange": {Token: token, Status: "5.1.10", Action: "failed"},
		"global":   {Token: token, Status: "5.2.1", Action: "failed"},  // RFC 6533, base64, a token in capitals
		"several":  {Token: token, Status: "5.0.0", Action: "failed"},  // one reader of two, and a line that is no field
		"delayed":  {Token: token, Status: "4.4.1", Action: "delayed"}, // it may be delivered yet
	} {
		unix := report(t, name)
		for _, src := range []string{string(unix), strings.ReplaceAll(string(unix), "\n", "\r\n")} {
			if got, err := notify.ParseBounce([]byte(src)); err != nil || got != want {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
	}
}

// What is no report, or none of ours, is refused, and the refusal repeats nothing of it.
func TestParseBounceRefuses(t *testing.T) {
	whole := string(report(t, "postfix"))
	for name, src := range map[string]string{
		"nothing": "", "no mail": "\x00\xff", "a person's absence": string(report(t, "absent")), "a complaint": string(report(t, "complaint")),
		"a report on somebody else's mail": string(report(t, "stranger")),
		"a report without its boundary":    strings.Replace(whole, "boundary=", "bound=", 1),
		"a report cut off before it tells": whole[:strings.Index(whole, "Content-Description: Delivery report")],
		"a report of no action":            strings.Replace(whole, "Action: failed", "Action: <b>zoe</b>", 1),
		"too long a token":                 strings.ReplaceAll(whole, token, token+"0"),
	} {
		got, err := notify.ParseBounce([]byte(src))
		if !fault.Is(err, fault.Invalid) || got != (notify.Bounce{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "zoe") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := notify.ParseBounce([]byte(whole[:strings.Index(whole, "Subject: We have")])); err != nil || got.Token != token {
		t.Errorf("a report that is cut off after it has told all: %+v, %v", got, err)
	}
}

// Whatever comes in, what comes out is a token, a status and an action of the fixed forms, or an error.
func FuzzParseBounce(f *testing.F) {
	files, err := filepath.Glob("testdata/bounces/*.eml")
	if err != nil || len(files) < 9 {
		f.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		f.Add(report(f, strings.TrimSuffix(filepath.Base(file), ".eml")))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		b, err := notify.ParseBounce(src)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || b != (notify.Bounce{}) {
				t.Fatalf("%+v, %v", b, err)
			}
			return
		}
		if notify.TokenIn(b.Token) != b.Token || len(b.Token) != 40 || len(b.Status) < 5 || len(b.Status) > 9 || strings.Trim(b.Status, "0123456789.") != "" || len(b.Action) > 9 {
			t.Fatalf("%+v", b)
		}
	})
}
