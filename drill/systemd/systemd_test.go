package systemd

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/reaper"
)

// log is written to by many services at once.
type log struct {
	sync.Mutex
	strings.Builder
}

func (l *log) Write(text []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.Builder.Write(text)
}

func (l *log) String() string {
	l.Lock()
	defer l.Unlock()
	return l.Builder.String()
}

// newMachine has the files named; what begins with "#!" can be executed.
func newMachine(t *testing.T, files map[string]string) (*Manager, *log) {
	t.Helper()
	root, said := t.TempDir(), &log{}
	for name, text := range files {
		file, mode := filepath.Join(root, name), os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), mode))
	}
	r, err := reaper.New()
	require.NoError(t, err)
	m := New(Machine{Root: root, Journal: t.TempDir(), Environ: []string{"PATH=/usr/bin:/bin", "WHO=base"}, Overrides: []string{"PORT=4321"}, Log: said, Reaper: r})
	t.Cleanup(func() {
		m.PowerOff()
		require.NoError(t, r.Close())
		if t.Failed() {
			t.Log(said.String())
		}
	})
	return m, said
}

func (m *Manager) content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.Root, name))
	require.NoError(t, err)
	return string(text)
}

func systemctl(t *testing.T, m *Manager, status int, arguments string) string {
	t.Helper()
	out, got := m.Systemctl(strings.Fields(arguments))
	require.Equal(t, status, got, out)
	return out
}

const (
	units   = "etc/systemd/system/"
	sleeper = "[Service]\nType=exec\nExecStart=/bin/sleeper\n"
)

// sleep notes that it runs, and how it ends.
var sleep = "#!/bin/sh\ntrap 'echo \"$0 ends\" >>events; exit 0' TERM\necho \"$0 runs\" >>events\nwhile :; do sleep 0.05; done\n"

func events(t *testing.T, m *Manager) []string {
	t.Helper()
	text := strings.ReplaceAll(m.content(t, "events"), m.Root, "")
	return strings.Split(strings.TrimSpace(text), "\n")
}

func TestADirectiveThatIsNotKnownIsRefused(t *testing.T) {
	for text, problem := range map[string]string{
		"[Service]\nExecStart=/bin/true\nWatchdogSec=5\n":             "x.service:3: [Service] WatchdogSec= is not known here",
		"[Service]\nExecStart=/bin/true\nType=notify\n":               "Type=notify is not known here, only simple, exec, oneshot",
		"[Service]\nExecStart=/bin/true\nRestart=on-abort\n":          "Restart=on-abort is not known here",
		"[Service]\nExecStart=/bin/sh -c \"true\"\n":                  "only plain words",
		"[Service]\nExecStart=true\n":                                 "only plain words after an absolute path",
		"[Service]\nExecStart=/bin/true \\\n  x\n":                    "only whole lines",
		"[Service]\nExecStart=/bin/true\nTimeoutStopSec=2min\n":       "Service.TimeoutStopSec=2min is not known here",
		"[Service]\nExecStart=/bin/true\nSuccessExitStatus=SIGKILL\n": "SuccessExitStatus=SIGKILL is not known here",
		"[Service]\nType=exec\n":                                      "has no ExecStart=",
	} {
		m, _ := newMachine(t, map[string]string{units + "x.service": text})
		assert.Contains(t, systemctl(t, m, 1, "start x"), problem, text)
	}
}

func TestAVerbOrAnOptionThatIsNotKnownIsRefused(t *testing.T) {
	m, _ := newMachine(t, map[string]string{units + "x.service": sleeper})
	assert.Contains(t, systemctl(t, m, 1, "reload x"), `verb "reload" is not known here`)
	assert.Contains(t, systemctl(t, m, 1, "--user start x"), "option --user is not known here")
	assert.Contains(t, systemctl(t, m, 1, "show -p Foo x"), "property Foo is not known here")
	assert.Contains(t, systemctl(t, m, 1, "start y"), "Unit y.service not found")
}

func TestWhatIsNotEnforcedIsNamed(t *testing.T) {
	m, said := newMachine(t, map[string]string{"bin/sleeper": sleep, units + "x.service": sleeper + "User=shop\nPrivateTmp=yes\n"})
	systemctl(t, m, 0, "start x")
	assert.Contains(t, said.String(), "x.service: not enforced here: User, PrivateTmp")
}

