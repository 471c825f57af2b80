package verdict

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// at makes writes that were acknowledged so many seconds after noon; the number is the id.
func at(seconds ...float64) (all []Write) {
	for _, s := range seconds {
		after := time.Duration(s * float64(time.Second))
		all = append(all, Write{ID: after.String(), At: noon.Add(after)})
	}
	return all
}

func TestTheTimeOfWhichNothingSurvived(t *testing.T) {
	outage := noon.Add(10 * time.Second)
	for _, c := range []struct {
		says   string
		lost   []Write
		expect time.Duration
	}{
		{"nothing lost", nil, 0},
		{"the last two lost", at(8, 9), 3 * time.Second},
		{"everything lost", at(6, 7, 8, 9), 4 * time.Second},
		{"one lost in the middle: a later one survived", at(7), time.Second},
	} {
		lost := map[string]bool{}
		for _, w := range c.lost {
			lost[w.ID] = true
		}
		assert.Equal(t, c.expect, unprotected(at(6, 7, 8, 9, 12), lost, outage), c.says)
	}
}

func TestTheWriteOutage(t *testing.T) {
	writes := at(1, 9, 10, 14, 15)
	assert.Equal(t, 4*time.Second, longestGap(writes, noon.Add(9500*time.Millisecond)), "gaps that ended before do not count")
	assert.Equal(t, 8*time.Second, longestGap(writes, noon))
	assert.Zero(t, longestGap(nil, noon))
}
