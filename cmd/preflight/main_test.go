package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lonely is a shell with credentials in the folder of cdk.json, from which AWS cannot be reached.
func lonely(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	require.NoError(t, os.WriteFile(none, nil, 0o600))
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	t.Chdir("../..")
}

func TestWithoutANetworkItSaysSoAndEndsSoon(t *testing.T) {
	lonely(t)
	began := time.Now()
	code, err := run(t.Context(), nil)
	assert.Equal(t, 2, code)
	require.ErrorContains(t, err, "AWS does not say whose the credentials are")
	assert.Less(t, time.Since(began), 40*time.Second)
}

func TestWithoutCredentialsItSaysSo(t *testing.T) {
	lonely(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	code, err := run(t.Context(), nil)
	assert.Equal(t, 2, code)
	require.ErrorContains(t, err, "Log in, or set credentials")
}

func TestWhatIsNotAllowedIsSaidBeforeAnyoneIsAsked(t *testing.T) {
	lonely(t)
	code, err := run(t.Context(), []string{"-c", "server-class=t4g.small"})
	assert.Equal(t, 2, code)
	require.ErrorContains(t, err, `server-class: "t4g.small" is not allowed`)
}
