package sandbox

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/pages"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// A new user types what README and runbook say. It takes minutes: `make faults` has it run.
func TestTheDocumentedCommandsWork(t *testing.T) {
	if os.Getenv("SANDBOX") != "deployed" {
		t.Skip("`make faults` runs it, with SANDBOX=deployed")
	}
	before := names(t)
	program := filepath.Join(t.TempDir(), "drill")
	text, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput()
	require.NoError(t, err, "%s", text)
	command := exec.Command(program, "sandbox")
	command.Dir, command.Env = root, append(os.Environ(), "TERM=xterm")
	s := open(t, command, 5*time.Minute)

	s.works("npx cdk diff", "Number of stacks with differences: 0")
	site := s.site(config.Primary)
	s.works("curl -s "+site, "<title>")
	s.browserShows(site, "us-east-1")
	s.works("outage site", "us-east-1 has its site blocked for the public")
	s.fails("outage", "1", "us-east-1 has its site blocked for the public already: type recover first")
	s.works("status", "not served (403)")
	s.works("recover", "us-east-1 has its site public again")

	s.works("outage", "us-east-1 has an outage", "make failover", "AWS_REGION=us-west-1 npx cdk deploy unishop-secondary -c failover=true")
	s.works("status", "no answer", "pilot-light CREATE_COMPLETE")
	s.fails("curl -s "+site, "52")
	s.works("make failover", "unishop-secondary.Role = active")
	s.works("status", "active UPDATE_COMPLETE", "writer", "healthy, database writable", "served")
	verify, err := pages.Block(filepath.Join(root, "docs", "runbook.md"), "An outage of us-east-1", "SITE=")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(s.folder, "verify"), []byte(verify), 0o600))
	s.works("bash "+s.folder+"/verify", `"region":"us-west-1"`, `"writer":true`)
	s.browserShows(s.site(config.Secondary), "us-west-1")

	s.works("recover", "us-east-1 is back")
	s.works("until status | grep -q 'reader  '; do sleep 1; done")
	s.works("npx cdk deploy --all", "unishop-primary.Role = active", "unishop-secondary.Role = pilot-light")
	s.works("status", "healthy, database writable", "not served (404)")

	_, err = s.master.WriteString("exit\n")
	require.NoError(t, err)
	s.leaves()
	assert.Zero(t, command.ProcessState.ExitCode())
	assert.Equal(t, before, names(t), "in the repository")
}

// names of what is in the repository's folder.
func names(t *testing.T) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

// site is a side's address, as its stack has it.
func (s *terminal) site(side config.Side) string {
	s.t.Helper()
	return between(s.t, s.works("aws cloudformation describe-stacks --region "+stage.Regions[side]+" --stack-name "+stage.Declared.Names.Stack(side)+
		` --query "Stacks[0].Outputs[?OutputKey=='WebsiteURL'].OutputValue | [0]"`), `"`, `"`)
}

// browserShows: Chromium, with the one option that the sandbox names, shows a page that the region's shop has filled.
func (s *terminal) browserShows(site, words string) {
	s.t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") == "" {
		s.t.Logf("not looked at in a browser: %v", err)
		return
	}
	require.NoError(s.t, err)
	option := "--proxy-server=" + s.ports[1]
	assert.Contains(s.t, s.since(0), option)
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	// As root Chromium needs --no-sandbox: https://crbug.com/638180. The virtual time is the page's, for its own requests.
	page, err := exec.CommandContext(ctx, program, option, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+s.t.TempDir(),
		"--virtual-time-budget=10000", "--dump-dom", site).Output()
	require.NoError(s.t, err)
	assert.Contains(s.t, string(page), `data-state="open"`)
	assert.Contains(s.t, string(page), words)
}
