// Package world is what is real behind the embedded AWS: for every DB instance a database server, for every EC2 instance
// a machine that boots its image and runs its user data, and a way to both for a browser.
//
// It follows the emulator's events, one by one and synchronously: when the RDS API reports a change, it has already been made
// on a real server. No part of it needs root.
package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/mariadb"
	"unishop-pilot-light/drill/reaper"
)

// Options say where a World lives.
type Options struct {
	// Root of the repository; its .cache has what `make setup` fetched.
	Root string
	// Dir belongs to the World: databases, machines and their logs. It is created, and stays when the World ends.
	Dir string
	// Reaper ends what runs in the World with the program, and has the folder for its sockets.
	Reaper *reaper.Reaper
}

// World is what is real. Use [New], give [World.Handle] to the emulator as its hook, then [World.Attach] the emulator.
type World struct {
	tools     tools
	reaper    *reaper.Reaper
	databases *databases
	images    *images
	machines  *machines
	sites     *sites
	front     *front

	frontServer   *server // for browsers
	networkServer *server // for machines

	lock     sync.Mutex
	emulator *emulator.Emulator
	down     map[string]bool // regions
}

// New makes an empty World. [World.Close] has to be called in any case; nothing outlives the program even without it.
func New(o Options) (*World, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	found, err := findTools(o.Root)
	if err != nil {
		return nil, err
	}
	install, err := mariadb.Setup(o.Root)
	if err != nil {
		return nil, err
	}
	authority, err := mariadb.SetupAuthority(o.Root)
	if err != nil {
		return nil, err
	}
	w := &World{tools: found, reaper: o.Reaper, down: map[string]bool{}}
	names := &hosts{file: filepath.Join(o.Dir, "hosts")}
	w.databases = newDatabases(filepath.Join(o.Dir, "databases"), install, authority, o.Reaper, names)
	w.images = newImages(w, o.Root, filepath.Join(o.Dir, "images"))
	w.machines = newMachines(w, filepath.Join(o.Dir, "machines"))
	w.sites = newSites(w.endpoint)
	w.front = &front{w}
	if err := errors.Join(names.write(nil), w.listen()); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) listen() (err error) {
	if w.frontServer, err = serve(w.front); err != nil {
		return err
	}
	w.networkServer, err = serve(newNetwork(w))
	return err
}

// Attach sets the emulator that the World stands behind. No event may come before.
func (w *World) Attach(e *emulator.Emulator) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.emulator = e
}

func (w *World) attached() *emulator.Emulator {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.emulator
}

func (w *World) endpoint() string { return w.attached().Endpoint() }

// environ of a process on a machine: AWS is the emulator.
func (w *World) environ() []string { return w.attached().Environ() }

// Front is the address, host:port, that every public name of the system leads to, for example by Chromium's
// --host-resolver-rules="MAP *.amazonaws.com:80 <front>".
func (w *World) Front() string { return w.frontServer.address }

// Handle makes an event of the emulator's real. What it returns an error for has not happened.
func (w *World) Handle(ctx context.Context, event *emulator.Event) error {
	switch event.Name {
	case emulator.ImageBaked:
		return w.images.baked(ctx, event)
	case emulator.InstanceLaunched:
		return w.machines.launched(*event)
	case emulator.InstanceTerminated:
		return w.machines.terminated(*event)
	case emulator.InstanceRebooted:
		return w.machines.rebooted(*event)
	case emulator.InstanceStopped:
		return w.machines.stopped(*event)
	case emulator.InstanceStarted:
		return w.machines.started(*event)
	case emulator.DatabaseCreated:
		return w.databases.created(ctx, event)
	case emulator.DatabaseDeleted:
		return w.databases.deleted(event)
	case emulator.DatabaseRebooted:
		return w.databases.rebooted(ctx, event)
	case emulator.WriterChanged:
		return w.databases.moved(ctx, event)
	case emulator.MemberResynchronised:
		return w.databases.resynchronised(ctx, event)
	}
	return fmt.Errorf("event %q is not known here", event.Name)
}

// SetReplicationDelay makes every reader apply each write so much later than the writer did, in whole seconds: that much
// a failover loses, and up to a second more, since the servers count in whole seconds.
func (w *World) SetReplicationDelay(ctx context.Context, delay time.Duration) error {
	if delay < 0 || delay%time.Second != 0 {
		return fmt.Errorf("replication delay %s is not allowed: use whole seconds", delay)
	}
	return w.databases.setReplicationDelay(ctx, delay)
}

// TakeDown stops all that is real in a region, at once and in the middle of whatever it does. The emulator's own
// TakeDown should come first: then nothing new begins there.
func (w *World) TakeDown(region string) error {
	w.setDown(region, true)
	w.machines.takeDown(region)
	return w.databases.takeDown(region)
}

// BringBack starts a region again as it was: databases with their data, machines as after a power failure. The
// emulator's own BringBack should come after it: it sends events of members that resynchronise.
func (w *World) BringBack(ctx context.Context, region string) error {
	if err := w.databases.bringBack(ctx, region); err != nil {
		return err
	}
	w.setDown(region, false)
	w.machines.bringBack(region)
	return nil
}

func (w *World) setDown(region string, down bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.down[region] = down
}

func (w *World) isDown(region string) bool {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.down[region]
}

// Machine is an EC2 instance that runs, or is about to.
type Machine struct {
	Instance      string
	Image         string // that it was launched from
	PublicDNSName string
	Port          int    // of 127.0.0.1, where its shop listens
	Dir           string // root is its disk, machine.log what happens to it
}

// Machines lists those of a region.
func (w *World) Machines(region string) (found []Machine) {
	for _, m := range w.machines.inRegion(region) {
		found = append(found, Machine{m.Instance, m.ImageID, m.PublicDNSName, m.port, m.dir})
	}
	return found
}

// Close ends everything that runs, at once. A second time it does nothing.
func (w *World) Close() error {
	for _, m := range w.machines.inRegion("") {
		w.machines.remove(m)
	}
	for _, s := range []*server{w.frontServer, w.networkServer} {
		if s != nil {
			s.close()
		}
	}
	return w.databases.close()
}
