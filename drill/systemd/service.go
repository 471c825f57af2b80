package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"unishop-pilot-light/drill/reaper"
)

// State of a service, in systemctl's words.
type State string

// The states.
const (
	Inactive   State = "inactive"
	Activating State = "activating"
	Active     State = "active"
	Failed     State = "failed"
)

// service is a unit that is or was active. The manager's lock guards it.
type service struct {
	unit     *Unit
	state    State
	restarts int
	starts   []time.Time // the latest, for the start limit
	life     *life       // nil when it does not live
}

// life of a service, from a start to a stop, through all its restarts.
type life struct {
	stopping context.Context // done when it is to end
	stop     context.CancelFunc
	ended    chan struct{}
	attempt  *attempt
	main     *reaper.Process
}

// attempt to start; whoever waits for the start waits for it.
type attempt struct {
	over chan struct{}
	err  error
}

// errSkipped says that a condition is not met, which is no failure.
var errSkipped = errors.New("a condition is not met")

// live runs a service until it is stopped, or ends and is not to be restarted.
func (m *Manager) live(s *service, l *life) {
	defer close(l.ended)
	for {
		err := m.runOnce(s, l)
		if l.stopping.Err() != nil || errors.Is(err, errSkipped) {
			m.settle(s, l, Inactive, err)
			return
		}
		if !s.unit.restartsAfter(err) {
			m.settle(s, l, map[bool]State{true: Inactive, false: Failed}[err == nil], err)
			return
		}
		if m.overLimit(s) {
			m.settle(s, l, Failed, errors.New("start request repeated too quickly"))
			return
		}
		m.log("%s: %s; restarting", s.unit.Name, outcome(err))
		pause, _ := s.unit.seconds("Service.RestartSec", "0.1") // checked when it was loaded
		m.again(s, l, err)
		select {
		case <-l.stopping.Done():
			m.settle(s, l, Inactive, nil)
			return
		case <-time.After(pause):
		}
	}
}

func outcome(err error) string {
	if err == nil {
		return "ended"
	}
	return err.Error()
}

// runOnce starts a service and returns when it has ended, by itself or on request. ExecStopPost= runs after
// every end, also of a start that failed or was interrupted: who waits for the start or the stop waits for it too.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#ExecStopPost=
func (m *Manager) runOnce(s *service, l *life) error {
	if !m.conditionsMet(s.unit) {
		return errSkipped
	}
	return errors.Join(m.makeDirectories(s.unit), m.startOnce(s, l), m.runStop(s.unit, "Service.ExecStopPost"), m.removeRuntimeDirectories(s.unit))
}

// startOnce starts a service and stops it on request.
func (m *Manager) startOnce(s *service, l *life) error {
	starting := l.stopping
	if limit, _ := s.unit.seconds("Service.TimeoutStartSec", map[bool]string{true: "infinity", false: "90"}[s.unit.oneshot()]); limit >= 0 {
		var cancel context.CancelFunc
		starting, cancel = context.WithTimeout(starting, limit)
		defer cancel()
	}
	if err := m.runAll(starting, s.unit, "Service.ExecStartPre"); err != nil {
		return err
	}
	if !s.unit.oneshot() {
		return m.runMain(s, l)
	}
	if err := m.runAll(starting, s.unit, "Service.ExecStart"); err != nil {
		return err
	}
	if s.unit.last("Service.RemainAfterExit", "no") == "yes" {
		m.becomeActive(s, l, nil)
		<-l.stopping.Done()
		return m.runStop(s.unit, "Service.ExecStop")
	}
	return nil
}

func (u *Unit) oneshot() bool { return u.last("Service.Type", "simple") == "oneshot" }

// runMain starts the main process and waits for its end.
func (m *Manager) runMain(s *service, l *life) error {
	commands, err := s.unit.exec("Service.ExecStart")
	if err != nil {
		return err
	}
	process, err := m.begin(s.unit, commands[0])
	if err != nil {
		return err
	}
	m.becomeActive(s, l, process)
	select {
	case <-process.Exited():
		return s.unit.judge(process)
	case <-l.stopping.Done():
		err := m.runStop(s.unit, "Service.ExecStop")
		m.end(s.unit, process)
		return err
	}
}

// runAll runs the commands of a directive one after the other.
func (m *Manager) runAll(ctx context.Context, u *Unit, key string) error {
	commands, err := u.exec(key)
	if err != nil {
		return err
	}
	for _, command := range commands {
		process, err := m.begin(u, command)
		if err != nil {
			return err
		}
		select {
		case <-process.Exited():
			if err := u.judge(process); err != nil {
				return fmt.Errorf("%s: %w", command[0], err)
			}
		case <-ctx.Done():
			m.end(u, process)
			return fmt.Errorf("%s: %w", command[0], ctx.Err())
		}
	}
	return nil
}

// runStop runs the commands of a stop, until the power fails.
func (m *Manager) runStop(u *Unit, key string) error {
	if m.powerless() {
		return nil
	}
	ctx, cancel := context.WithTimeout(m.power, u.stopTimeout())
	defer cancel()
	return m.runAll(ctx, u, key)
}

func (u *Unit) stopTimeout() time.Duration {
	limit, _ := u.seconds("Service.TimeoutStopSec", "90") // checked when it was loaded
	if limit < 0 {
		return time.Hour
	}
	return limit
}

