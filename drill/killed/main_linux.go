// Command killed kills the drill in the middle of every step of its scenario, and starts it again: the killed drill must leave
// nothing behind, and the next one must work. It stops when a drill ends before it can be killed.
//
//	killed DRILL       every step; DRILL is the drill's program
//	killed DRILL STEP  one step, counted from 1
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// atOnce is how many drills run side by side: they mostly wait.
	atOnce = 3
	// middle is how long a step has begun when the drill is killed.
	middle = time.Second
	// patience is how long what is left may take to end.
	patience = 20 * time.Second
	// drillOver is the status of a process whose drill was over before it could be killed.
	drillOver = 3
)

func main() {
	var err error
	switch len(os.Args) {
	case 2:
		err = everyStep(os.Args[1])
	case 3:
		err = oneStep(os.Args[1], os.Args[2])
	default:
		err = errors.New("usage: killed DRILL [STEP]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "killed:", err)
		os.Exit(1)
	}
}

// everyStep has a separate process for every step: what is left of a drill becomes a child of that process.
func everyStep(drill string) error {
	var step atomic.Int64
	var over atomic.Bool
	var group sync.WaitGroup
	errs := make([]error, atOnce)
	for i := range errs {
		group.Go(func() {
			for !over.Load() && errs[i] == nil {
				number := strconv.FormatInt(step.Add(1), 10)
				command := exec.Command("/proc/self/exe", drill, number)
				command.Stdout, command.Stderr = os.Stdout, os.Stderr
				err := command.Run()
				if command.ProcessState.ExitCode() == drillOver {
					over.Store(true)
				} else if err != nil {
					errs[i] = fmt.Errorf("step %s: %w", number, err)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func oneStep(drill, number string) error {
	step, err := strconv.Atoi(number)
	if err != nil || step < 1 {
		return fmt.Errorf("%q is no step: use a number from 1 on", number)
	}
	// Whoever loses their parent becomes a child of this process: man 2 PR_SET_CHILD_SUBREAPER.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	says, folder, err := killIn(drill, step)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := awaitEnd(folder); err != nil {
		return fmt.Errorf("after %s: %w", says, err)
	}
	fmt.Printf("%2d  killed after %q: nothing is left after %.1f s\n", step, says, time.Since(began).Seconds())
	return nil
}

// killIn runs the drill, kills it in a step, and returns the step before it and the drill's folder.
func killIn(drill string, step int) (says, folder string, err error) {
	command := exec.Command(drill)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return "", "", err
	}
	if err := command.Start(); err != nil {
		return "", "", err
	}
	says = "the start"
	lines := bufio.NewScanner(out)
	failed := false
	for printed := 0; printed < step-1 && !failed && lines.Scan(); printed++ {
		says = strings.Join(strings.Fields(lines.Text()), " ")
		failed = strings.HasPrefix(says, "✗")
	}
	if !failed {
		time.Sleep(middle)
		folder = folderOf(command.Process.Pid)
		_ = command.Process.Kill() // it may have ended
	}
	if err := command.Wait(); command.ProcessState.Success() {
		fmt.Printf("%2d  the drill had ended, and succeeded: %s\n", step, says)
		os.Exit(drillOver)
	} else if status := command.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() {
		return "", "", fmt.Errorf("the drill failed after %s: %w", says, err)
	}
	return says, folder, nil
}

// folderOf a drill, which its reaper knows: /bin/sh -c SCRIPT reaper FOLDER.
func folderOf(drill int) string {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", drill))
	for _, list := range lists {
		children, _ := os.ReadFile(list) // the thread may have ended
		for _, child := range strings.Fields(string(children)) {
			text, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if words := strings.Split(string(text), "\x00"); len(words) > 4 && words[3] == "reaper" {
				return words[4]
			}
		}
	}
	return ""
}

// awaitEnd waits until no process is left, and no folder.
func awaitEnd(folder string) error {
	for ends := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		left, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		_, missing := os.Stat(folder)
		if errors.Is(err, syscall.ECHILD) && (folder == "" || os.IsNotExist(missing)) {
			return nil
		}
		if left <= 0 && time.Now().After(ends) {
			running, _ := exec.Command("ps", "-o", "pid,args", "--ppid", strconv.Itoa(os.Getpid())).CombinedOutput()
			return fmt.Errorf("%s is left, or still runs:\n%s", folder, running)
		}
	}
}
