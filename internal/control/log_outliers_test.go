package control_test

import (
	"regexp"
	"testing"
)

func TestLogOutliersPlan(t *testing.T) { plansSearch(t, "log-outliers", false, true) }

func outlierSabotages() []sabotage {
	return []sabotage{
		{name: "a server that searches nothing", says: "is not searched", engine: unkept("log-outliers")},
		{name: "errors that are not logged", says: "A canary's server errors at the gate raised no alert", system: besides},
		{name: "an alert that is raised once more", says: "2 alerts were raised of 1 cause", front: retelling(holding("/alerts"), func(body []byte) []byte {
			return regexp.MustCompile(`"alerts":\[(\{.*\})\]`).ReplaceAll(body, []byte(`"alerts":[$1,$1]`))
		})},
		{name: "an alert that visitors raise", says: "What ordinary visitors do raised an alert", system: alarmed("outlier", "latency")},
	}
}
