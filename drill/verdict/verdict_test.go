package verdict

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/history/historytest"
)

var objectives = Objectives{RTO: 15 * time.Minute, RPO: time.Minute}

// byHand makes a history by hand: each event so many seconds after noon, in the order of appending.
type byHand struct{ history.History }

func (h *byHand) add(after float64, kind history.Kind, region, id string) {
	h.History = append(h.History, history.Event{
		At: noon.Add(time.Duration(after * float64(time.Second))), Kind: kind, Region: region, ID: id})
}

const east, west = "us-east-1", "us-west-1"

// failover is a failover of east to west: the outage after 10 s, the command after 12 s, the first purchase after 20 s.
// Afterwards a look finds all but the latest writes, from the one on that was acknowledged after a number of seconds.
func failover(lostFrom int) history.History {
	var h byHand
	h.add(0, history.MeasuringBegan, "", "")
	for i := range 10 {
		h.add(float64(i)+0.5, history.WriteAcknowledged, east, strconv.Itoa(i))
	}
	h.add(10, history.OutageBegan, east, "region")
	h.add(12, history.MoveBegan, "", "")
	h.add(15, history.InstanceLaunched, west, "i-1")
	h.add(17, history.ShopHealthy, west, "i-1")
	h.add(18, history.DatabasePromoted, west, "unishop-secondary")
	h.add(19, history.PageOpened, west, "")
	h.add(20, history.Purchased, west, "probe-1")
	h.add(20.5, history.Purchased, west, "probe-2")
	h.add(21, history.WriteAcknowledged, west, "10")
	h.add(22, history.MoveEnded, "", "")
	h.add(23, history.LookBegan, west, "failover")
	for i := lostFrom; i < 10; i++ {
		h.add(23, history.WriteLost, west, strconv.Itoa(i))
	}
	h.add(24, history.WriteAcknowledged, west, "11")
	h.add(25, history.LookEnded, west, "failover")
	h.add(13, history.StackUpdateBegan, west, "unishop-secondary")
	h.add(13.5, history.RoleBegan, west, "unishop-secondary")
	return h.History
}

func TestARecoveryInStages(t *testing.T) {
	v := Of(failover(10), objectives)
	require.Len(t, v.Recoveries, 1)
	r := v.Recoveries[0]
	assert.Equal(t, "failover", r.Move)
	assert.Equal(t, Seconds(10), r.FromOutage)
	assert.Equal(t, Seconds(8), r.FromCommand)
	assert.Equal(t, []Stage{
		{"outage", 0, 0, 0},
		{"command typed", 2, 2, 2},
		{"stack update begun", 3, 1, 3},
		{"role begun", 3.5, 0.5, 3.5},
		{"instance launched", 5, 1.5, 5 + 40},
		{"shop healthy", 7, 2, 7 + 40 + 100},
		{"database promoted", 8, 1, 8 + 480},
		{"site published", 9, 1, 9 + 480},
		{"first purchase in us-west-1", 10, 1, 10 + 480},
		{"command done", 12, 2, 12 + 480},
	}, r.Stages)
	require.NoError(t, v.Err())
}

// What runs one after the other on AWS must not be counted side by side.
func TestWaitsAddUpWhereOneFollowsTheOther(t *testing.T) {
	moved := func(changes map[history.Kind]float64) Recovery {
		h := failover(10)
		for i, e := range h {
			if after, ok := changes[e.Kind]; ok {
				h[i].At = noon.Add(time.Duration(after * float64(time.Second)))
			}
		}
		return Of(h, objectives).Recoveries[0]
	}
	assert.Equal(t, Seconds(10+480), moved(nil).Composed, "side by side: the slower one")
	assert.Equal(t, Seconds(10+480+140), moved(map[history.Kind]float64{
		history.DatabasePromoted: 14.5, history.InstanceLaunched: 15}).Composed, "the instance after the promotion")
	assert.Equal(t, Seconds(10+480+140), moved(map[history.Kind]float64{
		history.RoleBegan: 17.5}).Composed, "the promotion after the instance")
	// The shop that is healthy 50 s after the promotion waits so much less than it.
	assert.Equal(t, Seconds(60+480-50), moved(map[history.Kind]float64{
		history.ShopHealthy: 68, history.Purchased: 70}).Composed, "the slower one in the drill is the faster one on AWS")
}

func TestALookCountsWhatWasAcknowledgedSinceTheOneBefore(t *testing.T) {
	h := byHand{failover(7)}
	assert.Len(t, LookedFor(h.History), 0, "no look is under way")
	h.add(30, history.MoveBegan, "", "")
	h.add(31, history.MoveEnded, "", "")
	h.add(32, history.WriteAcknowledged, east, "12")
	h.add(33, history.LookBegan, east, "failback")
	assert.Equal(t, []string{"11", "12"}, ids(LookedFor(h.History)))
	h.add(34, history.LookEnded, east, "failback")
	v := Of(h.History, objectives)
	require.Len(t, v.Losses, 2)
	assert.Equal(t, 11, v.Losses[0].Acknowledged)
	assert.Equal(t, []string{"7", "8", "9"}, ids(v.Losses[0].Lost))
	assert.Equal(t, int64(3500), v.Losses[0].Milliseconds)
	assert.Equal(t, Seconds(4.5), v.Losses[0].Composed, "and AWS's lag")
	assert.Equal(t, Seconds(11.5), v.Losses[0].WriteOutage)
	assert.Equal(t, Loss{Move: "failback", Acknowledged: 2, Lost: []Write{}, WriteOutage: 8}, v.Losses[1], "a switchover")
	assert.Len(t, v.Recoveries, 1)
}

