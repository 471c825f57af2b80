package systemd

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Folders of unit files, by precedence.
var folders = []string{"etc/systemd/system", "usr/lib/systemd/system"}

// Unit is a unit file with its drop-ins.
type Unit struct {
	Name string
	// NotEnforced are the directives that are understood and that a laptop without root cannot honour.
	NotEnforced []string

	settings map[string][]string
}

// enforced are the directives of a service that mean here what they mean to systemd, each with the values it may have;
// none listed means any.
var enforced = map[string][]string{
	"Unit.Description":           nil,
	"Unit.Documentation":         nil,
	"Unit.Wants":                 nil,
	"Unit.Requires":              nil,
	"Unit.After":                 nil,
	"Unit.Before":                nil,
	"Unit.ConditionPathExists":   nil,
	"Unit.StartLimitIntervalSec": nil,
	"Unit.StartLimitBurst":       nil,
	"Service.Type":               {"simple", "exec", "oneshot"},
	"Service.ExecStartPre":       nil,
	"Service.ExecStart":          nil,
	"Service.ExecStop":           nil,
	"Service.ExecStopPost":       nil,
	"Service.Environment":        nil,
	"Service.EnvironmentFile":    nil,
	"Service.Restart":            {"no", "always", "on-failure"},
	"Service.RestartSec":         nil,
	"Service.RemainAfterExit":    {"yes", "no"},
	"Service.SuccessExitStatus":  nil,
	"Service.TimeoutStartSec":    nil,
	"Service.TimeoutStopSec":     nil,
	"Service.StandardOutput":     nil,
	"Service.StateDirectory":     nil,
	"Service.RuntimeDirectory":   nil,
	"Service.UMask":              nil,
	"Install.WantedBy":           nil,
	// Timers can be enabled; none ever elapses here.
	"Timer.OnCalendar": nil,
}

// unenforced need root, a kernel's namespaces, or users that exist.
var unenforced = strings.Fields(`
	User Group AmbientCapabilities CapabilityBoundingSet NoNewPrivileges LockPersonality
	PrivateDevices PrivateTmp PrivateUsers ProtectClock ProtectControlGroups ProtectHome ProtectHostname ProtectKernelLogs
	ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem RemoveIPC RestrictAddressFamilies
	RestrictNamespaces RestrictRealtime RestrictSUIDSGID SystemCallArchitectures SystemCallErrorNumber SystemCallFilter`)

// Load reads a unit below a root folder. A directive or a value that is not known is an error: what it asks for would
// silently not happen.
func Load(root, name string) (*Unit, error) {
	u := &Unit{Name: name, settings: map[string][]string{}}
	for _, folder := range folders {
		file := filepath.Join(root, folder, name)
		if _, err := os.Stat(file); err != nil {
			continue
		}
		if err := u.read(file); err != nil {
			return nil, err
		}
		return u, u.readDropIns(root)
	}
	return nil, fmt.Errorf("Unit %s not found: %w", name, fs.ErrNotExist)
}

func (u *Unit) readDropIns(root string) error {
	for _, folder := range slices.Backward(folders) {
		files, err := filepath.Glob(filepath.Join(root, folder, u.Name+".d", "*.conf"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := u.read(file); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *Unit) read(file string) error {
	text, err := os.Open(file)
	if err != nil {
		return err
	}
	defer text.Close()
	section, number := "", 0
	for lines := bufio.NewScanner(text); lines.Scan(); {
		number++
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || strings.ContainsAny(line[:1], "#;"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = line[1 : len(line)-1]
		default:
			if err := u.set(section, line); err != nil {
				return fmt.Errorf("%s:%d: %w", filepath.Base(file), number, err)
			}
		}
	}
	return nil
}

func (u *Unit) set(section, line string) error {
	name, value, found := strings.Cut(line, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !found || strings.HasSuffix(value, `\`) {
		return fmt.Errorf("%q: only whole lines of name=value are known here", line)
	}
	if section == "Service" && slices.Contains(unenforced, name) {
		if !slices.Contains(u.NotEnforced, name) {
			u.NotEnforced = append(u.NotEnforced, name)
		}
		return nil
	}
	key := section + "." + name
	allowed, known := enforced[key]
	if !known {
		return fmt.Errorf("[%s] %s= is not known here: add it to systemd/unit.go, as enforced or not", section, name)
	}
	if allowed != nil && !slices.Contains(allowed, value) {
		return fmt.Errorf("%s=%s is not known here, only %s", name, value, strings.Join(allowed, ", "))
	}
	if value == "" {
		delete(u.settings, key) // begins a list anew
		return nil
	}
	u.settings[key] = append(u.settings[key], value)
	return nil
}

// all the values of a directive; one line of some directives lists several.
func (u *Unit) all(key string) []string { return u.settings[key] }

func (u *Unit) words(key string) []string { return strings.Fields(strings.Join(u.settings[key], " ")) }

// last value of a directive, or what systemd takes when there is none.
func (u *Unit) last(key, otherwise string) string {
	if values := u.settings[key]; len(values) > 0 {
		return values[len(values)-1]
	}
	return otherwise
}

// seconds of a directive; negative stands for "infinity".
func (u *Unit) seconds(key, otherwise string) (time.Duration, error) {
	text := u.last(key, otherwise)
	if text == "infinity" {
		return -1, nil
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && number >= 0 {
		return time.Duration(number * float64(time.Second)), nil
	}
	return 0, fmt.Errorf("%s: %s=%s is not known here: use seconds or infinity", u.Name, key, text)
}

// exec are the command lines of a directive, each as words. Quotes and what systemd would replace are refused.
func (u *Unit) exec(key string) ([][]string, error) {
	var commands [][]string
	for _, line := range u.all(key) {
		if strings.ContainsAny(line, `"'$%\`) || !strings.HasPrefix(line, "/") {
			return nil, fmt.Errorf("%s: %s=%s: only plain words after an absolute path are known here", u.Name, key, line)
		}
		commands = append(commands, strings.Fields(line))
	}
	return commands, nil
}

// check finds the mistakes that only show when a value is used.
func (u *Unit) check() error {
	var problems []error
	for _, key := range []string{"Unit.StartLimitIntervalSec", "Service.RestartSec", "Service.TimeoutStartSec", "Service.TimeoutStopSec"} {
		_, err := u.seconds(key, "0")
		problems = append(problems, err)
	}
	for _, key := range []string{"Service.ExecStartPre", "Service.ExecStart", "Service.ExecStop", "Service.ExecStopPost"} {
		_, err := u.exec(key)
		problems = append(problems, err)
	}
	for _, key := range []string{"Unit.StartLimitBurst", "Service.SuccessExitStatus"} {
		for _, number := range u.words(key) {
			if _, err := strconv.Atoi(number); err != nil {
				problems = append(problems, fmt.Errorf("%s: %s=%s is not known here: use a number", u.Name, key, number))
			}
		}
	}
	if strings.HasSuffix(u.Name, ".service") && len(u.all("Service.ExecStart")) == 0 {
		problems = append(problems, fmt.Errorf("%s has no ExecStart=", u.Name))
	}
	return errors.Join(problems...)
}
