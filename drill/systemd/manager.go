// Package systemd is the part of systemd that a machine of the World needs: it reads unit files below a folder, and
// starts, restarts and stops the services in them, as processes of the current user.
package systemd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"unishop-pilot-light/drill/reaper"
)

// Machine is what systemd runs on.
type Machine struct {
	// Root is the machine's root folder.
	Root string
	// Journal is the folder for what units write to the journal.
	Journal string
	// Environ is what every unit's environment begins with, and Overrides are what no unit can change.
	Environ, Overrides []string
	// Log gets a line for everything that happens.
	Log    io.Writer
	Reaper *reaper.Reaper
}

// Manager is the systemd of one machine.
type Manager struct {
	Machine

	power context.Context // done when it has failed
	fail  context.CancelFunc

	lock     sync.Mutex
	services map[string]*service
	down     bool // shut down, or about to be
}

// errShutdown refuses a start during a shutdown: https://github.com/systemd/systemd/blob/v257/src/core/transaction.c
var errShutdown = errors.New("transaction is destructive: the machine is shutting down")

// New starts a machine's systemd, with nothing active.
func New(machine Machine) *Manager {
	power, fail := context.WithCancel(context.Background())
	return &Manager{Machine: machine, power: power, fail: fail, services: map[string]*service{}}
}

func (m *Manager) log(format string, arguments ...any) {
	_, _ = fmt.Fprintf(m.Log, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05.000")}, arguments...)...)
}

func (m *Manager) powerless() bool { return m.power.Err() != nil }

// Boot starts what is enabled.
func (m *Manager) Boot() error {
	enabled, err := filepath.Glob(filepath.Join(m.Root, folders[0], "multi-user.target.wants", "*.service"))
	if err != nil {
		return err
	}
	for i, file := range enabled {
		enabled[i] = filepath.Base(file)
	}
	return m.Start(enabled...)
}

// Shutdown stops everything, in the opposite order of its start. Nothing can be started any more.
func (m *Manager) Shutdown() {
	m.lock.Lock()
	m.down = true
	var alive []string
	for name, s := range m.services {
		if s.life != nil {
			alive = append(alive, name)
		}
	}
	m.lock.Unlock()
	m.Stop(alive...)
}

// PowerOff ends everything at once, as when the machine's power fails.
func (m *Manager) PowerOff() {
	m.fail()
	m.Shutdown()
}

// Start starts units with what they want and require, and returns when that has been done.
func (m *Manager) Start(names ...string) error {
	ordered, err := m.ordered(names)
	if err != nil {
		return err
	}
	problems := make([]error, len(ordered))
	inTurn(ordered, func(i int) { problems[i] = m.await(ordered[i], m.beginStart(ordered[i])) })
	return errors.Join(problems...)
}

// Restart stops units and starts them again.
func (m *Manager) Restart(wait bool, names ...string) error {
	m.Stop(names...)
	if wait {
		return m.Start(names...)
	}
	ordered, err := m.ordered(names)
	for _, s := range ordered {
		m.beginStart(s)
	}
	return err
}

// beginStart begins to start a service, unless that has been begun, and returns the attempt; nil when it is active.
func (m *Manager) beginStart(s *service) *attempt {
	m.lock.Lock()
	defer m.lock.Unlock()
	if s.life != nil {
		return s.life.attempt
	}
	if m.down {
		refused := &attempt{over: make(chan struct{}), err: errShutdown}
		close(refused.over)
		return refused
	}
	l := &life{ended: make(chan struct{}), attempt: &attempt{over: make(chan struct{})}}
	l.stopping, l.stop = context.WithCancel(m.power)
	s.life, s.state, s.restarts, s.starts = l, Activating, 0, nil
	m.log("%s: starting", s.unit.Name)
	go m.live(s, l)
	return l.attempt
}

func (m *Manager) await(s *service, a *attempt) error {
	if a == nil {
		return nil
	}
	<-a.over
	if a.err != nil && !errors.Is(a.err, errSkipped) {
		return fmt.Errorf("Job for %s failed: %w", s.unit.Name, a.err) //nolint:staticcheck // these are systemctl's own words
	}
	return nil
}

// Stop stops units: those that come after others before them, and those without an order at the same time.
func (m *Manager) Stop(names ...string) {
	m.lock.Lock()
	var alive []*service
	for _, name := range names {
		if s := m.services[name]; s != nil {
			alive = append(alive, s)
		}
	}
	m.lock.Unlock()
	alive = inOrder(alive)
	slices.Reverse(alive)
	inTurn(alive, func(i int) { m.stop(alive[i]) })
}

func (m *Manager) stop(s *service) {
	m.lock.Lock()
	l := s.life
	m.lock.Unlock()
	if l != nil {
		m.log("%s: stopping", s.unit.Name)
		l.stop()
		<-l.ended
	}
}

// becomeActive ends the attempt to start.
func (m *Manager) becomeActive(s *service, l *life, main *reaper.Process) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.log("%s: started", s.unit.Name)
	s.state, l.main = Active, main
	m.over(l, nil)
}

func (m *Manager) over(l *life, err error) {
	if l.attempt != nil {
		l.attempt.err = err
		close(l.attempt.over)
		l.attempt = nil
	}
}

