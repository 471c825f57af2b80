package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/stage"
)

const root = "../.."

// The test is its own sandbox: started again with this variable, it opens one in which nothing is deployed.
const empty = "SANDBOX_TEST_EMPTY"

func TestMain(m *testing.M) {
	if os.Getenv(empty) == "" {
		os.Exit(m.Run())
	}
	if err := openEmpty(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func openEmpty() (err error) {
	folder, err := stage.Root()
	if err != nil {
		return err
	}
	d, err := stage.New(folder, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.End(false)) }()
	if err := d.Start(context.Background()); err != nil {
		return err
	}
	return Open(context.Background(), d, os.Stdout)
}

// emptySandbox opens a sandbox in which nothing is deployed, for a person with an environment.
func emptySandbox(t *testing.T, environ ...string) *terminal {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(program)
	command.Env = append(append(os.Environ(), empty+"=1", "TERM=xterm"), environ...)
	return open(t, command, 2*time.Minute)
}

// trap counts whoever tries to reach it, and answers nothing.
func trap(t *testing.T) (address string, caught *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	caught = &atomic.Int64{}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			caught.Add(1)
			_ = connection.Close()
		}
	}()
	return "http://" + listener.Addr().String(), caught
}

func TestTheShellReachesTheSandboxAndNothingElse(t *testing.T) {
	elsewhere, caught := trap(t)
	home := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, ".aws"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", "credentials"), []byte("[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".bashrc"), []byte("export AWS_PROFILE=AKIAREAL\n"), 0o600))
	cache, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	require.NoError(t, err)
	var caches [2]string
	_, err = fmt.Sscan(string(cache), &caches[0], &caches[1])
	require.NoError(t, err)
	s := emptySandbox(t, "HOME="+home, "GOCACHE="+caches[0], "GOMODCACHE="+caches[1], "AWS_ACCESS_KEY_ID=AKIAREAL",
		"AWS_SECRET_ACCESS_KEY=AKIAREAL", "AWS_SESSION_TOKEN=AKIAREAL", "AWS_ENDPOINT_URL="+elsewhere, "AWS_ENDPOINT_URL_STS="+elsewhere,
		"http_proxy="+elsewhere, "https_proxy="+elsewhere, "HTTPS_PROXY="+elsewhere)

	s.fails("env | grep AKIAREAL", "1")
	s.works("aws sts get-caller-identity --region us-east-1 --query Account --output text", "000000000000")
	s.works("AWS_REGION=us-west-1 aws rds describe-db-clusters --query 'length(DBClusters)'", "\n0\n")
	s.works("curl -s -w '%{http_code}\\n' http://example.com", "403", "only the sites and instances of the two regions")
	s.fails("curl -sS https://sts.amazonaws.com", "56", "403")
	s.works("curl -sS http://stranger.s3-website-us-east-1.amazonaws.com", "NoSuchBucket")
	s.works("npm ci && npx cdk --version", "everything is installed already")
	assert.Zero(t, caught.Load(), "something else was reached")
	s.works("curl -s --noproxy '*' " + elsewhere + " || true")
	assert.NotZero(t, caught.Load(), "the trap catches nothing, so the zero above says nothing")
}

func TestACommandSaysWhatIsAllowed(t *testing.T) {
	s := emptySandbox(t)
	s.fails("outage everything", "1", `outage: "everything" is not allowed: use region, for the whole of the active region, or site, for its site alone`)
	s.fails("outage region site", "1", `"region site" is not allowed`)
	s.fails("outage", "1", "no region is active: type npx cdk deploy --all first")
	s.fails("recover", "1", "there is no outage: type outage to begin one")
	s.fails("recover us-east-1", "1", `recover: "us-east-1" is not allowed: type recover alone`)
	s.fails("status --all", "1", `status: "--all" is not allowed: type status alone`)
	s.works("status", "us-east-1", "us-west-1", "no stack", "no site")
}

// However it ends, nothing is left, what was started in the background and asks to stay included.
func TestNothingIsLeft(t *testing.T) {
	for name, end := range map[string]func(*terminal){
		"the person leaves":      func(s *terminal) { _, _ = s.master.WriteString("exit\n") },
		"the terminal is closed": func(s *terminal) { _ = s.master.Close() },
		"it is terminated":       func(s *terminal) { _ = s.command.Process.Signal(syscall.SIGTERM) },
		"it is killed":           func(s *terminal) { _ = s.command.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			s := emptySandbox(t)
			s.types("sleep 300 & nohup sh -c 'trap \"\" HUP TERM; sleep 300' >/dev/null 2>&1 &")
			_, _ = s.master.WriteString("\x1a") // Ctrl-Z stops nothing
			s.works("true")
			end(s)
			s.leaves()
		})
	}
}

func TestCtrlCEndsWhatRunsAndNotTheShell(t *testing.T) {
	s := emptySandbox(t)
	from := s.shownSoFar()
	_, err := s.master.WriteString("sleep 300\n")
	require.NoError(t, err)
	time.Sleep(300 * time.Millisecond)
	_, err = s.master.WriteString("\x03")
	require.NoError(t, err)
	s.awaitPrompt(from)
	s.works("true")
}
