package incident

import (
	"math"
	"strconv"
	"testing"
)

// What fits is counted exactly, what does not is estimated closely, however often each comes.
func TestDistinct(t *testing.T) {
	for _, n := range []int{0, 1, 100, distinctBound - 1, 3 * distinctBound, 10 * distinctBound} {
		var d distinct
		for range 2 {
			for i := range n {
				d.add("p_1", "goals", strconv.Itoa(i))
			}
		}
		got, exact := d.count()
		if exact != (n < distinctBound) || exact && got != int64(n) || math.Abs(float64(got-int64(n))) > 0.02*float64(n) {
			t.Errorf("of %d there are %d (exact: %v)", n, got, exact)
		}
		if len(d.top) > distinctBound {
			t.Errorf("%d hashes are held", len(d.top))
		}
	}
}
