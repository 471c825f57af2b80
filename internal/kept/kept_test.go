package kept

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
)

func TestTheRunbookIsThatOfThisSystem(t *testing.T) {
	cfg := config.Config{Names: "staging", Primary: config.Region{Name: "eu-west-1"}, Secondary: config.Region{Name: "eu-west-2"}}
	assert.Equal(t, "AWS_REGION=eu-west-2 npx cdk deploy staging-secondary; --identifier staging; /staging/image; eu-west-1's Unishop",
		forSystem("AWS_REGION=us-west-1 npx cdk deploy unishop-secondary; --identifier unishop; /unishop/image; us-east-1's Unishop", cfg))
	runbook, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	// What is on the instance is called so under every name.
	assert.Equal(t, "cat /etc/unishop/unishop.env; tail /var/log/unishop/unishop.log; mysql unishop <rows.sql; aws logs /staging/server",
		forSystem("cat /etc/unishop/unishop.env; tail /var/log/unishop/unishop.log; mysql unishop <rows.sql; aws logs /unishop/server", cfg))
	page := regexp.MustCompile(fixed).ReplaceAllLiteralString(string(runbook), "")
	for _, ofTheDefaults := range []string{"us-east-1", "us-west-1", "unishop-", "unishop/", " unishop "} {
		assert.NotContains(t, forSystem(page, cfg), ofTheDefaults)
	}
}
