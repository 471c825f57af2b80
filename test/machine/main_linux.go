// Command machine runs instances of the shop on a real systemd: a Debian in a container that is baked by the bundle's
// bake script, boots by cloud-init with the user data that the template renders, and finds a metadata service, the
// emulator and a database as on EC2. It checks what only a real systemd shows, and that the checks see mistakes.
//
// It needs root on Linux. Everything runs in separate namespaces and ends with this program.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"unishop-pilot-light/internal/upward"
)

// limit is many times what a run takes.
const limit = 25 * time.Minute

// tools that only this needs, each with its Debian package.
var tools = map[string]string{
	"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container", "journalctl": "systemd", "nsenter": "util-linux", "ip": "iproute2",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	var err error
	if len(os.Args) == 5 && os.Args[1] == inside {
		err = runInside(ctx, os.Args[2], os.Args[3], os.Args[4])
	} else {
		err = run(ctx)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	if why, curable := cannotRun(); why != nil {
		if curable && os.Getenv("CI") != "" {
			return why
		}
		fmt.Println("machine: not run:", why)
		return nil
	}
	debian, err := makeDebian(ctx, root)
	if err != nil {
		return err
	}
	release, err := buildBundle(ctx, root)
	if err != nil {
		return err
	}
	return enter(ctx, root, debian, release)
}

// buildBundle builds the release bundle, as a deployment does.
func buildBundle(ctx context.Context, root string) (string, error) {
	command := exec.CommandContext(ctx, "go", "run", "./unishop/bundle")
	command.Dir, command.Stderr = root, os.Stderr
	file, err := command.Output()
	return strings.TrimSpace(string(file)), err
}

// cannotRun says why this cannot run here, and whether that could have been cured by installing packages.
func cannotRun() (why error, curable bool) {
	if os.Getuid() != 0 {
		return errors.New("it needs root"), false
	}
	if err := exec.Command("unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "true").Run(); err != nil {
		return fmt.Errorf("it needs separate namespaces: unshare: %w", err), false
	}
	if _, err := cgroups(); err != nil {
		return err, false
	}
	var missing []string
	for program, name := range tools {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, name)
		}
	}
	_, err := exec.LookPath("apt-get")
	if len(missing) > 0 {
		return fmt.Errorf("tools are missing: apt-get install %s", strings.Join(missing, " ")), err == nil
	}
	return nil, false
}

// findRoot goes up to the folder of cdk.json.
func findRoot() (string, error) {
	folder, err := upward.Find("cdk.json")
	if err == nil && folder == "" {
		err = errors.New("not in the repository: no cdk.json in this folder or above it")
	}
	return folder, err
}
