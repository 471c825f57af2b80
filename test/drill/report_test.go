package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheReportShowsWhatWasMeasured(t *testing.T) {
	tell := &narrator{began: noon, told: []sentence{
		{"us-east-1 goes down", 2 * time.Second, time.Second}, {"us-west-1 takes <over>", 3 * time.Second, 9 * time.Second}}}
	marks := marked(tell, []time.Time{noon.Add(2 * time.Second), noon.Add(3 * time.Second), noon.Add(time.Hour)}, noon)
	require.Equal(t, []mark{{2, "us-east-1 goes down"}, {3, "us-west-1 takes <over>"}}, marks)
	sales := perSecond(at(0, 0.5, 1, 4), noon)
	require.Equal(t, []int{2, 1, 0, 0, 1}, sales)
	chart, err := draw(sales, marks)
	require.NoError(t, err)

	folder := filepath.Join(t.TempDir(), "drill")
	require.NoError(t, told{
		Says: "a story", Sales: sales, Chart: chart, NotIn: notIncluded, Beside: documented,
		Losses: []loss{{Move: "failover", Acknowledged: 7, Lost: at(1), Milliseconds: 1234, WriteOutage: 5.6}},
		RTO:    &rto{FromOutage: 12.3, FromCommand: 4.5, Stages: []stage{{"a stage", 6.7, 8.9}}},
		Visits: []visited{{By: "nobody", Picture: []byte("png")}},
	}.keep(folder))
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	require.NoError(t, err)
	for _, words := range []string{"A story.", "12.3 s", "4.5 s", "a stage", "6.7 s", "1 writes, 1234 ms", "5.6 s", "data:image/png;base64,cG5n",
		"us-east-1 goes down", "takes &lt;over&gt;", "go run", disasterRecovery, "<svg"} {
		assert.Contains(t, string(page), words)
	}
	assert.NotContains(t, string(page), "<script", "self-contained, and nothing to run")

	text, err := os.ReadFile(filepath.Join(folder, "report.json"))
	require.NoError(t, err)
	var kept told
	require.NoError(t, json.Unmarshal(text, &kept))
	assert.Equal(t, sales, kept.Sales)
	assert.Equal(t, 12.3, kept.RTO.FromOutage)
	assert.Equal(t, at(1)[0].ID, kept.Losses[0].Lost[0].ID)
}
