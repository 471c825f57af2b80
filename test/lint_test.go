package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lintSetup is what puts the linters where these tests look for it.
const lintSetup = "python3 -m venv .cache/lint-venv && .cache/lint-venv/bin/pip install -r test/requirements-lint.txt"

// Every template that a command can produce is clean, with an artifact and without.
func TestCfnLintFindsNothing(t *testing.T) {
	tool := lintTool(t, "cfn-lint")
	for _, context := range []map[string]any{
		{"failover": "false", "artifact": artifact},
		{"failover": "planned", "artifact": artifact},
		{"failover": "true", "artifact": artifact},
		{"failover": "true"},
		{"failover": "false", "artifact": artifact, "protect": "true"},
	} {
		a := synthesize(t, context)
		for _, side := range sides {
			said, err := lint(tool, filepath.Join(a.folder, a.cfg.Names.Stack(side)+".template.json"))
			assert.NoError(t, err, "%v, %s:\n%s", context, side, said)
		}
	}
}

func TestAMistakeThatCfnLintFindsFails(t *testing.T) {
	tool := lintTool(t, "cfn-lint")
	file := filepath.Join(t.TempDir(), "broken.json")
	broken := `{"Resources":{"Global":{"Type":"AWS::RDS::GlobalCluster","Properties":{"Engine":"aurora-mysql","SourceDBClusterIdentifier":"unishop"}}}}`
	require.NoError(t, os.WriteFile(file, []byte(broken), 0o644))
	said, err := lint(tool, file)
	assert.Error(t, err)
	assert.Contains(t, said, "E3018")
}

func lint(tool, file string) (string, error) {
	// W3005 is a DependsOn that a reference makes needless. The CDK writes them on purpose: who depends on a construct
	// waits for all of it. https://docs.aws.amazon.com/cdk/api/v2/docs/constructs.Dependable.html
	out, err := exec.Command(tool, "--ignore-checks", "W3005", "--", file).CombinedOutput()
	return string(out), err
}

// lintTool finds a linter, or skips the test and says how to get it; in CI that is a failure.
func lintTool(t *testing.T, name string) string {
	t.Helper()
	tool, err := filepath.Abs(filepath.Join(root, ".cache", "lint-venv", "bin", name))
	require.NoError(t, err)
	if _, err := os.Stat(tool); err != nil {
		missing(t, name+" is not there: "+lintSetup)
	}
	return tool
}

// missing skips a test for want of a tool. A check that no one runs is no check: in CI it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Python is clean, and has one form: the inline functions, their tests, and what the emulator is taught.
func TestRuffFindsNothing(t *testing.T) {
	for _, command := range [][]string{{"check"}, {"format", "--diff"}} {
		said, err := ruff(t, command...)
		assert.NoError(t, err, said)
	}
	read, err := ruff(t, "check", "--show-files")
	require.NoError(t, err, read)
	for _, file := range []string{"constructs/functions/region_role.py", "test/functions/running.py", "drill/emulator/taught/rds.py"} {
		assert.Contains(t, read, file)
	}
}

func TestAMistakeThatRuffFindsFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "forgets.py")
	require.NoError(t, os.WriteFile(file, []byte("from runtime import ask\n\nask(client)\n"), 0o644))
	said, err := ruff(t, "check", "--config", "ruff.toml", file)
	assert.Error(t, err)
	assert.Contains(t, said, "F821")
}

// ruff runs in the repository's folder, where its settings are.
func ruff(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	command := exec.Command(lintTool(t, "ruff"), append(arguments, "--no-cache")...)
	command.Dir = root
	out, err := command.CombinedOutput()
	return string(out), err
}
