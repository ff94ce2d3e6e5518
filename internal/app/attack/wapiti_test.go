package attack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// modules are those of wapiti that attack. Left out are its lists of known files (buster, nikto, backup), what asks a
// server elsewhere (ssrf, xxe, wapp), and csrf, which looks for a token in each form: that a form is this site's own is
// told here by what browsers say of where it comes from, and tested beside each door.
const modules = "blindsql,crlf,exec,file,htaccess,methods,permanentxss,redirect,shellshock,sql,xss,cookieflags,csp,http_headers"

// wapiti crawls a site for 8 seconds, attacks what it finds for 2 by each module, and returns how often it found
// something, by kind.
func wapiti(t *testing.T, at string, more ...string) map[string]int {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	said := tool(t, "wapiti", append([]string{"-u", at + "/", "-m", modules, "--scope", "domain", "-S", "normal", "-f", "json", "-o", report,
		"--flush-session", "--no-bugreport", "--verify-ssl", "0", "-t", "5", "--store-session", t.TempDir(), "-d", "3", "--max-scan-time", "8", "--max-attack-time", "2", "--max-files-per-dir", "40"}, more...)...)
	source, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("wapiti wrote no report: %v\n%s", err, said)
	}
	var r struct {
		Vulnerabilities, Anomalies map[string][]struct{ Method, Path, Info string }
	}
	if err := json.Unmarshal(source, &r); err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	// Browsers took it out: it could be turned against the pages it was to protect.
	const gone = "X-XSS-Protection is not set"
	for _, kinds := range []map[string][]struct{ Method, Path, Info string }{r.Vulnerabilities, r.Anomalies} {
		for kind, found := range kinds {
			for _, f := range found {
				if f.Info == gone {
					continue
				}
				t.Logf("%s: %s %s: %s", kind, f.Method, f.Path, f.Info)
				all[kind]++
			}
		}
	}
	return all
}

// TestWapiti: nothing of what a crawler finds on the site can be turned against it or its people.
func TestWapiti(t *testing.T) {
	t.Parallel()
	seen := wapiti(t, weak(t))
	for _, kind := range []string{"SQL Injection", "Cross Site Scripting", "Open Redirect", "Path Traversal"} {
		if seen[kind] == 0 {
			t.Errorf("wapiti does not see %s in what is weak: %v", kind, seen)
		}
	}
	easy := scanned
	easy.kept = true
	s := open(t, easy)
	s.join(ana)
	for kind, n := range wapiti(t, s.at, "-H", "Cookie: "+s.cookie, "-s", s.at+"/en/", "-s", s.at+"/account/en/") {
		t.Errorf("wapiti found %d of %s", n, kind)
	}
	s.unbroken(300)
}
