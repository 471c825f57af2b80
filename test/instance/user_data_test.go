package instance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/unishop"
)

// maxUserData is EC2's limit, before encoding:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
const maxUserData = 16 * 1024

// healthy systemd: everything starts, and nothing has been restarted.
const healthy = `[[ $1 == show ]] && echo 0; exit 0`

// boot runs the user data on a machine, its placeholders filled with their own names in lower case.
func boot(t *testing.T, m *machine) (string, error) {
	t.Helper()
	filled := regexp.MustCompile(`\{\{([A-Z_]+)\}\}`).ReplaceAllStringFunc(unishop.UserData, func(placeholder string) string {
		return strings.ToLower(strings.Trim(placeholder, "{}"))
	})
	require.NoError(t, os.MkdirAll(m.root, 0o755))
	script := filepath.Join(t.TempDir(), "user-data.sh")
	require.NoError(t, os.WriteFile(script, []byte(filled), 0o755))
	return m.run(t, script)
}

// newBoot is a machine whose health and systemd are as said.
func newBoot(t *testing.T, health, systemctl string) *machine {
	t.Helper()
	m := newMachine(t, map[string]string{"curl": metadata + health, "systemctl": systemctl, "aws": ""})
	m.environ = []string{"PORT=8080"}
	return m
}

func signals(t *testing.T, m *machine) []string { return m.called(t, "aws cloudformation") }

func signal(status string) string {
	return "aws cloudformation signal-resource --region region --stack-name stack --logical-resource-id logical_id --unique-id i-new --status " + status +
		" --cli-connect-timeout 5 --cli-read-timeout 10"
}

func TestUserDataStartsTheShopAndSignalsSuccessOnceItAnswers(t *testing.T) {
	m := newBoot(t, `[[ $(grep -c ishealthy "$0.asked" 2>/dev/null) -ge 2 ]] && exit; echo "$*" >>"$0.asked"; exit 22`, healthy)
	out, err := boot(t, m)
	require.NoError(t, err, out)
	assert.Equal(t, []string{signal("SUCCESS")}, signals(t, m))
	assert.Len(t, m.called(t, "curl -sf -o /dev/null --max-time 5 http://127.0.0.1:8080/health/ishealthy"), 3)

	calls := strings.Join(m.called(t, ""), "\n")
	assert.Regexp(t, `(?s)^systemctl restart unishop\n.*systemctl restart --no-block unishop-site\n.*ishealthy.*systemctl start unishop-site\n.*SUCCESS [^\n]*$`, calls)
}

func TestUserDataWritesTheEnvironmentForTheShopAlone(t *testing.T) {
	m := newBoot(t, "", healthy)
	out, err := boot(t, m)
	require.NoError(t, err, out)
	file := filepath.Join(m.root, "etc/unishop/unishop.env")
	assert.Equal(t, `DB_HOST=db_host
DB_PORT=db_port
DB_SECRET_ID=db_secret_id
SITE_BUCKET=site_bucket
ALLOWED_ORIGIN=site_origin
AWS_REGION=region
LOG_GROUP=log_group
`, read(t, file))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

func TestUserDataSignalsFailureWithinSeconds(t *testing.T) {
	const silent = "exit 7"
	cases := map[string]struct {
		health, systemctl string
		says              string
	}{
		"when the shop has died":            {silent, `[[ $1 == is-active ]] && exit 3; ` + healthy, "the shop has died"},
		"when systemd has started it again": {silent, `[[ $1 == show ]] && echo 1; exit 0`, "the shop has died 1 times"},
		"when it cannot be started at all":  {silent, `[[ "$*" == "restart unishop" ]] && exit 1; ` + healthy, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newBoot(t, c.health, c.systemctl)
			out, err := boot(t, m)
			require.Error(t, err, out)
			assert.Equal(t, []string{signal("FAILURE")}, signals(t, m))
			assert.Contains(t, out, c.says)
		})
	}
}

func TestUserDataSignalsFailureWhenItFailsItself(t *testing.T) {
	m := newBoot(t, "", healthy)
	m.write(t, "etc", "not a directory", 0o644)
	_, err := boot(t, m)
	require.Error(t, err)
	assert.Equal(t, []string{signal("FAILURE")}, signals(t, m))
	assert.Empty(t, m.called(t, "systemctl"))
}

func TestUserDataSignalsFailureWhenASignalOfSuccessIsRefused(t *testing.T) {
	m := newBoot(t, "", healthy)
	m.program(t, "aws", `[[ $* == *SUCCESS* ]] && echo 'An error occurred (ValidationError): it cannot be signaled' >&2 && exit 254; exit 0`)
	out, err := boot(t, m)
	require.Error(t, err)
	assert.Equal(t, []string{signal("SUCCESS"), signal("FAILURE")}, signals(t, m))
	assert.Contains(t, out, "it cannot be signaled")
}

// thirdTime is a program that fails twice before it does what it does.
func thirdTime(fails, does string) string {
	return `echo x >>"$0.tried"; (($(wc -l <"$0.tried") > 2)) || { ` + fails + `; }; ` + does
}

