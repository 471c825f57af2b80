package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/history/historytest"
)

func TestManyMayAppendAtOnceAndWhatIsWrittenIsReadBack(t *testing.T) {
	var out bytes.Buffer
	log := history.NewLog(&out)
	early := time.Date(2026, 1, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	log.Append(history.Event{At: early, Kind: history.StackUpdateBegan, Region: "us-west-1", ID: "unishop-secondary"})
	var group sync.WaitGroup
	for writer := range 10 {
		group.Go(func() {
			for i := range 100 {
				log.Append(history.Event{Kind: history.WriteAcknowledged, Region: "us-east-1", ID: fmt.Sprint(writer, "-", i)})
				log.History().Latest(history.WriteAcknowledged)
			}
		})
	}
	group.Wait()
	log.Append(history.Event{Kind: history.Visited, Visit: &history.Visit{Basket: []string{"Rainbow"}, Picture: []byte("png")}})
	require.NoError(t, log.Err())

	h := log.History()
	require.Len(t, h, 1002)
	assert.True(t, h[0].At.Equal(early.Truncate(time.Microsecond)), h[0].At)
	assert.WithinDuration(t, time.Now(), h[1].At, time.Minute, "an event without a time happened now")
	assert.Len(t, h.Of(history.WriteAcknowledged, history.Visited), 1001)
	assert.Equal(t, "unishop-secondary", h.Latest(history.StackUpdateBegan).ID)
	assert.Zero(t, h.Latest(history.Purchased))

	read, err := history.Read(&out)
	require.NoError(t, err)
	assert.Equal(t, h, read)
}

func TestWhoeverReadsAHistoryDoesNotChangeIt(t *testing.T) {
	log := history.NewLog(&bytes.Buffer{})
	log.Append(history.Event{Kind: history.MoveBegan})
	read := log.History()
	_ = append(read, history.Event{Kind: history.Purchased})
	log.Append(history.Event{Kind: history.MoveEnded})
	assert.Len(t, read, 1)
	assert.Equal(t, history.MoveEnded, log.History()[1].Kind)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAHistoryThatCannotBeWrittenSaysSo(t *testing.T) {
	log := history.NewLog(full{})
	log.Append(history.Event{Kind: history.MoveBegan})
	log.Append(history.Event{Kind: history.MoveEnded})
	require.ErrorContains(t, log.Err(), "no space left")
	assert.Len(t, log.History(), 2)
}

func TestAnotherVersionsHistoryIsRefused(t *testing.T) {
	for text, says := range map[string]string{
		`{"kind": "purchased"}` + "\n" + `{"kind": "moved"}`: `event 2 of the history: kind "moved" is not known`,
		`{"kind": "purchased", "price": 3}`:                  "event 1",
		`{"kind": "purchased"`:                               "event 1",
	} {
		_, err := history.Read(strings.NewReader(text))
		require.ErrorContains(t, err, says)
	}
}

// A kind that is declared and cannot be read would be found out by the next recording only.
func TestEveryKindCanBeRead(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "kinds.go", nil, 0)
	require.NoError(t, err)
	count := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			kind, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			_, err = history.Read(strings.NewReader(fmt.Sprintf(`{"kind": %q}`, kind)))
			require.NoError(t, err)
			count++
		}
		return true
	})
	assert.Greater(t, count, 20)
}

func TestTheRecordingsCanBeRead(t *testing.T) {
	for _, name := range []string{historytest.Story, historytest.Lossy, historytest.Failed} {
		h := historytest.Load(t, name)
		assert.Equal(t, history.DrillBegan, h[0].Kind)
	}
}

func TestAReasonIsEmptyForASuccess(t *testing.T) {
	assert.Empty(t, history.Reason(nil))
	assert.Equal(t, "no", history.Reason(errors.New("no")))
}
