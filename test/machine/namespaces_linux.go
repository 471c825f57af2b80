package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// inside is the first argument of this program when it has been started in its namespaces.
const inside = "inside"

// guard removes the cgroup when this program has ended, in whatever way. Everything else goes with the namespaces.
//
//go:embed guard.sh
var guard string

// cgroups is this process's own folder in the hierarchy of cgroup version 2.
func cgroups() (string, error) {
	mount, err := field("/proc/self/mountinfo", func(line string) (string, bool) {
		before, after, _ := strings.Cut(line, " - ")
		words := strings.Fields(before)
		return words[4], strings.HasPrefix(after, "cgroup2 ")
	})
	if err != nil {
		return "", errors.New("it needs cgroups of version 2, and none are mounted")
	}
	own, err := field("/proc/self/cgroup", func(line string) (string, bool) { return strings.CutPrefix(line, "0::") })
	return filepath.Join(mount, own), err
}

// field is what find finds in the first line of a file in which it finds something.
func field(file string, find func(line string) (string, bool)) (string, error) {
	text, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer text.Close()
	for lines := bufio.NewScanner(text); lines.Scan(); {
		if found, ok := find(lines.Text()); ok {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s has no such line", file)
}

// enter starts this program again, in a separate cgroup and separate namespaces, as their first process: when that ends,
// so does every other one in them, and the mounts and the network go.
func enter(ctx context.Context, arguments ...string) error {
	parent, err := cgroups()
	if err != nil {
		return err
	}
	own := filepath.Join(parent, "unishop-machine-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(own, 0o755); err != nil {
		return err
	}
	leave, err := startGuard(own)
	if err != nil {
		return errors.Join(err, os.Remove(own))
	}
	cgroup, err := os.Open(own)
	if err != nil {
		return errors.Join(err, leave())
	}
	defer cgroup.Close()

	runtime.LockOSThread() // the child ends with the thread that started it
	command := exec.CommandContext(ctx, "/proc/self/exe", append([]string{inside}, arguments...)...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:   syscall.SIGKILL,
		UseCgroupFD: true,
		CgroupFD:    int(cgroup.Fd()),
	}
	return errors.Join(command.Run(), leave())
}

// startGuard starts the guard of a cgroup; what it returns has it remove the cgroup now.
func startGuard(cgroup string) (leave func() error, err error) {
	command := exec.Command("/bin/sh", "-c", guard, "guard", cgroup)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what a terminal sends is not for it
	pipe, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return func() error { return errors.Join(pipe.Close(), command.Wait()) }, nil
}

// makePrivate has this process's mounts be its own, with a /proc of its processes, and folders for what is temporary
// that go with them.
func makePrivate(root string) error {
	here, err := os.Open(root) // it may be in one of the folders that are hidden
	if err != nil {
		return err
	}
	defer here.Close()
	return errors.Join(
		mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		mount("proc", "/proc", "proc", 0, ""),
		mount("tmpfs", "/run", "tmpfs", 0, "mode=755"),
		mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777"),
		reappear(here, root),
	)
}

func reappear(folder *os.File, at string) error {
	if _, err := os.Stat(filepath.Join(at, "cdk.json")); err == nil {
		return nil
	}
	return errors.Join(os.MkdirAll(at, 0o755), mount(fmt.Sprintf("/proc/self/fd/%d", folder.Fd()), at, "", syscall.MS_BIND|syscall.MS_REC, ""))
}

func mount(source, target, kind string, flags uintptr, options string) error {
	if err := syscall.Mount(source, target, kind, flags, options); err != nil {
		return fmt.Errorf("mount %s %s: %w", kind, target, err)
	}
	return nil
}
