package world

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/port"
	"unishop-pilot-light/drill/reaper"
	"unishop-pilot-light/drill/systemd"
)

// machines are the EC2 instances: each a folder that is its disk, a systemd, and a port.
type machines struct {
	world *World
	dir   string

	lock sync.Mutex
	all  map[string]*machine // by instance id
}

type machine struct {
	emulator.Event
	world *World
	dir   string // its own, with its logs
	root  string // its disk
	port  int
	proxy http.Handler // to the port
	log   *os.File

	lock     sync.Mutex
	systemd  *systemd.Manager // another one after a power failure
	userData *reaper.Process
	off      bool
	stopped  bool // by the API, and so not to be switched on with its region
}

func newMachines(w *World, dir string) *machines {
	return &machines{world: w, dir: dir, all: map[string]*machine{}}
}

func (ms *machines) find(id string) *machine {
	ms.lock.Lock()
	defer ms.lock.Unlock()
	return ms.all[id]
}

// named is the machine with that public name, or nil.
func (ms *machines) named(host string) *machine {
	ms.lock.Lock()
	defer ms.lock.Unlock()
	for _, m := range ms.all {
		if host != "" && m.PublicDNSName == host {
			return m
		}
	}
	return nil
}

// inRegion lists the machines of a region; of every region when it is empty.
func (ms *machines) inRegion(region string) (found []*machine) {
	ms.lock.Lock()
	defer ms.lock.Unlock()
	for _, m := range ms.all {
		if region == "" || m.Region == region {
			found = append(found, m)
		}
	}
	return found
}

// add makes a machine with an empty disk that has not booted.
func (ms *machines) add(event emulator.Event, dir string) (*machine, error) {
	free, err := port.Free()
	if err != nil {
		return nil, err
	}
	m := &machine{Event: event, world: ms.world, dir: dir, root: filepath.Join(dir, "root"), port: free, proxy: toPort(free)}
	if err := os.MkdirAll(m.root, 0o755); err != nil {
		return nil, err
	}
	if m.log, err = os.Create(filepath.Join(dir, "machine.log")); err != nil {
		return nil, err
	}
	m.systemd = m.newSystemd()
	ms.lock.Lock()
	ms.all[event.Instance] = m
	ms.lock.Unlock()
	return m, nil
}

func (ms *machines) remove(m *machine) {
	ms.lock.Lock()
	delete(ms.all, m.Instance)
	ms.lock.Unlock()
	m.powerOff()
	_ = m.log.Close()
}

// launched puts the image on a new machine's disk and has it boot. It returns before the boot is over, as EC2 does.
func (ms *machines) launched(event emulator.Event) error {
	image, err := ms.world.images.find(event.ImageID)
	if err != nil {
		return err
	}
	m, err := ms.add(event, filepath.Join(ms.dir, event.Region, event.Instance))
	if err != nil {
		return err
	}
	// cp -a keeps times: an AOT cache fits only the jars, by their times, that it was trained with.
	if out, err := exec.Command("cp", "-a", image+"/.", m.root).CombinedOutput(); err != nil {
		ms.remove(m)
		return fmt.Errorf("%s: copy its image: %w: %s", event.Instance, err, out)
	}
	if err := m.installStandIns("machine", m.bin()); err != nil {
		ms.remove(m)
		return err
	}
	go m.firstBoot()
	return nil
}

// terminated shuts a machine down as it would be: its units stop in their order, and have the time that they ask for.
func (ms *machines) terminated(event emulator.Event) error {
	m := ms.find(event.Instance)
	if m == nil {
		return nil // its launch has failed
	}
	m.shutDown()
	ms.remove(m)
	// The logs stay; everything else on a disk is big.
	return errors.Join(os.RemoveAll(filepath.Join(m.root, "opt")), os.RemoveAll(m.bin()))
}

// rebooted shuts a machine down and has it boot from its disk. The user data does not run again.
func (ms *machines) rebooted(event emulator.Event) error {
	m, err := ms.known(event)
	if err != nil {
		return err
	}
	m.shutDown()
	ms.bootAgain(m, event)
	return nil
}

// stopped shuts a machine down; until it is started it is off, whatever happens to its region.
func (ms *machines) stopped(event emulator.Event) error {
	m, err := ms.known(event)
	if err != nil {
		return err
	}
	m.shutDown()
	m.lock.Lock()
	defer m.lock.Unlock()
	m.stopped = true
	return nil
}

// started has a machine boot from its disk under another public address.
func (ms *machines) started(event emulator.Event) error {
	m, err := ms.known(event)
	if err != nil {
		return err
	}
	ms.bootAgain(m, event)
	return nil
}

func (ms *machines) known(event emulator.Event) (*machine, error) {
	m := ms.find(event.Instance)
	if m == nil {
		return nil, fmt.Errorf("machine %s is not known", event.Instance)
	}
	return m, nil
}

// bootAgain puts a machine in the place of one that is off, with its disk and its port, and has it boot.
func (ms *machines) bootAgain(off *machine, event emulator.Event) {
	m := &machine{Event: event, world: off.world, dir: off.dir, root: off.root, port: off.port, proxy: off.proxy, log: off.log}
	m.systemd = m.newSystemd()
	ms.lock.Lock()
	ms.all[event.Instance] = m
	ms.lock.Unlock()
	go m.boot()
}

