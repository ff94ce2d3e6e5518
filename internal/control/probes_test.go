package control_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault/objects"
)

// sabotage is one way in which a server that looks right breaks a promise. The probe must say so.
type sabotage struct {
	name   string
	front  func(*control.System, http.Handler) http.Handler // stands before the honest front door
	system func(*world, *control.System)                    // what lies below is not what it was
	engine func(*policy.Policy)                             // the server runs a laxer policy than was published
	tls    func(*tls.Config)
	blobs  *objects.Place           // where blobs are kept; nil: in the data folder
	notify func(*app.Notify)        // how staff is told is not what was promised
	before func(*testing.T, *world) // done behind the server's back, undone by t.Cleanup
	says   string                   // a part of what the probe must say

	example string // whose policy it is; empty: Clesaro's
}

// sabotages holds, for each control that runs, the ways in which it is shown to notice.
func sabotages() map[string][]sabotage {
	return map[string][]sabotage{
		"cookies-only-necessary": cookiesSabotages(),

		"tls":                  tlsSabotages(),
		"encryption-at-rest":   encryptionSabotages(),
		"memory-only":          memorySabotages(),
		"tenant-isolation":     isolationSabotages(),
		"declared-data-only":   declaredSabotages(),
		"no-sensitive-data":    sensitiveSabotages(),
		"purpose-limitation":   purposeSabotages(),
		"contract-basis":       contractSabotages(),
		"consent":              consentSabotages(),
		"legitimate-interests": interestsSabotages(),
		"minimisation":         minimisationSabotages(),
		"no-disclosure":        disclosureSabotages(),
		"no-direct-marketing":  marketingSabotages(),
		"residency":            residencySabotages(),
		"retention":            retentionSabotages(),
		"erasure":              erasureSabotages(),
		"interaction-log":      logSabotages(),
		"aggregates":           aggregatesSabotages(),
		"clock":                clockSabotages(),
		"monitoring":           monitoringSabotages(),
		"pager":                pagerSabotages(),
		"security-updates":     weaknessSabotages(),
		"data-subject-rights":  rightsSabotages(),
		"change-notice":        changeNoticeSabotages(),
		"disclosure-notice":    newDisclosureSabotages(),
		"electronic-notice":    electronicSabotages(),
		"allowed-recipients":   allowanceSabotages(),
		"breach-notice":        breachSabotages(),
		"legal-demands":        demandSabotages(),
		"attested":             attestedSabotages(),
		"derived":              derivedSabotages(),
		"retained-copies":      retainedSabotages(),
		"off-boarding":         offBoardingSabotages(),
		"penetration-test":     penetrationSabotages(),
		"test-scope":           scopeSabotages(),
		"finding-deadlines":    deadlineSabotages(),
		"exercise":             exerciseSabotages(),
		"switch-over":          switchOverSabotages(),
		"disclosure-programme": programmeSabotages(),
		"customer-grant":       grantSabotages(),
		"access-approval":      approvalSabotages(),
		"access-review":        reviewSabotages(),
		"environment-access":   environmentSabotages(),
		"published":            publishedSabotages(),
		"complaints":           complaintsSabotages(),
		"sub-processors":       subProcessorsSabotages(),
		"questionnaire":        questionnaireSabotages(),
		"documents":            documentsSabotages(),
		"product-scope":        productScopeSabotages(),
		"outgoing-addresses":   outgoingSabotages(),
		"encrypted-backups":    backupSabotages(),
		"password-hash":        passwordHashSabotages(),
		"password-rules":       passwordRulesSabotages(),
		"session-cookie":       sessionCookieSabotages(),
		"email-verification":   emailVerificationSabotages(),
		"minimum-age":          minimumAgeSabotages(),
		"second-factor":        secondFactorSabotages(),
		"route-decisions":      routeSabotages(),
		"single-sign-on":       singleSignOnSabotages(),
		"database-firewall":    firewallSabotages(),
		"attack-bans":          bansSabotages(),
		"address-rules":        addressSabotages(),
		"separate-listeners":   separateSabotages(),
		"threat-detection":     threatSabotages(),
		"log-outliers":         outlierSabotages(),
	}
}