func TestACrashedServiceIsStartedAgain(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/sleeper": sleep, units + "x.service": sleeper + "Restart=always\nRestartSec=0.1\n"})
	systemctl(t, m, 0, "start x")
	assert.Equal(t, "0\n", systemctl(t, m, 0, "show --property=NRestarts --value x"))
	m.lock.Lock()
	main := m.services["x.service"].life.main
	m.lock.Unlock()
	require.NoError(t, main.Kill())
	require.Eventually(t, func() bool {
		return systemctl(t, m, 0, "show -p NRestarts,ActiveState x") == "NRestarts=1\nActiveState=active\n"
	}, 5*time.Second, 10*time.Millisecond)

	systemctl(t, m, 0, "stop x")
	time.Sleep(300 * time.Millisecond)
	assert.Equal(t, "inactive\n", systemctl(t, m, 3, "is-active x"), "stopped is stopped")
}

func TestAServiceThatCannotStayUpFails(t *testing.T) {
	m, said := newMachine(t, map[string]string{"bin/sleeper": "#!/bin/sh\nexit 3\n", units + "x.service": sleeper + "Restart=on-failure\nRestartSec=0\n"})
	systemctl(t, m, 0, "start x")
	require.Eventually(t, func() bool { return m.State("x.service") == Failed }, 5*time.Second, 10*time.Millisecond)
	assert.Equal(t, "failed\n", systemctl(t, m, 0, "is-failed x"))
	assert.Equal(t, 5, strings.Count(said.String(), "x.service: started"), "the default limit of starts")
}

func TestWithoutALimitItIsTriedForEver(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/sleeper": "#!/bin/sh\nexit 3\n",
		units + "x.service": "[Unit]\nStartLimitIntervalSec=0\n" + sleeper + "Restart=always\nRestartSec=0\n"})
	systemctl(t, m, 0, "start x")
	often := func() bool { count, _ := strconv.Atoi(m.properties("x.service")["NRestarts"]); return count >= 20 }
	require.Eventually(t, often, 5*time.Second, time.Millisecond)
}

func TestAStatusThatCountsAsSuccessIsNoFailure(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/sleeper": "#!/bin/sh\nexit 143\n", units + "x.service": sleeper + "SuccessExitStatus=143\nRestart=on-failure\n"})
	systemctl(t, m, 0, "start x")
	require.Eventually(t, func() bool { return m.State("x.service") == Inactive }, 5*time.Second, 10*time.Millisecond)
}

const (
	site = "[Unit]\nWants=x.service missing.service network-online.target\nAfter=x.service network-online.target\n" +
		"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/publish\nExecStop=/bin/withdraw\n[Install]\nWantedBy=multi-user.target\n"
	publish  = "#!/bin/sh\necho publish >>events\n"
	withdraw = "#!/bin/sh\necho withdraw >>events\n"
)

func TestUnitsStartInOrderAndStopInTheOppositeOne(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/sleeper": sleep, "bin/publish": "#!/bin/sh\nuntil [ -s events ]; do sleep 0.01; done\necho publish >>events\n",
		"bin/withdraw": withdraw, units + "x.service": sleeper, units + "site.service": site})
	systemctl(t, m, 0, "enable site")
	assert.Equal(t, "enabled\n", systemctl(t, m, 0, "is-enabled site"))
	assert.Equal(t, "disabled\n", systemctl(t, m, 1, "is-enabled x"))
	require.NoError(t, m.Boot())
	assert.Equal(t, "active\nactive\n", systemctl(t, m, 0, "is-active x site"))
	m.Shutdown()
	assert.Equal(t, []string{"/bin/sleeper runs", "publish", "withdraw", "/bin/sleeper ends"}, events(t, m))
}

// https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Before=
func TestAUnitMaySayThatItComesBeforeAnother(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/sleeper": sleep, "bin/publish": publish, "bin/withdraw": withdraw,
		units + "x.service": sleeper + "[Install]\nWantedBy=multi-user.target\n",
		units + "z.service": "[Unit]\nBefore=x.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/publish\nExecStop=/bin/withdraw\n" +
			"[Install]\nWantedBy=multi-user.target\n"})
	systemctl(t, m, 0, "enable x z")
	require.NoError(t, m.Boot())
	require.Eventually(t, func() bool { return len(events(t, m)) == 2 }, 5*time.Second, 10*time.Millisecond)
	m.Shutdown()
	assert.Equal(t, []string{"publish", "/bin/sleeper runs", "/bin/sleeper ends", "withdraw"}, events(t, m))
}