func (ms *machines) takeDown(region string) {
	for _, m := range ms.inRegion(region) {
		m.powerOff()
	}
}

// bringBack has a region's machines boot as after a power failure: what is enabled starts, user data does not run again.
func (ms *machines) bringBack(region string) {
	for _, m := range ms.inRegion(region) {
		if m.switchOn() {
			go m.boot()
		}
	}
}

func (m *machine) bin() string { return filepath.Join(m.root, "usr", "bin") }

func (m *machine) say(format string, arguments ...any) {
	_, _ = fmt.Fprintf(m.log, time.Now().Format("15:04:05.000")+" "+format+"\n", arguments...)
}

// manager is the machine's systemd.
func (m *machine) manager() *systemd.Manager {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.systemd
}

func (m *machine) newSystemd() *systemd.Manager {
	return systemd.New(systemd.Machine{Root: m.root, Journal: m.dir, Environ: m.environ(nil), Overrides: m.overrides(),
		Log: m.log, Reaper: m.world.reaper})
}

// notOnMachines are variables of the drill's commands that a machine has otherwise: its programs have credentials from the
// metadata service.
var notOnMachines = []string{"PATH", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"}

// environ is AWS as the emulator has it, and the machine's own programs first on the path. The AWS CLI says of itself on
// which machine it runs, so that a fault can concern its calls: [emulator.Machines].
func (m *machine) environ(first []string) []string {
	environ := slices.DeleteFunc(m.world.environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(notOnMachines, name)
	})
	path := strings.Join(append(first, m.bin(), os.Getenv("PATH")), string(os.PathListSeparator))
	return append(environ, "PATH="+path, "AWS_SDK_UA_APP_ID="+m.Instance,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://"+m.world.networkServer.address+"/"+m.Instance)
}

// overrides are all variables that a machine here has and one of EC2 has not.
func (m *machine) overrides() []string {
	return []string{"UNISHOP_ROOT=" + m.root, "PORT=" + strconv.Itoa(m.port)}
}

func (m *machine) installStandIns(kind, folder string) error {
	return installStandIns(kind, folder, map[string]string{
		"JAVA": m.world.tools.java, "AWS": m.world.tools.aws, "CURL": m.world.tools.curl,
		"HOSTS": m.world.databases.hosts.file, "REGION": m.Region,
		"NETWORK": fmt.Sprintf("http://%s@%s", m.Instance, m.world.networkServer.address),
	})
}

func (m *machine) boot() {
	m.say("boots")
	if err := m.manager().Boot(); err != nil {
		m.say("boot: %s", err)
	}
}

// firstBoot boots and runs the user data, whose output goes where cloud-init has it.
func (m *machine) firstBoot() {
	m.boot()
	script := filepath.Join(m.dir, "user-data")
	if err := os.WriteFile(script, []byte(m.UserData), 0o755); err != nil {
		m.say("user data: %s", err)
		return
	}
	if err := m.run(filepath.Join(m.root, "var", "log", "cloud-init-output.log"), nil, script); err != nil {
		m.say("user data: %s", err)
		return
	}
	m.say("user data: done")
}

// run runs a program on the machine, with more folders first on the path, to its end. Its log is appended to.
func (m *machine) run(log string, path []string, program string, arguments ...string) error {
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	command := exec.Command(program, arguments...)
	command.Env = append(m.environ(path), m.overrides()...)
	command.Dir, command.Stdout, command.Stderr = m.root, out, out
	m.lock.Lock()
	if m.off {
		m.lock.Unlock()
		return errors.New("the machine is off")
	}
	process, err := m.world.reaper.Start(command)
	m.userData = process
	m.lock.Unlock()
	if err != nil {
		return err
	}
	<-process.Exited()
	if code := process.ExitCode(); code != 0 {
		return fmt.Errorf("ended with status %d: %s", code, reaper.Tail(log))
	}
	return nil
}

// shutDown ends every unit. User data that still runs outlives them, since cloud-final.service has KillMode=process, and is
// killed when there is no network any more: https://github.com/canonical/cloud-init/blob/main/systemd/cloud-final.service
func (m *machine) shutDown() {
	m.say("shuts down")
	m.lock.Lock()
	m.off = true
	running := m.userData
	m.lock.Unlock()
	m.manager().Shutdown()
	if running != nil {
		_ = running.Kill() // it may have ended
	}
}

// powerOff ends everything on the machine at once.
func (m *machine) powerOff() {
	m.lock.Lock()
	m.off = true
	if m.userData != nil {
		_ = m.userData.Kill() // it may have ended
	}
	m.lock.Unlock()
	m.manager().PowerOff()
}

// switchOn says whether the machine was off for want of power.
func (m *machine) switchOn() bool {
	m.lock.Lock()
	defer m.lock.Unlock()
	was := m.off && !m.stopped
	if was {
		m.systemd, m.off = m.newSystemd(), false
	}
	return was
}
