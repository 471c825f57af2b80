package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// suite has the systemd that Amazon Linux 2023 has, 252.
const suite = "bookworm"

// packages are what the machines need of what Amazon Linux brings along.
var packages = []string{
	"systemd", "systemd-sysv", "systemd-resolved", "libnss-resolve", "libpam-systemd", "dbus", "polkitd", "cloud-init", "curl", "logrotate",
	"procps", "iproute2", "ca-certificates", "python3", "openssh-client", "netbase",
}

// setUp is done once, on the new root.
const setUp = `systemctl --root="$1" enable systemd-networkd systemd-networkd-wait-online systemd-resolved &&
ln -sf /run/systemd/resolve/stub-resolv.conf "$1/etc/resolv.conf" && mkdir -p "$1/var/log/journal" && : >"$1/etc/machine-id"`

// makeDebian makes the root that every machine begins with, unless it is in the project's cache. It is never written to.
func makeDebian(ctx context.Context, root string) (string, error) {
	digest := sha256.Sum256([]byte(suite + setUp + strings.Join(packages, " ")))
	dir := filepath.Join(root, ".cache", "machine", fmt.Sprintf("%s-%x", suite, digest[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "making-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	began := time.Now()
	command := exec.CommandContext(ctx, "mmdebstrap", "--variant=minbase", "--include="+strings.Join(packages, ","),
		"--customize-hook="+setUp, suite, filepath.Join(work, "root"))
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("mmdebstrap: %w: %s", err, out)
	}
	fmt.Printf("%6.1f s  a Debian is made, and kept in %s\n", time.Since(began).Seconds(), filepath.Dir(dir))
	if err := os.Rename(filepath.Join(work, "root"), dir); err != nil {
		if _, missing := os.Stat(dir); missing != nil {
			return "", err
		} // another run's is just as good
	}
	return dir, nil
}