// elsewhere names the example whose policy names a control that Clesaro's does not.
var elsewhere = map[string]string{"single-sign-on": signingOn, "second-factor": factors, "switch-over": twoNodes, "customer-grant": "clear", "access-approval": "clear", "access-review": "clear", "environment-access": "clear", "penetration-test": "clear", "test-scope": "clear", "finding-deadlines": "clear", "exercise": "clear", "disclosure-programme": "clear", "disclosure-notice": "clarus", "electronic-notice": "clari", "allowed-recipients": "clear", "monitoring": "clarus", "pager": "clear", "security-updates": "clear", "legal-demands": "clarus", "attested": "clarus", "derived": "clarus", "retained-copies": "clarus", "off-boarding": "clari",
	"password-hash": hashing, "password-rules": "clari", "sub-processors": corrected, "questionnaire": "clari", "documents": "clarus", "product-scope": "clarus", "encrypted-backups": "clarus", "outgoing-addresses": "clear", "route-decisions": "clear", "attack-bans": "clarus", "address-rules": "clarus", "separate-listeners": "clarus", "threat-detection": "clarus", "log-outliers": "clear"}

// TestProbes runs every probe against a server that keeps Clesaro's policy, or another example's where
// that does not name the control, and against servers that do not.
func TestProbes(t *testing.T) {
	outer := t // a world outlives the control it was made for
	all, honest := sabotages(), map[string]*world{}
	vocabulary := control.Catalogue()
	for _, name := range vocabulary.Names() {
		if spec, _ := vocabulary.Control(name); !spec.Runs {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if len(all[name]) == 0 {
				t.Fatal("no sabotage shows that its probe notices anything")
			}
			example := elsewhere[name]
			if honest[example] == nil {
				honest[example] = newWorld(outer, sabotage{example: example})
			}
			t.Run("kept", func(t *testing.T) { honest[example].keeps(t, name) })
			for _, s := range all[name] {
				t.Run(s.name, func(t *testing.T) {
					w := honest[example]
					if s.engine != nil || s.tls != nil || s.notify != nil {
						s.example = example
						w = newWorld(t, s)
					}
					w.breaks(t, name, s)
				})
			}
		})
	}
}

// world is a server, and what stands before it.
type world struct {
	*apptest.Server
	front atomic.Pointer[http.Handler]
	door  http.Handler // the honest one

	copied sync.Map // what a saboteur has read along
}

// newWorld starts a server.
func newWorld(t *testing.T, s sabotage) *world {
	t.Helper()
	w := &world{}
	store := db.Config{}
	if s.example == twoNodes {
		store = dbtest.NewPair(t).Config
	}
	w.Server = apptest.Start(t, apptest.Options{
		Store: store.URL, Migrate: store.Migrate, Beside: true, Beat: apptest.Quick,
		// One probe after another has more failures than a server would see in a day.
		Limits:     httpapi.Limits{Failures: 1000, FailureBurst: 1000},
		Weaknesses: known(t), Prepare: accounts(t, s.example), Policy: sourceOf(t, s.example), Web: abroad, Documents: documentsOf(t, s.example), SignIn: providersOf(t, s.example), Engine: s.engine, TLS: s.tls, Blobs: s.blobs, Notify: onCall(t, s.notify),
		Front: func(door http.Handler) http.Handler {
			w.door = door
			w.open(door)
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*w.front.Load()).ServeHTTP(rw, r) })
		},
	})
	return w
}

// corrected is Clari's policy with the sub-processor in its list that the published one forgets.
const corrected = "clari, corrected"

// shortPages is Clarus's policy with less kept of each page.
const shortPages = "clarus, short pages"

