package draft

import (
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The schedule of backups where a text says nothing of them: keys of a week, and three weeks more.
const (
	usualEpoch   = "7d"
	usualHorizon = "21d"
)

// length is the time that a span such as 30d says; 0 for none.
func length(s string) time.Duration {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil {
		return 0
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	return time.Duration(n) * units[s[len(s)-1]]
}

// fmtSpan says a time as a policy does.
func fmtSpan(d time.Duration) string {
	for _, u := range []struct {
		name string
		of   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if d%u.of == 0 {
			return strconv.FormatInt(int64(d/u.of), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

// schedule divides a time into the epoch of a backup's key, and how long it can be restored after.
func schedule(total time.Duration) (epoch, horizon string) {
	for _, u := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if n := total / u; n >= 4 {
			return fmtSpan(n / 4 * u), fmtSpan(n * 3 / 4 * u)
		}
	}
	return "1s", "1s"
}
