package console

import (
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/web"
)

// Where a clock stands is one word, of which there are words: kept late is not missed, and what ended is neither.
func TestStands(t *testing.T) {
	all, err := web.ReadWords(files, languages)
	if err != nil {
		t.Fatal(err)
	}
	ended := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for want, clocks := range map[string][]api.Clock{
		"running": {{State: "running"}},
		"near":    {{State: "running", Near: true}},
		"missed":  {{State: "running", Late: true}, {State: "paused", Late: true}},
		"paused":  {{State: "paused"}},
		"done":    {{State: "done", Ended: &ended}},
		"late":    {{State: "done", Late: true, Ended: &ended}},
		"void":    {{State: "void", Ended: &ended}},
	} {
		for i := range clocks {
			if got := stands(&clocks[i]); got != want {
				t.Errorf("%+v: %s", clocks[i], got)
			}
		}
		for lang, words := range all {
			if words["clock."+want] == "" {
				t.Errorf("%s has no words for clock.%s", lang, want)
			}
		}
	}
}
