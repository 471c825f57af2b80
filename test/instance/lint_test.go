package instance

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// units that are ours, and additions to units of others.
var (
	units     = []string{"unishop.service", "unishop-site.service"}
	additions = map[string]string{"amazon-cloudwatch-agent.service": "amazon-cloudwatch-agent.conf", "logrotate.timer": "logrotate-hourly.conf"}
)

// maxExposure: systemd calls anything below 5 OK; these units do much better, and are not to get worse.
const maxExposure = "20" // in tenths, as systemd-analyze takes it

// tool finds a program, or skips the test and says how to get it; in CI that is a failure.
func tool(t *testing.T, name, setup string) string {
	t.Helper()
	if own, err := filepath.Abs(filepath.Join(root, ".cache/lint-venv/bin", name)); err == nil {
		if _, err := os.Stat(own); err == nil {
			return own
		}
	}
	found, err := exec.LookPath(name)
	if err == nil {
		return found
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not there: %s", name, setup)
	}
	t.Skipf("%s is not there: %s", name, setup)
	return ""
}

func TestShellcheckFindsNothing(t *testing.T) {
	shellcheck := tool(t, "shellcheck", "make setup")
	scripts, err := filepath.Glob(filepath.Join(instances, "*.sh"))
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	said, err := exec.Command(shellcheck, scripts...).CombinedOutput()
	assert.NoError(t, err, string(said))
}

// image lays out what the units refer to, so that systemd-analyze can be asked about them away from an instance.
func image(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t, nil)
	for _, unit := range units {
		m.write(t, "etc/systemd/system/"+unit, read(t, filepath.Join(instances, unit)), 0o644)
	}
	for unit, addition := range additions {
		m.write(t, "etc/systemd/system/"+unit+".d/unishop.conf", read(t, filepath.Join(instances, addition)), 0o644)
	}
	m.write(t, "etc/systemd/system/amazon-cloudwatch-agent.service", "[Service]\nExecStart=/usr/bin/java\n", 0o644)
	m.write(t, "etc/systemd/system/logrotate.timer", "[Timer]\nOnCalendar=daily\nUnit=unishop.service\n", 0o644)
	m.write(t, "usr/bin/java", "#!/bin/sh\n", 0o755)
	m.write(t, "bin/sleep", "#!/bin/sh\nexec sleep \"$1\"\n", 0o755)
	for _, target := range []string{"sysinit", "basic", "network-online", "multi-user", "shutdown"} {
		m.write(t, "etc/systemd/system/"+target+".target", "[Unit]\nDescription="+target+"\n", 0o644)
	}
	return m
}

func verify(t *testing.T, m *machine) (string, error) {
	t.Helper()
	analyze := tool(t, "systemd-analyze", "apt-get install systemd")
	all := append(slices.Collect(maps.Keys(additions)), units...)
	said, err := exec.Command(analyze, append([]string{"verify", "--root=" + m.root}, all...)...).CombinedOutput()
	return string(said), err
}

func TestSystemdFindsNoMistakeInTheUnits(t *testing.T) {
	said, err := verify(t, image(t))
	assert.NoError(t, err, said)
	assert.Empty(t, said)
}

func TestAMistakeThatSystemdFindsFails(t *testing.T) {
	m := image(t)
	m.write(t, "etc/systemd/system/unishop.service", "[Service]\nRestrat=always\nExecStart=/usr/bin/java\n", 0o644)
	m.write(t, "etc/systemd/system/amazon-cloudwatch-agent.service.d/unishop.conf", "[Service]\nExecStrat=x\n", 0o644)
	said, _ := verify(t, m)
	assert.Contains(t, said, "Restrat")
	assert.Contains(t, said, "ExecStrat")
}

func TestTheUnitsAreHardened(t *testing.T) {
	analyze := tool(t, "systemd-analyze", "apt-get install systemd")
	for _, unit := range units {
		file, err := filepath.Abs(filepath.Join(instances, unit))
		require.NoError(t, err)
		said, err := exec.Command(analyze, "security", "--offline=true", "--threshold="+maxExposure, file).CombinedOutput()
		assert.NoError(t, err, string(said))
	}
}
