package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Modes of the context key "failover". An assembly exists of each.
var Modes = []string{"false", "planned", "true", "primary"}

// Tree is a commit that is checked out, with what it needs to be synthesized.
type Tree struct {
	Side   string // base or head
	Commit string
	Folder string
	repo   *Repository
}

// Synthesize checks a commit out and synthesizes it in every mode, in this order.
func (r *Repository) Synthesize(ctx context.Context, side, commit string) (*Tree, map[string]Assembly, error) {
	t := &Tree{Side: side, Commit: commit, Folder: filepath.Join(r.temp, side), repo: r}
	all, err := t.synthesizeAll(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("%s (%.10s) cannot be synthesized: %w", side, commit, err)
	}
	return t, all, nil
}

func (t *Tree) synthesizeAll(ctx context.Context) (map[string]Assembly, error) {
	// Half a worktree could not be removed.
	if _, err := t.repo.git(context.WithoutCancel(ctx), "worktree", "add", "--quiet", "--detach", t.Folder, t.Commit); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{t.refuseOld, t.addPackages, t.build} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	all := map[string]Assembly{}
	for _, mode := range Modes {
		assembly, err := t.synthesize(ctx, mode)
		if err != nil {
			return nil, err
		}
		all[mode] = assembly
	}
	return all, nil
}

// refuseOld: before the bundle was built on demand, a synthesis without it was incomplete, or impossible.
func (t *Tree) refuseOld(context.Context) error {
	if exists(filepath.Join(t.Folder, "unishop", "bundle", "main.go")) {
		return nil
	}
	return errors.New("it is older than the release bundle that is built when it is needed: choose a newer base")
}

// addPackages shares this clone's node_modules when they are what the tree's lock file asks for.
func (t *Tree) addPackages(ctx context.Context) error {
	shared, own := filepath.Join(t.repo.Root, "node_modules"), filepath.Join(t.Folder, "node_modules")
	if err := os.RemoveAll(own); err != nil { // a link that was committed
		return err
	}
	if Installed(shared, filepath.Join(t.Folder, "package-lock.json")) {
		return os.Symlink(shared, own)
	}
	t.repo.Say("%s: npm ci, since its package-lock.json asks for other packages than node_modules has", t.Side)
	_, err := run(ctx, t.Folder, nil, "npm", "ci", "--no-audit", "--no-fund")
	return err
}

// Installed says whether a folder has exactly what a lock file asks for, apart from optional packages: npm keeps a lock
// file of what it has installed. https://docs.npmjs.com/cli/configuring-npm/package-lock-json#hidden-lockfiles
func Installed(modules, lockFile string) bool {
	wanted, err := packagesOf(lockFile)
	there, missing := packagesOf(filepath.Join(modules, ".package-lock.json"))
	if err != nil || missing != nil {
		return false
	}
	for name, w := range wanted {
		if have, installed := there[name]; name != "" && (installed || !w.Optional) && have.Integrity != w.Integrity {
			return false
		}
	}
	for name := range there {
		if _, is := wanted[name]; !is {
			return false
		}
	}
	return true
}

type npmPackage struct {
	Integrity string
	Optional  bool
}

func packagesOf(lockFile string) (map[string]npmPackage, error) {
	content, err := os.ReadFile(lockFile)
	if err != nil {
		return nil, err
	}
	var lock struct{ Packages map[string]npmPackage }
	return lock.Packages, json.Unmarshal(content, &lock)
}

// build makes the program once: `go run` would link it for every mode.
func (t *Tree) build(ctx context.Context) error {
	began := time.Now()
	_, err := run(ctx, t.Folder, nil, "go", "build", "-o", t.program(), ".")
	t.repo.Say("%s: its program is built, in %.1f s", t.Side, time.Since(began).Seconds())
	return err
}

func (t *Tree) program() string { return t.Folder + "-program" }

func (t *Tree) synthesize(ctx context.Context, mode string) (Assembly, error) {
	began := time.Now()
	folder := t.Folder + "-" + mode
	// Without an artifact: behind one, changes of the shop would vanish.
	_, err := t.cdk(ctx, "synth", "--quiet", "--app", "../"+filepath.Base(t.program()), "--output", folder, "-c", "failover="+mode, "-c", "artifact=")
	if err != nil {
		return Assembly{}, err
	}
	t.repo.Say("%s: synthesized with failover=%s, in %.1f s", t.Side, mode, time.Since(began).Seconds())
	return Read(folder)
}

// Diff is what the CDK CLI prints about a stack of an assembly, beside an older template.
func (t *Tree) Diff(ctx context.Context, stack, before string, after Assembly) (string, error) {
	return t.cdk(ctx, "diff", stack, "--exclusively", "--no-color", "--app", after.folder, "--template", before)
}

// cdk runs the CLI that the tree's lock file names. It must reach no account, and so gets no credentials.
func (t *Tree) cdk(ctx context.Context, arguments ...string) (string, error) {
	bin := filepath.Join(t.Folder, "node_modules", ".bin")
	return run(ctx, t.Folder, withoutAccount(bin), filepath.Join(bin, "cdk"), arguments...)
}

// withoutAccount is the environment without credentials and settings of the shell, and with packages first on PATH.
func withoutAccount(bin string) []string {
	own := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "AWS_") })
	return append(own, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "CI=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
}

// CommittedMode is the mode that cdk.json has, which a deployment without -c takes.
func (t *Tree) CommittedMode() (string, error) {
	content, err := os.ReadFile(filepath.Join(t.Folder, "cdk.json"))
	if err != nil {
		return "", err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(content, &file); err != nil {
		return "", fmt.Errorf("cdk.json: %w", err)
	}
	switch mode := file.Context["failover"]; mode {
	case nil, false, "false":
		return "false", nil
	case "planned":
		return "planned", nil
	default:
		return "", fmt.Errorf(`%s: failover: %v in cdk.json is not allowed: use false or "planned"`, t.Side, mode)
	}
}
