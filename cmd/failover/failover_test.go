package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
)

const cdkJSON = `{"context": {"name": "unishop", "failover": "planned", "primary-region": "us-east-1", "secondary-region": "us-west-1",
	"primary-cidr": "10.0.0.0/16", "secondary-cidr": "10.1.0.0/16", "database-class": "db.r6g.large", "server-class": "t3.small", "server-zone": "1",
	"objective-rto": "15m", "objective-rpo": "1m"}}`

// in a folder with a cdk.json.
func in(t *testing.T, content string) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "cdk.json"), []byte(content), 0o600))
	t.Chdir(folder)
}

func TestNameAndRegionsAreThoseOfTheContext(t *testing.T) {
	in(t, cdkJSON)
	for _, row := range []struct {
		to        config.Side
		arguments []string
		stack     string
		region    string
	}{
		{config.Secondary, nil, "unishop-secondary", "us-west-1"},
		{config.Primary, nil, "unishop-primary", "us-east-1"},
		{config.Secondary, []string{"-c", "name=staging", "--context", "secondary-region=eu-west-1"}, "staging-secondary", "eu-west-1"},
		{config.Primary, []string{"--context=primary-region=eu-west-2", "--verbose"}, "unishop-primary", "eu-west-2"},
	} {
		f, err := newFailover(row.to, row.arguments)
		require.NoError(t, err)
		t.Cleanup(f.cleanUp)
		assert.Equal(t, []string{row.stack, row.region}, []string{f.stack(), f.to.Name}, "%+v", row)
		assert.True(t, f.cfg.Unplanned())
		assert.Equal(t, row.to, f.cfg.Active().Side)
	}
}

func TestWhatIsNotAllowedIsSaidBeforeAnythingIsDone(t *testing.T) {
	in(t, cdkJSON)
	_, err := newFailover("tertiary", nil)
	require.ErrorContains(t, err, `-to: "tertiary" is not allowed: use secondary or primary`)
	_, err = newFailover(config.Secondary, []string{"-c", "server-class=t4g.small"})
	require.ErrorContains(t, err, `server-class: "t4g.small"`)
	t.Chdir(t.TempDir())
	_, err = newFailover(config.Secondary, nil)
	require.ErrorContains(t, err, "use this command in the repository")
}

func TestTheRoleToDeployWithIsThatOfTheAssembly(t *testing.T) {
	folder := t.TempDir()
	manifest := `{"artifacts": {"unishop-secondary": {"properties": {"assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/deploy"}}}}`
	require.NoError(t, os.WriteFile(filepath.Join(folder, "manifest.json"), []byte(manifest), 0o600))
	role, err := deployRole("unishop-secondary", folder)
	require.NoError(t, err)
	assert.Equal(t, "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/deploy", role)
	_, err = deployRole("unishop-primary", folder)
	require.ErrorContains(t, err, "unishop-primary")
	assert.Equal(t, "aws-cn", partition("arn:aws-cn:sts::111122223333:assumed-role/me/session"))
}
