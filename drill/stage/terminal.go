package stage

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"unishop-pilot-light/drill/reaper"
)

// hangUpTimeout is how long a shell that was hung up may take to give the terminal back as it was.
const hangUpTimeout = 2 * time.Second

// CheckTerminal says what is wrong when no person sits at this program's standard input.
func CheckTerminal() error {
	foreground, err := unix.IoctlGetInt(int(os.Stdin.Fd()), unix.TIOCGPGRP)
	if err != nil || foreground != unix.Getpgrp() {
		return errors.New("no terminal at standard input: type the command in a terminal, in the foreground")
	}
	return nil
}

// OfficeEnviron is the environment of what is typed in the office.
func (d *Drill) OfficeEnviron() []string { return d.environ(Command{At: Office}) }

// AtTerminal gives the terminal to a command in the office, and takes it back when the command has ended. Like everything
// of the drill's, it ends with this program, and so does what is in its process group.
func (d *Drill) AtTerminal(ctx context.Context, command *exec.Cmd) error {
	terminal := int(os.Stdin.Fd())
	command.Dir = filepath.Join(d.Dir, string(Office))
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: terminal}
	process, err := d.reaper.Start(command)
	if err != nil {
		return err
	}
	select {
	case <-process.Exited():
	case <-ctx.Done():
		hangUp(process)
	}
	// Whoever is not in the foreground is stopped when they take the terminal, unless they ignore this signal: man 3 tcsetpgrp.
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	_ = unix.IoctlSetPointerInt(terminal, unix.TIOCSPGRP, unix.Getpgrp()) // it may have been closed
	return nil
}

func hangUp(process *reaper.Process) {
	_ = process.Signal(syscall.SIGHUP) // it may have ended
	select {
	case <-process.Exited():
	case <-time.After(hangUpTimeout):
		_ = process.Kill()
		<-process.Exited()
	}
}
