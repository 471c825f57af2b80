package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"unishop-pilot-light/unishop"
)

// bundle returns the bundle of a version, and builds it if it is not there. A file with a version in its name is whole, has
// that version's content, and is never written again: a deployment may be uploading it.
func bundle(root, version string) (string, error) {
	target := filepath.Join(root, "unishop", "target")
	if err := os.MkdirAll(target, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(target, "bundle.lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close() // and lets the next one in; so does the end of the program, however it ends
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("%s: %w", lock.Name(), err)
	}
	file := filepath.Join(target, "unishop-"+version+".tar.gz")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	return file, build(root, version, file)
}

// build builds a bundle in a separate folder, from a copy of the sources that count: neither what else lies about nor
// what an earlier build has left gets in, and what is changed meanwhile does not either.
func build(root, version, file string) error {
	if err := checkTools(root); err != nil {
		return err
	}
	work, err := newWorkFolder(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copySources(filepath.Join(root, "unishop"), work); err != nil {
		return err
	}
	copied, err := unishop.VersionOf(os.DirFS(work))
	if err == nil && copied != version {
		err = errors.New("the sources of the shop were changed while they were read: run the command again")
	}
	if err != nil {
		return err
	}
	if err := runMaven(root, work, filepath.Join(filepath.Dir(file), "bundle.log")); err != nil {
		return err
	}
	return publish(filepath.Join(work, "target", "unishop.tar.gz"), file)
}

// newWorkFolder also removes those of builds that were interrupted. None is used twice: Maven may outlive who called it.
func newWorkFolder(target string) (string, error) {
	const prefix = "bundle-work-"
	left, err := filepath.Glob(filepath.Join(target, prefix+"*"))
	for _, folder := range left {
		_ = os.RemoveAll(folder) // Maven may still write to it; then the next build removes it
	}
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(target, prefix)
}

// checkTools names what is missing, with a command that gets it.
func checkTools(root string) error {
	command := exec.Command("bash", filepath.Join(root, "test", "prerequisites.sh"), "bundle")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return errors.New("the release bundle is not built yet, and cannot be built here (see above): " +
			"install what is missing, or name a bundle that is in S3: -c artifact=s3://bucket/unishop-<version>.tar.gz")
	}
	return nil
}

func copySources(from, to string) error {
	names, err := unishop.Files(os.DirFS(from))
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		copied := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(copied, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// runMaven keeps what Maven says in a log, too: the CDK CLI shows nothing until it ends. Maven's own repository is the
// project's, so that nothing is left elsewhere.
func runMaven(root, work, logFile string) error {
	log, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command("mvn", "--quiet", "--batch-mode", "--no-transfer-progress", "-Dstyle.color=never",
		"-Dmaven.repo.local="+filepath.Join(root, ".cache", "m2"), "-f", filepath.Join(work, "pom.xml"), "-DskipTests", "package")
	fmt.Fprintln(log, "$", command)
	said := io.MultiWriter(os.Stderr, log)
	command.Stdout, command.Stderr = said, said
	if err := command.Run(); err != nil {
		return fmt.Errorf("mvn: %w: what it says is above, and in %s", err, logFile)
	}
	return nil
}

// publish gives a finished bundle its name, at once and for good.
func publish(built, file string) error {
	content, err := os.Open(built)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := content.Sync(); err != nil {
		return err
	}
	return os.Rename(built, file)
}
