// Package checkout synthesizes what a commit deploys, in a separate worktree and without an account.
package checkout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Repository is the git repository of the working folder.
type Repository struct {
	Root string
	temp string // holds everything that is made
	// Say reports progress.
	Say func(format string, values ...any)
}

// Open finds the repository. [Repository.Close] removes all that is made from then on.
func Open(ctx context.Context, say func(string, ...any)) (*Repository, error) {
	root, err := run(ctx, ".", nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "review-")
	if err != nil {
		return nil, err
	}
	if temp, err = filepath.EvalSymlinks(temp); err != nil {
		return nil, err
	}
	return &Repository{Root: root, temp: temp, Say: say}, nil
}

// Close also works when the command was interrupted.
func (r *Repository) Close() error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	var failed []error
	for _, name := range []string{"base", "head"} {
		if folder := filepath.Join(r.temp, name); exists(folder) {
			_, err := r.git(ctx, "worktree", "remove", "--force", folder)
			failed = append(failed, err)
		}
	}
	return errors.Join(append(failed, os.RemoveAll(r.temp))...)
}

// Commit that a ref names.
func (r *Repository) Commit(ctx context.Context, ref string) (string, error) {
	commit, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("BASE: %q is no commit here: use a branch, a tag or a hash, and fetch it first", ref)
	}
	return commit, nil
}

// MergeBase is the last commit that HEAD and main have in common: main of this clone, or else of its origin.
func (r *Repository) MergeBase(ctx context.Context) (string, error) {
	for _, branch := range []string{"main", "origin/main"} {
		if commit, err := r.git(ctx, "merge-base", "HEAD", branch); err == nil {
			return commit, nil
		}
	}
	return "", errors.New("there is no commit that HEAD and main have in common: name one with BASE=, or fetch the whole history")
}

// WorkingCommit is a commit of what the working folder has, and whether something in it is not committed. That includes
// new files, and changes neither a branch nor the index.
func (r *Repository) WorkingCommit(ctx context.Context) (commit string, dirty bool, err error) {
	head, err := r.Commit(ctx, "HEAD")
	if err != nil {
		return "", false, err
	}
	index := append(os.Environ(), "GIT_INDEX_FILE="+filepath.Join(r.temp, "index"))
	for _, step := range [][]string{{"read-tree", "HEAD"}, {"add", "--all"}} {
		if _, err := run(ctx, r.Root, index, "git", step...); err != nil {
			return "", false, err
		}
	}
	tree, err := run(ctx, r.Root, index, "git", "write-tree")
	if err != nil {
		return "", false, err
	}
	if committed, err := r.git(ctx, "rev-parse", head+"^{tree}"); err != nil || committed == tree {
		return head, false, err
	}
	commit, err = r.git(ctx, "-c", "user.name=review", "-c", "user.email=review@localhost", "commit-tree", tree, "-p", head, "-m", "review: the working folder")
	return commit, true, err
}

func (r *Repository) git(ctx context.Context, arguments ...string) (string, error) {
	return run(ctx, r.Root, nil, "git", arguments...)
}

// failure is a command that failed, with what it has said last.
type failure struct {
	command string
	err     error
	said    string
}

func (f failure) Error() string { return fmt.Sprintf("%s: %v:\n%s", f.command, f.err, f.said) }

func (f failure) Unwrap() error { return f.err }

// run returns standard output without its last newline. No environment is the own one. An interrupt ends the command with all that it has started.
func run(ctx context.Context, folder string, environment []string, name string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir, command.Env = folder, environment
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	all := &lockedBuffer{}
	command.Stdout, command.Stderr = io.MultiWriter(&out, all), all
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return "", errors.New("interrupted")
		}
		return "", failure{filepath.Base(name) + " " + strings.Join(arguments, " "), err, lastLines(all.String(), 12)}
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// lockedBuffer takes what two goroutines write, one for each output of a command.
type lockedBuffer struct {
	lock sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.Buffer.Write(p)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-n):], "\n  ")
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
