package kernel

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain is also the program that these tests run, by the name in KERNEL_TEST.
func TestMain(m *testing.M) {
	switch os.Getenv("KERNEL_TEST") {
	case "":
		status := m.Run()
		jsii.Close() // the one that the CDK's packages have prepared
		os.Exit(status)
	case "works":
		os.Exit(Run(func() int {
			constructs.Construct_IsConstruct("nothing")
			fmt.Fprintln(os.Stderr, "said")
			return 3
		}))
	case "loses its kernel":
		os.Exit(Run(func() int {
			defer time.Sleep(3 * time.Second) // the library reports the kernel's end beside the program
			defer func() { _ = recover() }()
			constructs.Construct_IsConstruct("nothing")
			return 0
		}))
	}
}

// run runs a program of TestMain's in a folder, and returns its exit status and what it wrote to standard error.
func run(t *testing.T, program, folder string, environ ...string) (int, string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(self)
	command.Dir = folder
	command.Env = append(append(os.Environ(), "KERNEL_TEST="+program, "JSII_NODE="), environ...)
	var said bytes.Buffer
	command.Stderr = &said
	_ = command.Run() // its status says it
	return command.ProcessState.ExitCode(), said.String()
}

// The alarm comes in every third run or so: twenty of them without one are no chance.
func TestTheFalseAlarmIsNotShown(t *testing.T) {
	for range 20 {
		status, said := run(t, "works", ".")
		require.Equal(t, 3, status)
		require.Equal(t, "said\n", said)
	}
}

// The kernel reads a request before it ends: a request to a kernel that has ended has the library close it, which is the race
// of the false alarm again (and a panic then names the broken pipe).
func TestTheEndOfAKernelIsShown(t *testing.T) {
	_, said := run(t, "loses its kernel", ".", `JSII_RUNTIME=echo '{"hello":"@jsii/runtime@1.139.0"}'; read -r request; exit 7`)
	assert.Contains(t, said, "Runtime process exited abnormally: exit status 7")
}

func TestOnlyTheFalseAlarmIsKeptBack(t *testing.T) {
	for said, want := range map[string]string{
		"Runtime process exited abnormally: waitid: no child processes":              "",
		"before\nRuntime process exited abnormally: wait: no child processesafter\n": "before\nafter\n",
		"Runtime process exited abnormally: exit status 1":                           "Runtime process exited abnormally: exit status 1",
		"Runtime process exited abnormally: signal: killed":                          "Runtime process exited abnormally: signal: killed",
		"no child processes\n": "no child processes\n",
	} {
		var got strings.Builder
		copyWithoutFalseAlarm(&got, strings.NewReader(said))
		assert.Equal(t, want, got.String())
	}
}

func TestTheNodeOfTheRepositoryIsUsedAndElseTheSystems(t *testing.T) {
	actual, err := exec.LookPath("node")
	require.NoError(t, err)
	folder := t.TempDir()
	used := filepath.Join(folder, "used")
	node := func(folder, name string) {
		require.NoError(t, os.MkdirAll(folder, 0o755))
		script := fmt.Sprintf("#!/bin/sh\necho %s >%s\nexec %s \"$@\"\n", name, used, actual)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "node"), []byte(script), 0o755))
	}
	below, beside, system := filepath.Join(folder, "clone", "docs"), filepath.Join(folder, "other"), filepath.Join(folder, "bin")
	require.NoError(t, os.MkdirAll(below, 0o755))
	require.NoError(t, os.MkdirAll(beside, 0o755))
	node(filepath.Join(folder, "clone", "node_modules", ".bin"), "pinned")
	node(system, "system")
	for _, row := range []struct{ folder, variable, want string }{
		{filepath.Join(folder, "clone"), "", "pinned"},
		{below, "", "pinned"},
		{beside, "", "system"}, // npm has none for this platform
		{below, filepath.Join(system, "node"), "system"},
	} {
		status, said := run(t, "works", row.folder, "JSII_NODE="+row.variable, "PATH="+system+":"+os.Getenv("PATH"))
		require.Equal(t, 3, status, said)
		got, err := os.ReadFile(used)
		require.NoError(t, err)
		assert.Equal(t, row.want+"\n", string(got), "%+v", row)
	}
}
