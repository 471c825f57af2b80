package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// workstation is a folder in which an operator works: a clone of the repository in which `npm ci` has run.
type workstation string

const (
	// Office has a JDK and Maven, which build the release bundle when it is to be uploaded.
	Office workstation = "office"
	// Laptop has neither, nor make: Go and Node have to do.
	Laptop workstation = "laptop"
	// Clone has nothing in it that was built before. do.MakeClone makes it.
	Clone workstation = "clone"
)

// makeWorkstations makes those in which most is typed. Their files are the repository's own, and so is a release bundle
// that is there already; cdk.json is theirs, and what a command writes to their folder.
func (d *Drill) makeWorkstations() error {
	if err := errors.Join(os.MkdirAll(filepath.Join(d.Dir, "logs"), 0o755), d.makeStandIns()); err != nil {
		return err
	}
	entries, err := os.ReadDir(d.Root)
	if err != nil {
		return err
	}
	for _, w := range []workstation{Office, Laptop} {
		folder := filepath.Join(d.Dir, string(w))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for _, entry := range entries {
			if name := entry.Name(); name != "cdk.json" && !slices.Contains(NotCloned, name) {
				err = errors.Join(err, os.Symlink(filepath.Join(d.Root, name), filepath.Join(folder, name)))
			}
		}
		err = errors.Join(err, Link(d.Root, folder, "node_modules"), Link(d.Root, folder, ".cache"),
			CopyFile(filepath.Join(d.Root, "cdk.json"), filepath.Join(folder, "cdk.json")))
	}
	return err
}

// NotCloned are the folders and files that `git clone` does not bring along.
var NotCloned = []string{".git", ".cache", "node_modules", "cdk.out", "cdk.context.json", "dist", "kept", "target", "__pycache__"}

// Link makes a file or folder of one folder appear in another one.
func Link(from, to, name string) error {
	return os.Symlink(filepath.Join(from, name), filepath.Join(to, name))
}

// CopyFile copies a file's contents.
func CopyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// makeStandIns makes programs that fail when they are called, as where they are not installed.
func (d *Drill) makeStandIns() error {
	folder := d.standIns()
	err := os.MkdirAll(folder, 0o755)
	for _, name := range []string{"java", "javac", "mvn", "make"} {
		script := fmt.Sprintf("#!/bin/sh\necho '%s was called' >&2\nexit 127\n", name)
		err = errors.Join(err, os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755))
	}
	return err
}

func (d *Drill) standIns() string { return filepath.Join(d.Dir, "missing") }

// environ is what a command sees: only where it is equipped, a JDK, Maven and make.
func (d *Drill) environ(c Command) []string {
	environ := d.Emulator.Environ()
	for i, variable := range environ {
		if path, found := strings.CutPrefix(variable, "PATH="); found && c.At != Office && !c.Equipped {
			environ[i] = "PATH=" + d.standIns() + string(filepath.ListSeparator) + path
		}
	}
	if c.Region != "" {
		environ = append(environ, "AWS_REGION="+c.Region)
	}
	if c.Shell != "" {
		environ = append(environ, "CDK_REQUIRE_APPROVAL=never")
	}
	if c.Shell != "" && c.At != Clone {
		environ = append(environ, "CDK_APP="+d.app)
	}
	return environ
}