func TestUnitsWithoutAnOrderStartAndStopAtTheSameTime(t *testing.T) {
	pair := func(own, other string) string { // each waits until the other has begun, at the start and at the stop
		return "#!/bin/sh\ntouch " + own + ".$1\nuntil [ -e " + other + ".$1 ]; do sleep 0.01; done\n"
	}
	unit := "[Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=5\nTimeoutStopSec=5\nExecStart=/bin/NAME start\nExecStop=/bin/NAME stop\n"
	m, _ := newMachine(t, map[string]string{"bin/x": pair("x", "y"), "bin/y": pair("y", "x"),
		units + "x.service": strings.ReplaceAll(unit, "NAME", "x"), units + "y.service": strings.ReplaceAll(unit, "NAME", "y")})
	systemctl(t, m, 0, "start x y")
	begin := time.Now()
	m.Shutdown()
	assert.Less(t, time.Since(begin), 4*time.Second)
}

func TestAPowerFailureRunsNoStopCommandAndAsksNoProcess(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/sleeper": sleep, "bin/publish": publish, "bin/withdraw": withdraw,
		"bin/after": after, units + "x.service": sleeper + "Restart=always\nRestartSec=0\n", units + "site.service": strings.Replace(site, "[Service]\n", thenAfter, 1)})
	systemctl(t, m, 0, "start site")
	require.Eventually(t, func() bool { return len(events(t, m)) == 2 }, 5*time.Second, 10*time.Millisecond)
	m.PowerOff()
	time.Sleep(200 * time.Millisecond)
	assert.ElementsMatch(t, []string{"/bin/sleeper runs", "publish"}, events(t, m))
}

func TestARestartThatDoesNotBlockIsJoinedByAStart(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/publish": "#!/bin/sh\nsleep 0.3\necho publish >>events\n", "bin/withdraw": withdraw, units + "site.service": site})
	begin := time.Now()
	systemctl(t, m, 0, "restart --no-block site")
	assert.Less(t, time.Since(begin), 200*time.Millisecond)
	assert.Equal(t, "activating\n", systemctl(t, m, 3, "is-active site"))
	systemctl(t, m, 0, "start site")
	assert.Equal(t, []string{"publish"}, events(t, m))
}

func TestAStartThatFailsSaysSoAndIsTriedAgain(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/publish": "#!/bin/sh\n[ -e now ] && exit\ntouch now\nexit 1\n", "bin/withdraw": withdraw,
		units + "site.service": strings.Replace(site, "[Install]", "Restart=on-failure\nRestartSec=0.2\n[Install]", 1)})
	assert.Contains(t, systemctl(t, m, 1, "start site"), "Job for site.service failed: /bin/publish: ended with status 1")
	systemctl(t, m, 0, "start site")
	systemctl(t, m, 0, "is-active --quiet site")
}

func TestAStopInterruptsAStart(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/publish": "#!/bin/sh\nsleep 60\n", "bin/withdraw": withdraw, units + "site.service": site})
	systemctl(t, m, 0, "restart --no-block site")
	begin := time.Now()
	systemctl(t, m, 0, "stop site")
	assert.Less(t, time.Since(begin), 5*time.Second)
	assert.NoFileExists(t, filepath.Join(m.Root, "events"), "what was never published is not withdrawn")
}

const (
	after     = "#!/bin/sh\nsleep 0.1\necho after >>events\n"
	thenAfter = "[Service]\nExecStopPost=/bin/after\n"
)

func TestAMachineThatShutsDownStartsNothing(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"etc/systemd/system/late.service": "[Service]\nExecStart=/bin/true\n"})
	m.Shutdown()
	require.ErrorContains(t, m.Start("late.service"), "the machine is shutting down")
	assert.NotEqual(t, Active, m.State("late.service"))
}

// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#ExecStopPost=
func TestACommandForAfterTheStopRunsAfterEveryEnd(t *testing.T) {
	retried := strings.Replace(site, "[Install]", "Restart=on-failure\nRestartSec=0\n[Install]", 1)
	cases := map[string]struct {
		publish, unit string
		begins        []string // by itself
		state         State
		stops         []string // on request
	}{
		"of a service that is stopped":   {publish, site, []string{"publish"}, Active, []string{"withdraw", "after"}},
		"of a service that ends":         {publish, "[Service]\nType=exec\nExecStart=/bin/publish\n", []string{"publish", "after"}, Inactive, nil},
		"of a start that is interrupted": {publish + "sleep 60\n", site, []string{"publish"}, Activating, []string{"after"}},
		"of a start that fails, before the next": {publish + "[ -e again ] && exec sleep 60\ntouch again\nexit 1\n", retried,
			[]string{"publish", "after", "publish"}, Activating, []string{"after"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m, _ := newMachine(t, map[string]string{"events": "", "bin/publish": c.publish, "bin/withdraw": withdraw, "bin/after": after,
				units + "site.service": strings.Replace(c.unit, "[Service]\n", thenAfter, 1)})
			systemctl(t, m, 0, "restart --no-block site")
			begun := func() bool { return slices.Equal(c.begins, events(t, m)) && m.State("site.service") == c.state }
			require.Eventually(t, begun, 5*time.Second, 10*time.Millisecond)
			systemctl(t, m, 0, "stop site")
			assert.Equal(t, append(c.begins, c.stops...), events(t, m))
		})
	}
}

