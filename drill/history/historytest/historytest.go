// Package historytest provides recorded histories, so that what is derived from a history is tested without running a drill.
//
// A recording is replaced by `gzip -9nc .cache/drill/history.jsonl`; the pictures of its visits may be smaller.
package historytest

import (
	"compress/gzip"
	"embed"
	"testing"

	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/history"
)

// The recordings.
const (
	// Story is a run of the whole story.
	Story = "story"
	// Lossy is a failover with five seconds of replication delay.
	Lossy = "lossy"
	// Failed is a run in which the other region had no capacity for the instance.
	Failed = "failed"
)

//go:embed *.jsonl.gz
var files embed.FS

// Load reads a recording.
func Load(t testing.TB, name string) history.History {
	t.Helper()
	file, err := files.Open(name + ".jsonl.gz")
	require.NoError(t, err)
	defer file.Close()
	text, err := gzip.NewReader(file)
	require.NoError(t, err)
	h, err := history.Read(text)
	require.NoError(t, err)
	return h
}
