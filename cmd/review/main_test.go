package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clone is a repository with what the command needs: a program, a lock file, the diff library, and a stand-in for the CDK
// CLI, which takes the templates of each mode from a folder.
type clone struct {
	t    *testing.T
	root string
}

const standIn = `#!/bin/bash
if [ "$1" = diff ]; then echo "Stack $2 differs"; exit; fi
while [ $# -gt 0 ]; do
  case $1 in --output) out=$2 ;; failover=*) mode=${1#failover=} ;; artifact=*) artifact=$1 ;; --app) app=$2 ;; esac
  shift
done
[ "$artifact" = artifact= ] || { echo "an artifact: $artifact" >&2; exit 1; }
[ -z "${AWS_PROFILE-}" ] || { echo "a profile" >&2; exit 1; }
"$app" || exit
mkdir -p "$out" && cp "templates/$mode.json" "$out/unishop-primary.template.json"
echo '{"artifacts": {"unishop-primary": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/us-east-1"}}}' >"$out/manifest.json"
`

const template = `{"Resources": {
	"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Description": "a"}},
	"Role": {"Type": "Custom::RegionRole", "Properties": {"Attempt":"planned"}}}}`

func newClone(t *testing.T) *clone {
	t.Helper()
	c := &clone{t, t.TempDir()}
	modules, err := filepath.Abs("../../node_modules")
	require.NoError(t, err)
	c.write("go.mod", "module shop\n\ngo 1.25.0\n\nignore ./node_modules\n")
	c.write("app.go", "package main\n\nfunc main() {}\n")
	c.write("unishop/bundle/main.go", "package main\n\nfunc main() {}\n")
	c.write("cdk.json", `{"context": {"failover": false}}`)
	c.write("package-lock.json", `{"packages": {"": {}}}`)
	c.write(".gitignore", "/node_modules/\n")
	for _, mode := range []string{"false", "planned", "true", "primary"} {
		c.write("templates/"+mode+".json", template)
	}
	c.write("node_modules/.package-lock.json", `{"packages": {}}`)
	c.write("node_modules/.bin/cdk", standIn)
	require.NoError(t, os.Chmod(filepath.Join(c.root, "node_modules/.bin/cdk"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(modules, "@aws-cdk"), filepath.Join(c.root, "node_modules/@aws-cdk")))
	if node := filepath.Join(modules, ".bin", "node"); exec.Command(node, "--version").Run() == nil {
		require.NoError(t, os.Symlink(node, filepath.Join(c.root, "node_modules/.bin/node")))
	}
	c.git("init", "--quiet", "--initial-branch=main")
	c.commit()
	t.Chdir(c.root)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("AWS_PROFILE", "mine")
	t.Setenv("GITHUB_ACTOR", "reviewer")
	return c
}

func (c *clone) write(file, text string) {
	c.t.Helper()
	file = filepath.Join(c.root, file)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(c.t, os.WriteFile(file, []byte(text), 0o644))
}

// edit every template.
func (c *clone) edit(from, to string) {
	c.t.Helper()
	for _, mode := range []string{"false", "planned", "true", "primary"} {
		text, err := os.ReadFile(filepath.Join(c.root, "templates", mode+".json"))
		require.NoError(c.t, err)
		require.Contains(c.t, string(text), from)
		c.write("templates/"+mode+".json", strings.ReplaceAll(string(text), from, to))
	}
}

func (c *clone) git(arguments ...string) string {
	c.t.Helper()
	command := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@localhost"}, arguments...)...)
	command.Dir = c.root
	said, err := command.CombinedOutput()
	require.NoError(c.t, err, "%s", said)
	return strings.TrimSpace(string(said))
}

func (c *clone) commit() {
	c.t.Helper()
	c.git("add", "--all")
	c.git("commit", "--quiet", "--message", "a change")
}

// review runs the command, which leaves nothing behind however it ends.
func (c *clone) review(arguments ...string) (status int, page string, err error) {
	c.t.Helper()
	before := c.git("status", "--porcelain")
	var out bytes.Buffer
	status, err = run(c.t.Context(), arguments, &out)
	assert.Equal(c.t, before, c.git("status", "--porcelain"))
	assert.Equal(c.t, 1, strings.Count(c.git("worktree", "list", "--porcelain"), "worktree "), "worktrees are left")
	left, globErr := filepath.Glob(filepath.Join(os.TempDir(), "review-*"))
	require.NoError(c.t, globErr)
	assert.Empty(c.t, left)
	return status, out.String(), err
}

func TestEachVerdictHasItsStatus(t *testing.T) {
	c := newClone(t)
	status, page, err := c.review()
	require.NoError(t, err)
	assert.Equal(t, nothing, status, page)
	assert.Contains(t, page, "Equal: unishop-primary: every mode.")

	c.git("switch", "--quiet", "--create", "branch")
	c.edit(`"Description": "a"`, `"Description": "b"`)
	c.commit()
	status, page, err = c.review()
	require.NoError(t, err)
	assert.Equal(t, differs, status, page)
	assert.Contains(t, page, "# Review: notes")
	assert.Contains(t, page, `"a" → "b"`)
	assert.Contains(t, page, "Stack unishop-primary differs")

	c.edit(`"Secret"`, `"Password"`)
	c.commit()
	status, page, err = c.review("-base", "main")
	require.NoError(t, err)
	assert.Equal(t, blocks, status, page)

	status, page, err = c.review("--base", "HEAD~1", "--accept", "Secret", "--accept", "Password")
	require.NoError(t, err)
	assert.Equal(t, differs, status, page)
	assert.Contains(t, page, "`reviewer` accepted what blocks: `Secret`")
}

func TestWhatIsNotCommittedIsReviewed(t *testing.T) {
	c := newClone(t)
	c.edit(`"Description": "a"`, `"Description": "b"`)
	c.write("cdk.json", `{"context": {"failover": "planned"}}`)
	status, page, err := c.review("-json")
	require.NoError(t, err)
	assert.Equal(t, differs, status)
	var read struct {
		Head     struct{ Uncommitted bool }
		Findings []struct{ Where map[string][]string }
	}
	require.NoError(t, json.Unmarshal([]byte(page), &read))
	assert.True(t, read.Head.Uncommitted)
	assert.Equal(t, []string{"false", "planned", "true", "primary", "false → planned"}, read.Findings[0].Where["unishop-primary"])
}

// The time of an unplanned failover differs between any two syntheses.
func TestAnAttemptIsAFixedWord(t *testing.T) {
	c := newClone(t)
	c.edit(`"planned"`, `"2026-01-31T02:00:00.000000001Z"`)
	c.commit()
	c.edit(`02:00:00`, `03:00:00`)
	status, page, err := c.review("-base", "HEAD")
	require.NoError(t, err)
	assert.Equal(t, nothing, status, page)
}

func TestWhatCannotBeComparedFails(t *testing.T) {
	c := newClone(t)
	old := c.git("rev-parse", "HEAD")
	for name, row := range map[string]struct {
		file, text string
		says       []string
	}{
		"does not build":          {"app.go", "package main\n", []string{"base (", "cannot be synthesized: go build", "function main is undeclared"}},
		"an older bundle":         {"unishop/bundle/main.go", "", []string{"base (", "is older than the release bundle that is built when it is needed"}},
		"a synthesis that fails":  {"app.go", "package main\n\nimport \"os\"\n\nfunc main() { println(\"no such key\"); os.Exit(1) }\n", []string{"cdk synth", "no such key"}},
		"a committed failover":    {"cdk.json", `{"context": {"failover": true}}`, []string{"base: failover: true in cdk.json is not allowed"}},
		"packages of another age": {"package-lock.json", `{"packages": {"": {}, "node_modules/aws-cdk": {"integrity": "sha512-x"}}}`, []string{"npm ci"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.git("switch", "--quiet", "--force-create", "base", old)
			c.write(row.file, row.text)
			if row.text == "" {
				require.NoError(t, os.Remove(filepath.Join(c.root, row.file)))
			}
			c.commit()
			c.git("switch", "--quiet", "--detach", old)
			status, page, err := c.review("-base", "base")
			require.Error(t, err)
			assert.Equal(t, failed, status)
			assert.Empty(t, page)
			for _, words := range row.says {
				assert.ErrorContains(t, err, words)
			}
		})
	}
}

func TestArgumentsAreChecked(t *testing.T) {
	c := newClone(t)
	for _, arguments := range [][]string{{"main"}, {"-base", "nowhere"}, {"-base", "--all"}, {"-bass", "main"}} {
		status, _, err := c.review(arguments...)
		assert.Equal(t, failed, status, arguments)
		if arguments[0] == "-base" {
			assert.ErrorContains(t, err, "is no commit here")
		}
	}
	c.git("branch", "--move", "main", "trunk")
	_, _, err := c.review()
	assert.ErrorContains(t, err, "name one with BASE=")
	t.Chdir(t.TempDir())
	_, err = run(t.Context(), nil, &bytes.Buffer{})
	assert.ErrorContains(t, err, "git rev-parse")
}

func TestAnInterruptLeavesNothing(t *testing.T) {
	c := newClone(t)
	c.write("node_modules/.bin/cdk", "#!/bin/bash\nwhile sleep 0.1; do echo >>\"$TMPDIR/alive\"; done & wait\n")
	alive := func() int64 {
		file, err := os.Stat(filepath.Join(os.TempDir(), "alive"))
		if err != nil {
			return 0
		}
		return file.Size()
	}
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil && alive() == 0 {
			time.Sleep(100 * time.Millisecond)
		}
		interrupt()
	}()
	status, err := run(ctx, nil, &bytes.Buffer{})
	assert.Equal(t, failed, status)
	require.EqualError(t, err, "interrupted")
	size := alive()
	time.Sleep(time.Second)
	assert.Equal(t, size, alive(), "what the CLI has started goes on")
	assert.Equal(t, 1, strings.Count(c.git("worktree", "list", "--porcelain"), "worktree "))
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "review-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
