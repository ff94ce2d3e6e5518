package control_test

import "testing"

func TestLogOutliersPlan(t *testing.T) { plansSearch(t, "log-outliers", false, true) }

func outlierSabotages() []sabotage {
	return []sabotage{
		{name: "a server that searches nothing", says: "is not searched", engine: unkept("log-outliers")},
		{name: "errors that are not logged", says: "A canary's server errors at the gate raised no alert", system: besides},
		{name: "an alert that visitors raise", says: "What ordinary visitors do raised an alert", system: alarmed("outlier", "latency")},
	}
}
