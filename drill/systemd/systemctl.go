package systemd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Systemctl does what systemctl does with these arguments: what it prints, and its exit status. A verb or an option that
// is not known here is an error, not silence.
func (m *Manager) Systemctl(arguments []string) (string, int) {
	c, err := parse(arguments)
	if err == nil {
		m.log("systemctl %s", strings.Join(arguments, " "))
		var out string
		var status int
		if out, status, err = m.do(c); err == nil {
			return out, status
		}
	}
	m.log("systemctl: %s", err)
	return fmt.Sprintf("systemctl: %s\n", err), 1
}

// call is a command line of systemctl's.
type call struct {
	verb       string
	units      []string
	properties []string
	quiet      bool
	noBlock    bool
	value      bool
}

func parse(arguments []string) (c call, err error) {
	for i := 0; i < len(arguments); i++ {
		switch argument := arguments[i]; {
		case argument == "--quiet" || argument == "-q":
			c.quiet = true
		case argument == "--no-block":
			c.noBlock = true
		case argument == "--value":
			c.value = true
		case argument == "-p" && i+1 < len(arguments):
			i++
			c.properties = append(c.properties, strings.Split(arguments[i], ",")...)
		case strings.HasPrefix(argument, "--property="):
			c.properties = append(c.properties, strings.Split(argument[len("--property="):], ",")...)
		case strings.HasPrefix(argument, "-"):
			return c, fmt.Errorf("option %s is not known here", argument)
		case c.verb == "":
			c.verb = argument
		default:
			c.units = append(c.units, fullName(argument))
		}
	}
	return c, nil
}

func fullName(unit string) string {
	if strings.Contains(unit, ".") {
		return unit
	}
	return unit + ".service"
}

func (m *Manager) do(c call) (string, int, error) {
	switch c.verb {
	case "daemon-reload": // units are read at every start
		return "", 0, nil
	case "start":
		return "", 0, m.Start(c.units...)
	case "stop":
		m.Stop(c.units...)
		return "", 0, nil
	case "restart":
		return "", 0, m.Restart(!c.noBlock, c.units...)
	case "enable":
		var problems []error
		for _, unit := range c.units {
			problems = append(problems, m.Enable(unit))
		}
		return "", 0, errors.Join(problems...)
	case "is-enabled":
		return m.answer(c, 1, func(unit string) (string, bool) {
			enabled := m.Enabled(unit)
			return map[bool]string{true: "enabled", false: "disabled"}[enabled], enabled
		})
	case "is-active":
		return m.answer(c, 3, func(unit string) (string, bool) { return string(m.State(unit)), m.State(unit) == Active })
	case "is-failed":
		return m.answer(c, 1, func(unit string) (string, bool) { return string(m.State(unit)), m.State(unit) == Failed })
	case "show":
		return m.show(c)
	}
	return "", 0, fmt.Errorf("verb %q is not known here", c.verb)
}

// answer answers a question about each unit. The status is 0 when one of them says yes.
func (m *Manager) answer(c call, no int, ask func(unit string) (string, bool)) (out string, status int, err error) {
	status = no
	for _, unit := range c.units {
		answer, yes := ask(unit)
		if !c.quiet {
			out += answer + "\n"
		}
		if yes {
			status = 0
		}
	}
	return out, status, nil
}

func (m *Manager) show(c call) (out string, status int, err error) {
	for _, unit := range c.units {
		properties := m.properties(unit)
		for _, name := range c.properties {
			value, known := properties[name]
			if !known {
				return "", 0, fmt.Errorf("property %s is not known here", name)
			}
			if !c.value {
				value = name + "=" + value
			}
			out += value + "\n"
		}
	}
	if len(c.properties) == 0 || slices.Contains(c.properties, "") {
		return "", 0, errors.New("show without --property= is not known here")
	}
	return out, 0, nil
}

func (m *Manager) properties(unit string) map[string]string {
	m.lock.Lock()
	defer m.lock.Unlock()
	state, restarts, pid := Inactive, 0, 0
	if s := m.services[unit]; s != nil {
		state, restarts = s.state, s.restarts
		if s.life != nil && s.life.main != nil {
			pid = s.life.main.Group
		}
	}
	return map[string]string{"ActiveState": string(state), "NRestarts": strconv.Itoa(restarts), "MainPID": strconv.Itoa(pid)}
}

// Analyze does what `systemd-analyze verify` does: it finds the mistakes in unit files, by the rules of this package.
func (m *Manager) Analyze(arguments []string) (string, int) {
	if len(arguments) == 0 || arguments[0] != "verify" {
		return "systemd-analyze: only verify is known here\n", 1
	}
	var problems []error
	for _, argument := range arguments[1:] {
		if strings.HasPrefix(argument, "-") {
			continue // how to treat other units: none is looked at
		}
		unit, err := Load(m.Root, filepath.Base(argument))
		if err == nil {
			err = unit.check()
		}
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return err.Error() + "\n", 1
	}
	return "", 0
}
