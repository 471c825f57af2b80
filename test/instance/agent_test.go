package instance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/reaper"
	"unishop-pilot-light/drill/systemd"
)

func TestTheCollectorOfLogsReadsWhatTheUnitsWriteIntoTheRegionsLogGroup(t *testing.T) {
	m := newMachine(t, nil)
	m.environ = []string{"LOG_GROUP=/staging/server"}
	require.NoError(t, os.MkdirAll(m.root+"/opt/aws/amazon-cloudwatch-agent/etc", 0o755))
	out, err := m.run(t, m.root+"/opt/unishop/configure-agent.sh")
	require.NoError(t, err, out)

	var config struct {
		Logs struct {
			Collected struct {
				Files struct {
					List []struct {
						File  string `json:"file_path"`
						Group string `json:"log_group_name"`
					} `json:"collect_list"`
				}
			} `json:"logs_collected"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, m.root+"/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json")), &config))
	var files []string
	for _, collected := range config.Logs.Collected.Files.List {
		assert.Equal(t, "/staging/server", collected.Group)
		files = append(files, collected.File)
	}
	for _, unit := range units {
		output := regexp.MustCompile(`(?m)^StandardOutput=append:(.+)$`).FindStringSubmatch(read(t, filepath.Join(instances, unit)))
		require.NotNil(t, output, unit)
		assert.Contains(t, files, output[1], unit)
	}
}

func TestTheCollectorOfLogsReceivesWhatTheOthersSayAtTheEnd(t *testing.T) {
	m := image(t)
	const waits = "#!/bin/sh\nexec sleep 300\n"
	m.write(t, "usr/bin/java", waits, 0o755)
	m.write(t, "opt/unishop/publish.sh", "#!/bin/sh\n", 0o755)
	m.write(t, "opt/unishop/withdraw.sh", "#!/bin/sh\nsleep 0.2\necho withdrawn\n", 0o755)
	m.write(t, "opt/unishop/configure-agent.sh", "#!/bin/sh\n", 0o755)
	m.write(t, "usr/bin/agent", "#!/bin/sh\nwhile sleep 0.25; do cat var/log/unishop/site.log >new && mv new collected; done\n", 0o755) // as often as the real one
	m.write(t, "etc/systemd/system/amazon-cloudwatch-agent.service", "[Service]\nExecStart=/usr/bin/agent\n", 0o644)
	m.write(t, "etc/unishop/unishop.env", "SITE_BUCKET=the-site\n", 0o644)
	m.write(t, "var/log/unishop/site.log", "", 0o644)

	r, err := reaper.New()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer log.Close()
	manager := systemd.New(systemd.Machine{Root: m.root, Journal: t.TempDir(), Environ: os.Environ(), Log: log, Reaper: r})
	require.NoError(t, manager.Start("unishop-site.service", "amazon-cloudwatch-agent.service"))
	manager.Shutdown()
	assert.Regexp(t, `(?s)agent\S*: started.* unishop.service: starting.*unishop-site\S*: starting`, read(t, log.Name()))
	assert.Regexp(t, `(?s)unishop-site\S*: inactive.* unishop.service: inactive.*agent\S*: stopping`, read(t, log.Name()))
	assert.Equal(t, "withdrawn\n", read(t, m.root+"/collected"))
}
