//go:build !linux

package sandbox

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func adoptOrphans(*testing.T) {}

// checkProcesses waits until no process names the sandbox's folder.
func checkProcesses(t *testing.T, folder string) {
	t.Helper()
	assert.Eventually(t, func() bool {
		running, err := exec.Command("ps", "-A", "-o", "args").Output()
		return err == nil && !strings.Contains(string(running), folder)
	}, patience, 100*time.Millisecond)
}
