package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// adoptOrphans: whoever loses their parent becomes a child of this process. man 2 PR_SET_CHILD_SUBREAPER
func adoptOrphans(t *testing.T) {
	t.Helper()
	require.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}

// checkProcesses waits until no process is left of all that the sandbox and its shell have started, whatever it is.
func checkProcesses(t *testing.T, _ string) {
	t.Helper()
	for ends := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		left, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.ECHILD) {
			return
		}
		if left <= 0 && time.Now().After(ends) {
			running, _ := exec.Command("ps", "-o", "pid,args", "--ppid", strconv.Itoa(os.Getpid())).CombinedOutput()
			require.Fail(t, "processes are left", "%s", running)
		}
	}
}
