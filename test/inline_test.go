package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The inline functions are tested in Python, as the text that is in the templates.
func TestInlineFunctions(t *testing.T) {
	templates := synthesize(t, map[string]any{"artifact": artifact}).folder
	python, err := filepath.Abs(filepath.Join(root, ".cache", "emulator-venv", "bin", "python"))
	require.NoError(t, err)
	require.FileExists(t, python, "the Python environment is missing: run `make setup`")

	tests := exec.CommandContext(t.Context(), python, "-m", "unittest", "discover", "-s", "functions")
	// Nothing of the user's: no profile, no key, no endpoint, and no way to find one.
	tests.Env = []string{"TEMPLATES=" + templates, "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1"}
	said, err := tests.CombinedOutput()
	require.NoError(t, err, "%s", said)
	t.Logf("%s", said)
}