func TestASignalIsSentAgainUntilItIsReceived(t *testing.T) {
	const refused = `echo "An error occurred (%s) when calling the SignalResource operation" >&2; exit 254`
	for name, c := range map[string]struct{ program, body string }{
		"AWS is busy":               {"aws", thirdTime(strings.Replace(refused, "%s", "Throttling", 1), "")},
		"AWS is out of order":       {"aws", thirdTime(strings.Replace(refused, "%s", "ServiceUnavailable", 1), "")},
		"a permission is too new":   {"aws", thirdTime(strings.Replace(refused, "%s", "AccessDenied", 1), "")},
		"AWS does not answer":       {"aws", thirdTime("exit 255", "")},
		"credentials are not there": {"aws", thirdTime("echo 'Unable to locate credentials' >&2; exit 253", "")},
		"no token is given":         {"curl", `[[ $* == */token ]] && { ` + thirdTime("exit 22", ":") + `; }; ` + metadata},
		"the id is not answered":    {"curl", `[[ $* == */instance-id ]] && { ` + thirdTime("exit 28", ":") + `; }; ` + metadata},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newBoot(t, "", healthy)
			m.program(t, c.program, c.body)
			out, err := boot(t, m)
			require.NoError(t, err, out)
			sent := signals(t, m)
			require.NotEmpty(t, sent)
			assert.Equal(t, signal("SUCCESS"), sent[len(sent)-1])
			assert.NotContains(t, sent, signal("FAILURE"))
		})
	}
}

// CloudFormation has given up by then.
func TestNoSignalIsSentAfterTenMinutes(t *testing.T) {
	m := newBoot(t, "", healthy)
	m.environ = append(m.environ, "SECONDS=598") // bash begins to count there
	m.program(t, "aws", `echo Throttling >&2; exit 254`)
	began := time.Now()
	out, err := boot(t, m)
	require.Error(t, err, out)
	assert.Less(t, time.Since(began), 15*time.Second)
	assert.Contains(t, signals(t, m), signal("SUCCESS"))
}

// start runs start.sh with a time limit in seconds.
func start(t *testing.T, m *machine, limit string) (string, error) {
	t.Helper()
	return m.run(t, m.root+"/opt/unishop/start.sh", limit)
}

// The unit publishes again by itself when AWS was busy or a permission is too new.
func TestAFailureToPublishIsNotTheLast(t *testing.T) {
	m := newBoot(t, "", `[[ "$*" == "start unishop-site" ]] && { `+thirdTime("exit 1", "exit 0")+`; }; `+healthy)
	out, err := boot(t, m)
	require.NoError(t, err, out)
	assert.Equal(t, []string{signal("SUCCESS")}, signals(t, m))
	assert.Len(t, m.called(t, "systemctl start unishop-site"), 3)
}

func TestAPageThatIsNeverPublishedFailsWhenTheTimeIsOver(t *testing.T) {
	for name, starts := range map[string]string{"its unit fails": "exit 1", "its unit hangs": "exec sleep 60"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newBoot(t, "", `[[ "$*" == "start unishop-site" ]] && `+starts+`; `+healthy)
			m.write(t, "var/log/unishop/site.log", "upload failed: first\nupload failed: AccessDenied\n", 0o644)
			began := time.Now()
			out, err := start(t, m, "3")
			require.Error(t, err, out)
			assert.Contains(t, out, "start: no time is left: the page is not published: upload failed: AccessDenied\n")
			assert.NotContains(t, out, "first")
			assert.Greater(t, time.Since(began), 2*time.Second)
			assert.Less(t, time.Since(began), 20*time.Second)
		})
	}
}

// A shop that answers no one says in its log what is wrong with its database.
func TestWhatTheShopSaysOfItsDatabaseIsPrintedOnceAndWhenTheTimeIsOver(t *testing.T) {
	const denied = "The database does not answer: Access denied for user 'unishop'@'10.1.0.5' (using password: YES)"
	log := `log="$UNISHOP_ROOT/var/log/unishop/unishop.log"; mkdir -p "${log%/*}"; n=$((RANDOM))
		echo "{\"message\":\"` + strings.Replace(denied, "Access", `(conn=$n) Access`, 1) + `\",\"ecs\":{}}" >>"$log"; exit 22`
	m := newBoot(t, log, healthy)
	out, err := start(t, m, "3")
	require.Error(t, err, out)
	assert.Equal(t, 1, strings.Count(out, "start: the shop does not answer: "+denied), out)
	assert.Equal(t, 1, strings.Count(out, "start: no time is left: the shop does not answer: "+denied+"\n"), out)
}

func TestAShopWithoutACollectorOfLogsServes(t *testing.T) {
	m := newBoot(t, "", `[[ $* == *amazon-cloudwatch-agent ]] && exit 5; `+healthy)
	out, err := boot(t, m)
	require.NoError(t, err, out)
	assert.Equal(t, []string{signal("SUCCESS")}, signals(t, m))
}

// cloud-init's own schema knows cloud-config only, and takes a script for a broken one. That it is a script, cloud-init
// decides by its first characters: https://cloudinit.readthedocs.io/en/latest/explanation/format.html
func TestCloudInitTakesUserDataForAScript(t *testing.T) {
	assert.True(t, strings.HasPrefix(unishop.UserData, "#!/bin/bash\n"))
	// Filled in, names and tokens are longer than their placeholders, by far less than half of the limit.
	assert.Less(t, len(unishop.UserData), maxUserData/2)

	tool(t, "cloud-init", "apt-get install cloud-init")
	const ask = "import sys; from cloudinit import handlers; print(handlers.type_from_starts_with(sys.stdin.read()))"
	command := exec.Command("/usr/bin/python3", "-c", ask)
	command.Stdin = strings.NewReader(unishop.UserData)
	kind, err := command.CombinedOutput()
	require.NoError(t, err, string(kind))
	assert.Equal(t, "text/x-shellscript\n", string(kind))
}