func ids(all []Write) (found []string) {
	for _, w := range all {
		found = append(found, w.ID)
	}
	return found
}

// The second recovery of a story has its own stages, and a late event of AWS counts to the move that caused it.
func TestRecoveriesDoNotMix(t *testing.T) {
	h := byHand{failover(10)}
	h.add(30, history.MoveBegan, "", "")
	h.add(33, history.InstanceComplete, west, "unishop-secondary") // of the failback
	h.add(34, history.MoveEnded, "", "")
	for _, e := range failover(10) {
		e.At = e.At.Add(time.Minute)
		if e.Kind == history.WriteAcknowledged {
			e.ID += "-again"
		}
		h.History = append(h.History, e)
	}
	v := Of(h.History, objectives)
	require.Len(t, v.Recoveries, 2)
	assert.Equal(t, v.Recoveries[0], v.Recoveries[1])
	assert.Len(t, v.Recoveries[0].Stages, 10, "the instance of the failback is none of them")
}

func TestAnotherRegionsStagesDoNotCount(t *testing.T) {
	h := failover(10)
	i := slices.IndexFunc(h, func(e history.Event) bool { return e.Kind == history.ShopHealthy })
	h[i].Region = east
	v := Of(h, objectives)
	assert.Equal(t, []history.Kind{history.ShopHealthy}, v.Recoveries[0].Lacks)
	require.ErrorContains(t, v.Err(), "nothing can be composed without the events [shop-healthy] in us-west-1")
}

// Each limit can be missed, and the run says by how much.
func TestEveryLimitCanBeMissed(t *testing.T) {
	slow := failover(10)
	for i, e := range slow {
		if e.Kind == history.Purchased {
			slow[i].At = e.At.Add(200 * time.Second)
		}
	}
	failback := byHand{failover(10)}
	failback.add(30, history.MoveBegan, "", "")
	failback.add(45, history.WriteAcknowledged, east, "12")
	failback.add(46, history.LookBegan, east, "failback")
	failback.add(47, history.LookEnded, east, "failback")
	for says, c := range map[string]struct {
		h          history.History
		objectives Objectives
	}{
		"RTO of the failover, composed for AWS: 490.0 s, which is 10.0 s more than 480.0 s":              {failover(10), Objectives{RTO: 8 * time.Minute, RPO: time.Minute}},
		"RPO of the failover, composed for AWS: 7.5 s, which is 4.5 s more than 3.0 s":                   {failover(4), Objectives{RTO: time.Hour, RPO: 3 * time.Second}},
		"the drill's own share of the failover, from the command on: 208.0 s, which is 88.0 s more than": {slow, objectives},
		"the write outage of the failback in the drill: 21.0 s, which is 11.0 s more than 10.0 s":        {failback.History, objectives},
	} {
		require.ErrorContains(t, Of(c.h, c.objectives).Err(), says)
	}
}

func TestTheRecordedRuns(t *testing.T) {
	story := Of(historytest.Load(t, historytest.Story), objectives)
	require.NoError(t, story.Err())
	assert.Len(t, story.Recoveries, 3)
	assert.Len(t, story.Losses, 7)

	lossy := historytest.Load(t, historytest.Lossy)
	require.NoError(t, Of(lossy, objectives).Err())
	require.ErrorContains(t, Of(lossy, Objectives{RTO: 5 * time.Minute, RPO: time.Minute}).Err(), "RTO of the failover, composed for AWS")
	require.ErrorContains(t, Of(lossy, Objectives{RTO: time.Hour, RPO: 5 * time.Second}).Err(), "RPO of the failover, composed for AWS")

	failed := Of(historytest.Load(t, historytest.Failed), objectives)
	require.ErrorContains(t, failed.Err(), `"failover to us-west-1": `)
	require.ErrorContains(t, failed.Err(), "no capacity for t3.small")
	assert.Empty(t, failed.Recoveries, "nothing was looked for")
}

func TestAHistoryThatBreaksOffIsNoSuccess(t *testing.T) {
	var h byHand
	h.add(0, history.DrillBegan, "", "story")
	h.add(1, history.StepBegan, "", "")
	h.add(5, history.WriteAcknowledged, east, "1")
	v := Of(h.History, objectives)
	assert.Equal(t, []Step{{Began: 1, Took: 4, Error: "the history ends in it"}}, v.Steps)
	require.Error(t, v.Err())
}
