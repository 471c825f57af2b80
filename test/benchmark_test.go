package test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkSynthesis synthesises both stacks, each time as a command that fails over would. The first run also unpacks
// the CDK's library and starts its process: run it by `go test ./test -run '^$' -bench Synthesis`.
func BenchmarkSynthesis(b *testing.B) {
	for b.Loop() {
		a := synthesize(b, map[string]any{"failover": "true", "artifact": artifact})
		require.NotEmpty(b, a.folder)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/synthesis")
	b.ReportMetric(0, "ns/op")
}