// end asks a process and its children to end, and kills them when they do not, or when the power has failed.
func (m *Manager) end(u *Unit, process *reaper.Process) {
	if m.powerless() {
		_ = process.Kill()
	} else {
		_ = process.Signal(syscall.SIGTERM) // it may have ended
	}
	select {
	case <-process.Exited():
	case <-m.power.Done():
		_ = process.Kill()
	case <-time.After(u.stopTimeout()):
		m.log("%s: still runs after %s, killing it", u.Name, u.stopTimeout())
		_ = process.Kill()
	}
	<-process.Exited()
}

// judge says whether a process ended well: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#SuccessExitStatus=
func (u *Unit) judge(process *reaper.Process) error {
	clean := []string{"0"}
	if process.Signaled() {
		clean = []string{"129", "130", "141", "143"} // SIGHUP, SIGINT, SIGPIPE, SIGTERM
	}
	code := strconv.Itoa(process.ExitCode())
	if slices.Contains(append(clean, u.words("Service.SuccessExitStatus")...), code) {
		return nil
	}
	return fmt.Errorf("ended with status %s", code)
}

func (u *Unit) restartsAfter(err error) bool {
	switch u.last("Service.Restart", "no") {
	case "always":
		return true
	case "on-failure":
		return err != nil
	}
	return false
}

// begin starts one command of a unit.
func (m *Manager) begin(u *Unit, words []string) (*reaper.Process, error) {
	environ, err := m.environ(u)
	if err != nil {
		return nil, err
	}
	program := m.inside(words[0])
	if info, err := os.Stat(program); err != nil || info.Mode()&0o111 == 0 {
		return nil, fmt.Errorf("%s cannot be executed on this machine", words[0])
	}
	output, err := m.output(u)
	if err != nil {
		return nil, err
	}
	defer output.Close() // the process has its own
	arguments := []string{"-c", `umask "$1" && shift && exec "$@"`, "sh", u.last("Service.UMask", "0022"), program}
	for _, word := range words[1:] {
		arguments = append(arguments, m.inside(word))
	}
	command := exec.Command("/bin/sh", arguments...)
	command.Dir, command.Env = m.Root, environ
	command.Stdout, command.Stderr = output, output
	return m.Reaper.Start(command)
}

// inside turns a path of the machine, at the end of a word, into the file below the root that it means: what there is a
// chroot for where there is root.
func (m *Manager) inside(word string) string {
	i := strings.Index(word, "/")
	if i < 0 {
		return word
	}
	file := filepath.Join(m.Root, word[i:])
	if _, err := os.Stat(file); err != nil {
		return word
	}
	return word[:i] + file
}

// environ of a unit's commands, in the order in which later ones win.
func (m *Manager) environ(u *Unit) ([]string, error) {
	environ := slices.Clone(m.Environ)
	for _, word := range u.words("Service.Environment") {
		environ = append(environ, m.inside(word))
	}
	for _, name := range u.all("Service.EnvironmentFile") {
		text, err := os.ReadFile(filepath.Join(m.Root, name))
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if strings.ContainsAny(line, `"'\`) {
				return nil, fmt.Errorf("%s: quotes are not known here", name)
			}
			if line != "" && line[0] != '#' {
				environ = append(environ, line)
			}
		}
	}
	return append(environ, m.Overrides...), nil
}

// output is the file that a unit's commands write to; what would go to the journal goes to a file beside the machine.
func (m *Manager) output(u *Unit) (*os.File, error) {
	where := u.last("Service.StandardOutput", "journal")
	file := filepath.Join(m.Journal, u.Name+".log")
	if path, ok := strings.CutPrefix(where, "append:"); ok {
		file = filepath.Join(m.Root, path)
	} else if where != "journal" {
		return nil, fmt.Errorf("%s: StandardOutput=%s is not known here: use journal or append:FILE", u.Name, where)
	}
	mask, err := strconv.ParseUint(u.last("Service.UMask", "0022"), 8, 32)
	if err != nil {
		return nil, fmt.Errorf("%s: UMask=: %w", u.Name, err)
	}
	return os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666&^os.FileMode(mask)) // as systemd 252 does
}

func (m *Manager) conditionsMet(u *Unit) bool {
	for _, path := range u.all("Unit.ConditionPathExists") {
		if _, err := os.Stat(filepath.Join(m.Root, path)); err != nil {
			m.log("%s: skipped, %s does not exist", u.Name, path)
			return false
		}
	}
	return true
}

// makeDirectories of a unit: those for its state stay, those for what runs go when it has stopped.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=
func (m *Manager) makeDirectories(u *Unit) error {
	var problems []error
	for _, name := range u.words("Service.StateDirectory") {
		problems = append(problems, os.MkdirAll(filepath.Join(m.Root, "var", "lib", name), 0o755))
	}
	for _, name := range u.words("Service.RuntimeDirectory") {
		problems = append(problems, os.MkdirAll(filepath.Join(m.Root, "run", name), 0o755))
	}
	return errors.Join(problems...)
}

func (m *Manager) removeRuntimeDirectories(u *Unit) error {
	var problems []error
	for _, name := range u.words("Service.RuntimeDirectory") {
		problems = append(problems, os.RemoveAll(filepath.Join(m.Root, "run", name)))
	}
	return errors.Join(problems...)
}
