package reaper

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test is its own victim: started again with this variable, it starts processes and waits to be killed.
const victim = "REAPER_TEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victim) != "" {
		beKilled()
	}
	os.Exit(m.Run())
}

// beKilled starts a process with a child, prints the group and the reaper's folder, and waits.
func beKilled() {
	r, err := New()
	if err != nil {
		panic(err)
	}
	p, err := r.Start(exec.Command("sh", "-c", "trap '' TERM INT HUP; sleep 300 & sleep 300"))
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(strconv.Itoa(p.Group) + " " + r.Dir + "\n")
	time.Sleep(time.Minute)
}

func alive(group int) bool { return syscall.Kill(-group, 0) == nil }

func TestAKilledProgramLeavesNothingRunning(t *testing.T) {
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), victim+"=1")
	out, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	text, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
	group, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.True(t, alive(group))
	require.DirExists(t, dir)

	require.NoError(t, program.Process.Kill())
	_ = program.Wait()
	assert.Eventually(t, func() bool { return !alive(group) }, 5*time.Second, 10*time.Millisecond)
	assert.Eventually(t, func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) }, 5*time.Second, 10*time.Millisecond)
}

func TestCloseKillsWhatRuns(t *testing.T) {
	r, err := New()
	require.NoError(t, err)
	p, err := r.Start(exec.Command("sh", "-c", "trap '' TERM; sleep 300"))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	<-p.Exited()
	assert.Equal(t, 128+9, p.ExitCode())
	assert.NoDirExists(t, r.Dir)
	require.NoError(t, r.Close(), "a second time")
}

func TestADirToBeKeptStays(t *testing.T) {
	r, err := New()
	require.NoError(t, err)
	require.NoError(t, r.Keep())
	require.NoError(t, r.Close())
	assert.DirExists(t, r.Dir)
	require.NoError(t, os.RemoveAll(r.Dir))
}

func TestAProcessTakesItsChildrenAlong(t *testing.T) {
	r, err := New()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	p, err := r.Start(exec.Command("sh", "-c", "sleep 300 & exit 3"))
	require.NoError(t, err)
	<-p.Exited()
	assert.Equal(t, 3, p.ExitCode())
	assert.Eventually(t, func() bool { return !alive(p.Group) }, 5*time.Second, 10*time.Millisecond)
}

// A number that is free again may belong to another process: what has ended is forgotten.
func TestWhatHasEndedIsForgotten(t *testing.T) {
	r, err := New()
	require.NoError(t, err)
	bystander := exec.Command("sleep", "300")
	bystander.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, bystander.Start())
	group := strconv.Itoa(bystander.Process.Pid)
	_, err = r.pipe.WriteString("+ " + group + "\n- " + group + "\n")
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.True(t, alive(bystander.Process.Pid))
	require.NoError(t, bystander.Process.Kill())
	_ = bystander.Wait()
}
