package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/history/historytest"
	"unishop-pilot-light/drill/report"
	"unishop-pilot-light/drill/verdict"
)

var update = flag.Bool("update", false, "write the expected texts anew")

func reportOn(t *testing.T, name string) report.Report {
	t.Helper()
	h := historytest.Load(t, name)
	return report.New(h, verdict.Of(h, verdict.Objectives{RTO: 15 * time.Minute, RPO: time.Minute}))
}

// A formula that changes shows here, since the recorded runs do not change.
func TestTheTextOfTheRecordedRuns(t *testing.T) {
	for _, name := range []string{historytest.Story, historytest.Lossy, historytest.Failed} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			r := reportOn(t, name)
			r.Timeline(&text)
			r.Figures(&text)
			file := filepath.Join("testdata", name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(file, text.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), text.String(), "go test ./drill/report -update, and look at the difference")
		})
	}
}

// kept keeps a report, and returns its page and its JSON.
func kept(t *testing.T, r report.Report) (page, data string) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, r.Keep(folder))
	html, err := os.ReadFile(filepath.Join(folder, "report.html"))
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(folder, "report.json"))
	require.NoError(t, err)
	return string(html), string(text)
}

func TestThePageShowsWhatWasMeasuredBesideWhatIsComposed(t *testing.T) {
	page, _ := kept(t, reportOn(t, historytest.Story))
	for _, words := range []string{
		"RTO as measured", "RTO for AWS, computed", "RTO of the second failover, composed for AWS", "<svg", "<rect",
		"failover to us-west-1, by one command", "first purchase in us-west-1", "data:image/png;base64,", "In the basket: ",
		"go run", "https://github.com/keycloak/keycloak-benchmark/issues/445", "no acknowledged write was lost by the failback",
	} {
		assert.Contains(t, page, words)
	}
	assert.NotContains(t, page, "missed by")
	assert.NotContains(t, page, "<script", "self-contained, and nothing to run")
}

func TestThePageNamesLossesAndMissedObjectives(t *testing.T) {
	h := historytest.Load(t, historytest.Lossy)
	page, _ := kept(t, report.New(h, verdict.Of(h, verdict.Objectives{RTO: time.Minute, RPO: time.Minute})))
	assert.Contains(t, page, "270 writes, 5400 ms")
	assert.Contains(t, page, "writer-326 writer-327")
	assert.Contains(t, page, "missed by 436")
}

func TestThePageOfAFailedRunSaysWhy(t *testing.T) {
	page, _ := kept(t, reportOn(t, historytest.Failed))
	assert.Contains(t, page, "no capacity for t3.small")
}

func TestWhatAHistorySaysIsNoMarkup(t *testing.T) {
	h := history.History{
		{Kind: history.DrillBegan, Words: "a <b>story</b>"}, {Kind: history.MeasuringBegan},
		{Kind: history.StepBegan, Words: "us-west-1 fails <over>"}, {Kind: history.MoveBegan},
	}
	page, _ := kept(t, report.New(h, verdict.Of(h, verdict.Objectives{})))
	assert.Equal(t, 2, strings.Count(page, "fails &lt;over&gt;"), "in the chart and in the timeline")
	assert.NotContains(t, page, "<b>story")
}

func TestTheDataOfAReport(t *testing.T) {
	_, data := kept(t, reportOn(t, historytest.Lossy))
	var found struct {
		Recoveries []struct{ FromOutage, FromCommand, Composed float64 }
		Losses     []struct{ Lost []struct{ ID string } }
		Judgements []struct{ Says string }
		Purchases  []int `json:"purchasesPerSecond"`
	}
	require.NoError(t, json.Unmarshal([]byte(data), &found))
	require.Len(t, found.Recoveries, 1)
	assert.InDelta(t, 18.8, found.Recoveries[0].FromCommand, 0.05)
	assert.InDelta(t, 496.8, found.Recoveries[0].Composed, 0.05)
	assert.Len(t, found.Losses[0].Lost, 270)
	assert.Len(t, found.Judgements, 3)
	purchases := 0
	for _, count := range found.Purchases {
		purchases += count
	}
	assert.Equal(t, len(historytest.Load(t, historytest.Lossy).Of(history.Purchased)), purchases)
}

func TestTheChartStaysInItsFrame(t *testing.T) {
	for _, name := range []string{historytest.Story, historytest.Lossy, historytest.Failed} {
		c := reportOn(t, name).Chart()
		require.NotEmpty(t, c.Bars)
		require.NotEmpty(t, c.Marks)
		for _, bar := range c.Bars {
			assert.GreaterOrEqual(t, bar.X, float64(c.Left))
			assert.LessOrEqual(t, bar.X+bar.Width, float64(c.Width))
			assert.GreaterOrEqual(t, bar.Y, float64(c.Base)/2, "the words have the upper half")
			assert.InDelta(t, float64(c.Base), bar.Y+bar.Height, 0.001)
		}
		for _, mark := range c.Marks {
			assert.Less(t, mark.Y, float64(c.Base)/2)
			assert.Positive(t, mark.Y)
		}
	}
}

func TestAStepIsPrintedWhenItIsOver(t *testing.T) {
	var out bytes.Buffer
	live := report.NewLive(&out)
	doing := func() string { return "busy" }
	require.NoError(t, live.Step("the first", doing, func() error {
		assert.Empty(t, out.String())
		return nil
	}))
	require.ErrorIs(t, live.Step("the second", doing, func() error { return io.EOF }), io.EOF)
	assert.Regexp(t, `^✓ the first +0\.0 s\n✗ the second +0\.0 s\n$`, out.String())
}
