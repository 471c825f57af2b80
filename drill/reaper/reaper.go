// Package reaper starts processes that never outlive the program that started them, not even when it is killed: a
// process beside it, the reaper, waits for its end and kills what is left.
package reaper

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

//go:embed reaper.sh
var script string

// register has a process report its own group before it becomes the program, so that there is no moment in which it
// runs and the reaper does not know it. As long as it has not reported, the pipe has a writer and the reaper waits.
const register = `echo "+ $$" >&3 && exec "$@" 3>&-`

// Reaper ends what was started by it.
type Reaper struct {
	// Dir is a folder that goes with the reaper, unless it is to be kept. Its name is short, for Unix sockets, whose names
	// are limited to 104 bytes on macOS.
	Dir string

	pipe    *os.File
	command *exec.Cmd
}

// New starts a reaper. [Reaper.Close] has to be called in any case.
func New() (*Reaper, error) {
	dir, err := os.MkdirTemp("/tmp", "unishop-")
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close() // the reaper has its own
	r := &Reaper{Dir: dir, pipe: write, command: exec.Command("/bin/sh", "-c", script, "reaper", dir)}
	r.command.Stdin = read
	// A separate session: signals of the drill's terminal do not reach it.
	r.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := r.command.Start(); err != nil {
		return nil, fmt.Errorf("start the reaper: %w", err)
	}
	return r, nil
}

// Close kills every process that still runs, and returns when none does.
func (r *Reaper) Close() error {
	_ = r.pipe.Close() // a second time it is closed already
	if err := r.command.Wait(); err != nil && r.command.ProcessState == nil {
		return fmt.Errorf("the reaper: %w", err)
	}
	return nil
}

// Keep has Dir stay when the reaper goes.
func (r *Reaper) Keep() error {
	_, err := r.pipe.WriteString("keep\n")
	return err
}

// Process is the leader of a process group.
type Process struct {
	Group  int
	exited chan struct{}
	state  *os.ProcessState
}

// Start starts a command in a separate process group, in the foreground of a terminal if its SysProcAttr says so. The
// command must not have files beyond its standard ones.
func (r *Reaper) Start(command *exec.Cmd) (*Process, error) {
	if command.Err != nil {
		return nil, command.Err
	}
	command.Args = append([]string{"sh", "-c", register, "sh", command.Path}, command.Args[1:]...)
	command.Path = "/bin/sh"
	command.ExtraFiles = []*os.File{r.pipe}
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Setpgid = true
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &Process{Group: command.Process.Pid, exited: make(chan struct{})}
	go func() {
		_ = command.Wait() // how it ended is in its state
		p.state = command.ProcessState
		// Nothing that it started stays behind, as in a service of systemd's.
		_ = p.Kill()
		_, _ = fmt.Fprintf(r.pipe, "- %d\n", p.Group) // a closed reaper has killed it already
		close(p.exited)
	}()
	return p, nil
}

// Run runs a command to its end.
func (r *Reaper) Run(command *exec.Cmd) error {
	p, err := r.Start(command)
	if err != nil {
		return err
	}
	<-p.Exited()
	if code := p.ExitCode(); code != 0 {
		return fmt.Errorf("it ended with status %d", code)
	}
	return nil
}

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Running says whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// ExitCode of a process that has ended: its status, or 128 and the signal that killed it, as a shell would say.
func (p *Process) ExitCode() int {
	if p.Signaled() {
		return 128 + int(p.status().Signal())
	}
	return p.state.ExitCode()
}

// Signaled says whether a process that has ended was killed by a signal.
func (p *Process) Signaled() bool { return p.status().Signaled() }

func (p *Process) status() syscall.WaitStatus { return p.state.Sys().(syscall.WaitStatus) }

// Signal sends a signal to the whole group. When it has ended, its number may belong to another process: nothing is sent.
func (p *Process) Signal(signal syscall.Signal) error {
	if !p.Running() {
		return os.ErrProcessDone
	}
	return syscall.Kill(-p.Group, signal)
}

// Kill kills the whole group.
func (p *Process) Kill() error { return p.Signal(syscall.SIGKILL) }

// Tail is the end of a process's log: what it said before it ended.
func Tail(log string) string {
	text, err := os.ReadFile(log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