// again prepares another attempt after one that has failed.
func (m *Manager) again(s *service, l *life, err error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.over(l, err)
	s.restarts++
	s.state, l.main, l.attempt = Activating, nil, &attempt{over: make(chan struct{})}
}

// settle ends a life.
func (m *Manager) settle(s *service, l *life, state State, err error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if l.stopping.Err() != nil && l.attempt != nil {
		err = errors.New("it was stopped while it started")
	}
	m.log("%s: %s: %s", s.unit.Name, state, outcome(err))
	m.over(l, err)
	l.stop()
	s.state, s.life = state, nil
}

// overLimit counts a start, and says whether there were too many. https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#StartLimitIntervalSec=interval
func (m *Manager) overLimit(s *service) bool {
	interval, _ := s.unit.seconds("Unit.StartLimitIntervalSec", "10") // checked when it was loaded
	burst, _ := strconv.Atoi(s.unit.last("Unit.StartLimitBurst", "5"))
	now := time.Now()
	s.starts = slices.DeleteFunc(append(s.starts, now), func(t time.Time) bool { return now.Sub(t) > interval })
	return interval != 0 && len(s.starts) >= burst
}

// ordered lists the named services and those that they want or require, each after those that it comes after.
func (m *Manager) ordered(names []string) ([]*service, error) {
	var found []*service
	for queue := names; len(queue) > 0; queue = queue[1:] {
		name := queue[0]
		if !strings.HasSuffix(name, ".service") || slices.ContainsFunc(found, func(s *service) bool { return s.unit.Name == name }) {
			continue // every target is reached: there is only one machine, and it is up
		}
		s, err := m.service(name)
		if errors.Is(err, fs.ErrNotExist) && !slices.Contains(names, name) && !m.required(found, name) {
			continue // what is only wanted may be missing
		}
		if err != nil {
			return nil, err
		}
		found = append(found, s)
		queue = append(queue, append(s.unit.words("Unit.Wants"), s.unit.words("Unit.Requires")...)...)
	}
	return inOrder(found), nil
}

func (m *Manager) required(by []*service, name string) bool {
	return slices.ContainsFunc(by, func(s *service) bool { return slices.Contains(s.unit.words("Unit.Requires"), name) })
}

// service is the one of that name. Its unit is read anew while it does not live.
func (m *Manager) service(name string) (*service, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	s := m.services[name]
	if s != nil && s.life != nil {
		return s, nil
	}
	unit, err := Load(m.Root, name)
	if err == nil {
		err = unit.check()
	}
	if err != nil {
		return nil, err
	}
	if s == nil {
		s = &service{state: Inactive}
		m.services[name] = s
		if len(unit.NotEnforced) > 0 {
			m.log("%s: not enforced here: %s", name, strings.Join(unit.NotEnforced, ", "))
		}
	}
	s.unit = unit
	return s, nil
}

// comesAfter says whether one of the two units names the other so.
func (s *service) comesAfter(other *service) bool {
	return slices.Contains(s.unit.words("Unit.After"), other.unit.Name) || slices.Contains(other.unit.words("Unit.Before"), s.unit.Name)
}

// inOrder sorts services so that each comes after those that it is to come after.
func inOrder(services []*service) (sorted []*service) {
	seen := map[*service]bool{}
	var visit func(s *service)
	visit = func(s *service) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, other := range services {
			if s.comesAfter(other) {
				visit(other)
			}
		}
		sorted = append(sorted, s)
	}
	for _, s := range services {
		visit(s)
	}
	return sorted
}

// inTurn does something with each of the sorted services: at once with those that have no order, and with every other
// one when it has been done with those before it in the list that it has an order with.
func inTurn(sorted []*service, do func(i int)) {
	done := make([]chan struct{}, len(sorted))
	for i, s := range sorted {
		done[i] = make(chan struct{})
		go func() {
			defer close(done[i])
			for j, other := range sorted[:i] {
				if s.comesAfter(other) || other.comesAfter(s) {
					<-done[j]
				}
			}
			do(i)
		}()
	}
	for _, d := range done {
		<-d
	}
}

// link is where an enabled unit is found when something starts what it is wanted by.
func (m *Manager) link(target, name string) string {
	return filepath.Join(m.Root, folders[0], target+".wants", name)
}

// Enable has a unit started at every boot.
func (m *Manager) Enable(name string) error {
	unit, err := Load(m.Root, name)
	if err != nil {
		return err
	}
	targets := unit.words("Install.WantedBy")
	if len(targets) == 0 {
		return fmt.Errorf("%s has no WantedBy=", name)
	}
	for _, target := range targets {
		if err := os.MkdirAll(filepath.Dir(m.link(target, name)), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("..", name), m.link(target, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// Enabled says whether a unit is started at every boot.
func (m *Manager) Enabled(name string) bool {
	links, _ := filepath.Glob(m.link("*", name))
	return len(links) > 0
}

// State of a service.
func (m *Manager) State(name string) State {
	m.lock.Lock()
	defer m.lock.Unlock()
	if s := m.services[name]; s != nil {
		return s.state
	}
	return Inactive
}