func TestAConditionThatIsNotMetSkipsAUnit(t *testing.T) {
	m, said := newMachine(t, map[string]string{"bin/sleeper": sleep, "bin/after": after,
		units + "x.service": "[Unit]\nConditionPathExists=/etc/x\n" + sleeper + "Restart=always\n" + thenAfter})
	systemctl(t, m, 0, "start x")
	assert.NoFileExists(t, filepath.Join(m.Root, "events"), "what has not begun does not end")
	assert.Equal(t, "inactive\n", systemctl(t, m, 3, "is-active x"))
	assert.Contains(t, said.String(), "x.service: skipped, /etc/x does not exist")
	require.NoError(t, os.WriteFile(filepath.Join(m.Root, "etc/x"), nil, 0o600))
	systemctl(t, m, 0, "restart x")
	systemctl(t, m, 0, "is-active x")
}

func TestAUnitsCommandsSeeTheMachineAndItsEnvironment(t *testing.T) {
	m, _ := newMachine(t, map[string]string{
		"bin/show":                         "#!/bin/sh\necho \"$1 $2 $WHO $PORT $FROM\"\numask\n",
		"opt/file":                         "",
		"etc/env":                          "# a comment\nFROM=file\nPORT=80\n",
		"var/log/x.log":                    "before\n",
		"usr/lib/systemd/system/x.service": "[Service]\nType=oneshot\nExecStart=/bin/show @/opt/file /nowhere\nEnvironment=WHO=unit PORT=80\nStateDirectory=x\nUMask=0077\n",
		units + "x.service.d/drop-in.conf": "[Service]\nEnvironmentFile=/etc/env\nStandardOutput=append:/var/log/x.log\n",
	})
	systemctl(t, m, 0, "start x")
	assert.Equal(t, "before\n@"+m.Root+"/opt/file /nowhere unit 4321 file\n0077\n", m.content(t, "var/log/x.log"))
	assert.DirExists(t, filepath.Join(m.Root, "var/lib/x"))
}

func TestARuntimeDirectoryIsThereUntilTheLastCommandHasEnded(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"events": "", "bin/publish": "#!/bin/sh\ntouch run/x/here\n", "bin/withdraw": "#!/bin/sh\nls run/x >>events\n",
		units + "site.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nRuntimeDirectory=x\nExecStart=/bin/publish\nExecStopPost=/bin/withdraw\n"})
	systemctl(t, m, 0, "start site")
	systemctl(t, m, 0, "stop site")
	assert.Equal(t, []string{"here"}, events(t, m))
	assert.NoDirExists(t, filepath.Join(m.Root, "run/x"))
}

func TestALogThatAUnitMakesHasTheModeOfItsMask(t *testing.T) {
	m, _ := newMachine(t, map[string]string{"bin/publish": publish, "var/log/keep": "",
		units + "x.service": "[Service]\nType=oneshot\nExecStart=/bin/publish\nUMask=0077\nStandardOutput=append:/var/log/x.log\n"})
	systemctl(t, m, 0, "start x")
	info, err := os.Stat(filepath.Join(m.Root, "var/log/x.log"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
}

func TestAServiceThatDoesNotStopIsKilled(t *testing.T) {
	m, said := newMachine(t, map[string]string{"bin/sleeper": "#!/bin/sh\ntrap '' TERM\necho \"$0 runs\" >>events\nwhile :; do sleep 0.05; done\n", units + "x.service": sleeper + "TimeoutStopSec=0.3\n"})
	systemctl(t, m, 0, "start x")
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(m.Root, "events")); return err == nil }, 5*time.Second, 10*time.Millisecond)
	systemctl(t, m, 0, "stop x")
	assert.Contains(t, said.String(), "x.service: still runs after 300ms, killing it")
}
