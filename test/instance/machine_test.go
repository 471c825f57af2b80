// Package instance runs the scripts of unishop/instance as they are, on a machine that is a temporary folder.
package instance

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	root      = "../.."
	instances = root + "/unishop/instance"
)

// machine is the root of an image, and the programs that its scripts find first.
type machine struct {
	root     string   // UNISHOP_ROOT
	programs string   // first on PATH
	calls    string   // what the programs were called with, one call a line
	environ  []string // beside root and PATH
	patience time.Duration
}

// newMachine has the image's scripts in their places, and programs that record how they are called.
func newMachine(t *testing.T, programs map[string]string) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{root: filepath.Join(dir, "root"), programs: filepath.Join(dir, "bin"), calls: filepath.Join(dir, "calls"),
		patience: 30 * time.Second}
	require.NoError(t, os.MkdirAll(m.programs, 0o755))
	for name, body := range programs {
		m.program(t, name, body)
	}
	for _, name := range []string{"start.sh", "publish.sh", "withdraw.sh", "metadata.sh", "configure-agent.sh", "amazon-cloudwatch-agent.json"} {
		m.write(t, "opt/unishop/"+name, read(t, filepath.Join(instances, name)), 0o755)
	}
	return m
}

// program puts a stand-in on the PATH. It records its arguments before it does what body says.
func (m *machine) program(t *testing.T, name, body string) {
	t.Helper()
	text := "#!/bin/bash\necho \"" + name + " $*\" >>\"" + m.calls + "\"\n" + body + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(m.programs, name), []byte(text), 0o755))
}

func (m *machine) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	file := filepath.Join(m.root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), mode))
}

// run runs a script with nothing in its environment but what the machine has, and returns what it printed.
func (m *machine) run(t *testing.T, script string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), m.patience)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", append([]string{script}, arguments...)...)
	command.Env = append([]string{"UNISHOP_ROOT=" + m.root, "PATH=" + m.programs + ":" + os.Getenv("PATH")}, m.environ...)
	command.Dir = m.root
	command.WaitDelay = time.Second
	out, err := command.CombinedOutput()
	return string(out), err
}

// called lists the calls that begin with a prefix, in order.
func (m *machine) called(t *testing.T, prefix string) (calls []string) {
	t.Helper()
	text, err := os.ReadFile(m.calls)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for _, call := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(call, prefix) {
			calls = append(calls, call)
		}
	}
	return calls
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}