// twoNodes is Clear's policy on a store of two nodes.
const twoNodes = "clear, two nodes"

// sourceOf is the policy of an example, nothing for Clesaro's.
func sourceOf(t *testing.T, example string) []byte {
	if example == "" || example == hashing {
		return nil
	}
	if example == corrected {
		return bytes.Replace(sourceOf(t, "clari"), []byte("recipients: []"), []byte("recipients: [azure-openai]"), 1)
	}
	if example == factors {
		return bytes.Replace(sourceOf(t, "clesaro"), []byte("      - email-verification\n"), []byte("      - email-verification\n      - second-factor\n"), 1)
	}
	if example == shortPages {
		return bytes.Replace(sourceOf(t, "clarus"), []byte("Page or function, type: text, max: 200B"), []byte("Page or function, type: text, max: 20B"), 1)
	}
	example, _, _ = strings.Cut(example, ",")
	source, err := os.ReadFile(apptest.Root(t, "examples/"+example+"/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// copy keeps what is sent.
func (w *world) copy(body []byte) { w.copied.Store(string(body), body) }

func (w *world) open(h http.Handler) { w.front.Store(&h) }

// probe runs the probes of the control that the policy names.
func (w *world) probe(t *testing.T, name string, sys *control.System) (findings []control.Finding) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, clause := range w.Published.Clauses {
		for _, k := range clause.Keep {
			if k.Control != name {
				continue
			}
			c, _, err := control.Of(k)
			if err != nil {
				t.Fatal(err)
			}
			findings = append(findings, c.Probe(ctx, sys))
		}
	}
	if len(findings) == 0 {
		t.Fatalf("the policy does not name %s", name)
	}
	return findings
}

func (w *world) keeps(t *testing.T, name string) {
	for _, f := range w.probe(t, name, w.System()) {
		if f.Outcome != control.Kept && f.Outcome != control.Attested || f.Summary == "" || len(f.Facts) == 0 {
			t.Errorf("an honest server is %s: %s\n\t%s", f.Outcome, f.Summary, strings.Join(f.Facts, "\n\t"))
		}
	}
	w.empty(t)
}

// empty checks that no canary was left behind.
func (w *world) empty(t *testing.T) {
	t.Helper()
	for _, tenant := range []string{w.System().Canary.A.ID, w.System().Canary.B.ID} {
		var people int
		err := w.App.DB.Read(t.Context(), tenant, func(tx *db.Tx) error {
			return tx.One(`SELECT COUNT(*) FROM subjects WHERE tenant_id = $1`, []any{tenant}, &people)
		})
		if err != nil {
			t.Fatal(err)
		}
		if people != 0 {
			t.Errorf("the probe left %d people in %s", people, tenant)
		}
	}
}

// clean removes the canaries that a saboteur did not let the probe erase.
func (w *world) clean(t *testing.T) {
	t.Helper()
	for _, tenant := range []string{w.System().Canary.A.ID, w.System().Canary.B.ID} {
		for _, table := range []string{"accounts", "subjects", "records", "lookups"} {
			w.sql(t, tenant, `DELETE FROM `+table+` WHERE tenant_id = $1`, tenant)
		}
	}
}

func (w *world) breaks(t *testing.T, name string, s sabotage) {
	sys := w.System()
	defer w.clean(t)
	defer w.open(w.door)
	if s.before != nil {
		s.before(t, w)
	}
	if s.system != nil {
		s.system(w, sys)
	}
	if s.front != nil {
		w.open(s.front(sys, w.door))
	}
	var said []string
	for _, f := range w.probe(t, name, sys) {
		if f.Outcome == control.Broken && strings.Contains(f.Summary, s.says) {
			return
		}
		said = append(said, string(f.Outcome)+": "+f.Summary+"\n\t"+strings.Join(f.Facts, "\n\t"))
	}
	t.Errorf("the probe does not say broken, %q, but\n%s", s.says, strings.Join(said, "\n"))
}
