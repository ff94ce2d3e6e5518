package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestThreatDetectionPlan(t *testing.T) { plansSearch(t, "threat-detection", true, false) }

func threatSabotages() []sabotage {
	return []sabotage{
		{name: "a server that searches nothing", says: "is not searched", engine: unkept("threat-detection")},
		{name: "an application that is reached past the gate", says: "A canary's scanning at the gate raised no alert", system: besides},
		{name: "an alert that is raised again and again", says: "raised its alert 2 times", system: alarmed("threat", "scanning")},
		{name: "an alert that visitors raise", says: "What ordinary visitors do raised an alert", system: alarmed("threat", "session-hijacking")},
		{name: "a front door that is not searched", says: "Visits to the front door are not searched", system: blind},
		{name: "a company's application past the gate", says: "Visits to the company's application are not searched", system: appShown(func(http.ResponseWriter, *http.Request) {})},
	}
}

// TestNoAlertIsLeft: what the drills raised is removed again, and the server's own probes are no threat to it.
func TestNoAlertIsLeft(t *testing.T) {
	w := newWorld(t, sabotage{example: "clarus"})
	w.keeps(t, "threat-detection")
	for path, key := range map[string]string{"/v1/tenants/" + w.System().Canary.A.ID + "/alerts": w.System().Canary.A.Key, "/v1/alerts": w.System().Canary.Admin} {
		r := httptest.NewRequest("GET", "https://clause.test"+path, nil)
		r.Header.Set("Authorization", "Bearer "+key)
		got := httptest.NewRecorder()
		w.door.ServeHTTP(got, r)
		for _, kind := range []string{"threat", "outlier"} {
			if got.Code != http.StatusOK || strings.Contains(got.Body.String(), `"kind":"`+kind+`"`) {
				t.Errorf("%s: %d %s", path, got.Code, got.Body)
			}
		}
	}
}
