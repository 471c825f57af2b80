package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// workstation is a folder that somebody works in: a clone of the repository in which `npm ci` has run.
type workstation string

const (
	// office has a JDK and Maven, which build the release bundle when it is to be uploaded.
	office workstation = "office"
	// laptop has neither, nor make: Go and Node have to do.
	laptop workstation = "laptop"
	// clone has nothing in it that was built before. [makeClone] makes it.
	clone workstation = "clone"
)

// makeWorkstations makes those in which most is typed. Their files are the repository's own, and so is a release bundle
// that is there already; cdk.json is theirs, and what a command writes to their folder.
func (d *Drill) makeWorkstations() error {
	if err := errors.Join(os.MkdirAll(filepath.Join(d.dir, "logs"), 0o755), d.makeStandIns()); err != nil {
		return err
	}
	entries, err := os.ReadDir(d.root)
	if err != nil {
		return err
	}
	for _, w := range []workstation{office, laptop} {
		folder := filepath.Join(d.dir, string(w))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for _, entry := range entries {
			if name := entry.Name(); name != "cdk.json" && !slices.Contains(notCloned, name) {
				err = errors.Join(err, os.Symlink(filepath.Join(d.root, name), filepath.Join(folder, name)))
			}
		}
		err = errors.Join(err, link(d.root, folder, "node_modules"), link(d.root, folder, ".cache"),
			copyFile(filepath.Join(d.root, "cdk.json"), filepath.Join(folder, "cdk.json")))
	}
	return err
}

// notCloned are the folders and files that `git clone` does not bring along.
var notCloned = []string{".git", ".cache", "node_modules", "cdk.out", "cdk.context.json", "kept", "target", "__pycache__"}

// makeClone copies the repository. Its node_modules are what `npm ci` would make; Maven's downloads save the network.
func makeClone(_ context.Context, d *Drill) error {
	folder := filepath.Join(d.dir, string(clone))
	err := filepath.WalkDir(d.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(notCloned, entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(d.root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(folder, name), 0o755)
		}
		return copyFile(path, filepath.Join(folder, name))
	})
	return errors.Join(err, link(d.root, folder, "node_modules"), os.Mkdir(filepath.Join(folder, ".cache"), 0o755),
		link(d.root, folder, ".cache/m2"))
}

func link(from, to, name string) error {
	return os.Symlink(filepath.Join(from, name), filepath.Join(to, name))
}

func copyFile(from, to string) error {
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

func (d *Drill) standIns() string { return filepath.Join(d.dir, "missing") }

// environ is what a command sees: only where it is equipped, a JDK, Maven and make.
func (d *Drill) environ(c command) []string {
	environ := d.emulator.Environ()
	for i, variable := range environ {
		if path, found := strings.CutPrefix(variable, "PATH="); found && c.at != office && !c.equipped {
			environ[i] = "PATH=" + d.standIns() + string(filepath.ListSeparator) + path
		}
	}
	if c.region != "" {
		environ = append(environ, "AWS_REGION="+c.region)
	}
	if c.shell != "" {
		environ = append(environ, "CDK_REQUIRE_APPROVAL=never")
	}
	if c.shell != "" && c.at != clone {
		environ = append(environ, "CDK_APP="+d.app)
	}
	return environ
}
