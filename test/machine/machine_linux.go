package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"unishop-pilot-light/drill/emulator"
)

// patience is how long a machine may take to come up, or to go.
const patience = 90 * time.Second

// powerOff is SIGRTMIN+4 of the C library's: https://www.freedesktop.org/software/systemd/man/latest/systemd.html#SIGRTMIN+4
const powerOff = syscall.Signal(34 + 4)

// machine is an EC2 instance: a container with a systemd, whose disk lies over that of its image.
type machine struct {
	emulator.Event
	system *system
	name   string // of the container
	dir    string // a separate file system, with what the machine has written
	root   string // its disk

	lock   sync.Mutex
	public string // its name in public, which changes when it is stopped and started
	leader int    // its first process
	ended  chan struct{}
}

// newMachine has a disk of a size over layers, the uppermost first, and has not booted.
func (s *system) newMachine(event emulator.Event, size string, layers []string) (*machine, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.count++
	name := "m" + strconv.Itoa(s.count)
	m := &machine{Event: event, system: s, name: name, dir: filepath.Join(s.dir, name), public: event.PublicDNSName}
	m.root = filepath.Join(m.dir, "root")
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		return nil, err
	}
	if err := mount("tmpfs", m.dir, "tmpfs", 0, "size="+size); err != nil {
		return nil, err
	}
	for _, folder := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(m.dir, folder), 0o755); err != nil {
			return nil, err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", strings.Join(layers, ":"), m.dir, m.dir)
	if err := mount("overlay", m.root, "overlay", 0, options); err != nil {
		return nil, err
	}
	s.machines[event.PrivateIP], s.last = m, m
	s.names.set(event.PublicDNSName, event.PrivateIP)
	network := fmt.Sprintf("[Match]\nName=host0\n[Network]\nAddress=%s/16\nGateway=%s\nDNS=%s\n", event.PrivateIP, router, resolver)
	return m, m.write("etc/systemd/network/10-host0.network", network)
}

// write writes a file of a machine that does not run.
func (m *machine) write(name, text string) error {
	return os.WriteFile(filepath.Join(m.root, name), []byte(text), 0o644)
}

func (m *machine) publicName() string {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.public
}

// rename gives a machine that does not run another name in public.
func (m *machine) rename(name string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.public = name
	m.system.names.set(name, m.PrivateIP)
}

// boot starts the machine, and returns when its systemd runs.
func (m *machine) boot(ctx context.Context) error {
	cgroup := filepath.Join(m.system.cgroup, m.name)
	if err := os.MkdirAll(cgroup, 0o755); err != nil {
		return err
	}
	own, err := os.Open(cgroup)
	if err != nil {
		return err
	}
	defer own.Close()
	console, err := os.OpenFile(filepath.Join(m.system.dir, m.name+".console"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer console.Close()
	command := exec.Command("systemd-nspawn", "--quiet", "--boot", "--directory="+m.root, "--machine="+m.name, "--network-bridge="+bridge,
		"--register=no", "--keep-unit", "--console=pipe", "--kill-signal=SIGRTMIN+3", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
		"--bind-ro="+m.system.java+":/opt/packages/java", "--bind-ro="+m.system.awscli+":/opt/packages/awscli")
	// Both versions of cgroups may be mounted; the machine's systemd is to see the second alone, and of it its own part.
	command.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	command.Stdout, command.Stderr = console, console
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, UseCgroupFD: true, CgroupFD: int(own.Fd())}
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // how it ended shows in what it left
		close(ended)
	}()
	leader, err := awaitLeader(ctx, command.Process.Pid, ended)
	if err != nil {
		text, _ := os.ReadFile(console.Name())
		return fmt.Errorf("%s does not boot: %w: %s", m.name, err, text)
	}
	m.lock.Lock()
	m.leader, m.ended = leader, ended
	m.lock.Unlock()
	return nil
}

// awaitLeader waits until the container's first process is systemd.
func awaitLeader(ctx context.Context, nspawn int, ended <-chan struct{}) (leader int, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = poll(ctx, func() error {
		select {
		case <-ended:
			return gone(errors.New("systemd-nspawn has ended"))
		default:
		}
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", nspawn, nspawn))
		for _, child := range strings.Fields(string(children)) {
			if name, _ := os.ReadFile("/proc/" + child + "/comm"); string(name) == "systemd\n" {
				leader, err = strconv.Atoi(child)
				return err
			}
		}
		return errors.New("no systemd")
	})
	return leader, err
}

// final is an error that waiting would not end.
type final struct{ error }

func gone(err error) error {
	if err == nil {
		return nil
	}
	return final{err}
}

// poll asks until there is no error, or a final one.
func poll(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if last := (final{}); err == nil || errors.As(err, &last) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// run runs a command on the machine as root, with nothing of this program's environment.
func (m *machine) run(ctx context.Context, input io.Reader, words ...string) (string, error) {
	m.lock.Lock()
	leader := strconv.Itoa(m.leader)
	m.lock.Unlock()
	arguments := append([]string{"--target", leader, "--all", "--", "/usr/bin/env", "-i", "-C", "/", "HOME=/root",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, words...)
	command := exec.CommandContext(ctx, "nsenter", arguments...)
	command.Stdin = input
	var out, problem bytes.Buffer
	command.Stdout, command.Stderr = &out, &problem
	err := command.Run()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s%s", strings.Join(words, " "), err, out.String(), problem.String())
	}
	return strings.TrimSpace(out.String()), err
}

// shell runs a script on the machine.
func (m *machine) shell(ctx context.Context, script string) (string, error) {
	return m.run(ctx, nil, "/bin/bash", "-euc", script)
}

// awaitBoot waits until everything that starts at a boot has been started.
func (m *machine) awaitBoot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return poll(ctx, func() error {
		state, _ := m.run(ctx, nil, "systemctl", "is-system-running")
		if state != "running" && state != "degraded" {
			return fmt.Errorf("the system is %q", state)
		}
		return nil
	})
}

// powerOff has the machine power itself off, and kills it if that takes too long, as EC2 does.
func (m *machine) powerOff() error {
	select {
	case <-m.off():
		return nil // it is off
	default:
	}
	if err := m.signal(powerOff); err != nil {
		return err
	}
	select {
	case <-m.off():
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("%s does not power off", m.name), m.cutPower())
	}
}

// cutPower ends the machine at once.
func (m *machine) cutPower() error {
	if err := m.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-m.off()
	return nil
}

func (m *machine) signal(s syscall.Signal) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	return syscall.Kill(m.leader, s)
}

func (m *machine) off() <-chan struct{} {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.ended
}
