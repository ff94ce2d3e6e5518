package publish_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// machineRead are the documents that machines read, and whether they say the same in all languages.
var machineRead = map[string]bool{
	".well-known/security.txt": true, ".well-known/gpc.json": true, "dpv.jsonld": true, "fides.json": false,
	"consent-records.json": false, "questionnaire.json": false, "questionnaire.html": false, "questionnaire.md": false,
	"oscal-component.json": false,
}

// policies are all policies that are published in tests.
func policies(t testing.TB) map[string]*policy.Policy {
	all := map[string]*policy.Policy{"whole": whole(t)}
	for _, name := range []string{"clarus", "clari", "clear", "clesaro"} {
		all[name] = load(t, examples+"/"+name+"/policy.yaml")
	}
	return all
}

// maybe returns a document, "" where the policy holds nothing for it.
func maybe(t testing.TB, p *policy.Policy, lang, name string) string {
	t.Helper()
	f, err := publish.One(p, name, options(lang))
	if fault.Is(err, fault.NotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(f.Bytes)
}

// To write the golden files anew: go test -update-statements.
func TestRecordsAreAsTheyWereRead(t *testing.T) {
	for folder, p := range policies(t) {
		for name, same := range machineRead {
			for _, lang := range []string{"en", "ar"} {
				got := maybe(t, p, lang, name)
				translated := folder == "clesaro" || folder == "whole"
				if got == "" || lang == "ar" && (same || !translated) || name == "questionnaire.html" && folder != "whole" {
					continue
				}
				golden(t, filepath.Join("testdata", folder, lang, name), unstyled([]byte(undigested(got, p))))
			}
		}
	}
}

var policyUUID = regexp.MustCompile(`("urn:uuid:|"component-definition": {\s+"uuid": ")[0-9a-f-]{36}`)

// undigested leaves out what changes with every byte of the policy, a comment too.
func undigested(doc string, p *policy.Policy) string {
	return policyUUID.ReplaceAllString(strings.ReplaceAll(doc, p.Digest, "…"), "$1…")
}

func TestWhatSaysTheSameInAllLanguages(t *testing.T) {
	for folder, p := range policies(t) {
		for name, same := range machineRead {
			if en, ar := maybe(t, p, "en", name), maybe(t, p, "ar", name); same && en != ar {
				t.Errorf("%s of %s is not the same in Arabic", name, folder)
			}
		}
	}
}

func TestEveryRecordIsListedOnce(t *testing.T) {
	names, docs := publish.Names()
	for name := range machineRead {
		i := slices.Index(names, name)
		if i < 0 || docs[i] == "" {
			t.Errorf("%s is not listed with what it is", name)
		}
	}
	if seen := slices.Compact(slices.Sorted(slices.Values(names))); len(seen) != len(names) {
		t.Error("a name is listed twice")
	}
}

func TestAnUnknownLanguageIsRefused(t *testing.T) {
	for name := range machineRead {
		if _, err := publish.One(whole(t), name, options("tlh")); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s in Klingon: %v", name, err)
		}
	}
}

// Who adds a control must say what it is to the other vocabularies, if only that it is nothing there.
func TestEveryControlIsInEveryTable(t *testing.T) {
	var nist struct{ Controls map[string][]string }
	var dpv struct{ Measures map[string]map[string]string }
	table(t, "nist.json", &nist)
	table(t, "dpv.json", &dpv)
	names := control.Catalogue().Names()
	for _, name := range names {
		if _, ok := nist.Controls[name]; !ok {
			t.Errorf("tables/nist.json says nothing of %s", name)
		}
		if len(dpv.Measures[name]) != 1 {
			t.Errorf("tables/dpv.json says not one measure for %s", name)
		}
	}
	if len(nist.Controls) != len(names) || len(dpv.Measures) != len(names) {
		t.Error("a table speaks of a control that does not exist")
	}
}

func table(t testing.TB, name string, into any) {
	t.Helper()
	decode(t, file(t, filepath.Join("tables", name)), into)
}

func decode(t testing.TB, doc string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(doc), into); err != nil {
		t.Fatal(err)
	}
}

func file(t testing.TB, path string) string {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}
