package world

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/reaper"
	"unishop-pilot-light/drill/systemd"
	"unishop-pilot-light/unishop"
)

// system is an emulator and the World behind it.
type system struct {
	t        *testing.T
	world    *World
	emulator *emulator.Emulator
	browser  *http.Client // goes to the front for every name, as Chromium does with --host-resolver-rules
}

func newSystem(t *testing.T) *system {
	t.Helper()
	dir := t.TempDir()
	s := &system{t: t}
	var err error
	r := newReaper(t)
	s.world, err = New(Options{Root: root(t), Dir: filepath.Join(dir, "world"), Reaper: r})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.world.Close()) })
	s.emulator, err = emulator.Start(t.Context(), emulator.Options{Root: root(t), Dir: filepath.Join(dir, "aws"), Reaper: r, Hook: s.world.Handle})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.emulator.Stop()) })
	s.world.Attach(s.emulator)
	front := &url.URL{Scheme: "http", Host: s.world.Front()}
	s.browser = &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyURL(front), DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// try does a verb of testdata/system.py.
func (s *system) try(region string, words ...string) (string, error) {
	script, err := filepath.Abs("testdata/system.py")
	require.NoError(s.t, err)
	command := exec.CommandContext(s.t.Context(), filepath.Join(root(s.t), ".cache", "emulator-venv", "bin", "python"), append([]string{script}, words...)...)
	command.Env = append(s.emulator.Environ(), "AWS_DEFAULT_REGION="+region)
	out, err := command.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (s *system) do(region string, words ...string) string {
	s.t.Helper()
	out, err := s.try(region, words...)
	require.NoError(s.t, err, out)
	return out
}

// get returns status and body; 0 when the connection breaks.
func (s *system) get(address string) (int, string) {
	s.t.Helper()
	response, err := s.browser.Get(address)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

// bundle is the release bundle, as a deployment builds it; without one there is nothing to boot.
func bundle(t *testing.T) string {
	t.Helper()
	command := exec.Command("go", "run", "./unishop/bundle")
	command.Dir = root(t)
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if err != nil && os.Getenv("CI") == "" {
		t.Skip(said.String())
	}
	require.NoError(t, err, said.String())
	return strings.TrimSpace(string(out))
}

// userData of the shop for a stack.
func (s *system) userData(stack, host, port, bucket string) string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), stack)
	text := strings.NewReplacer(
		"{{DB_HOST}}", host, "{{DB_PORT}}", port, "{{DB_SECRET_ID}}", "unishop/database", "{{SITE_BUCKET}}", bucket,
		"{{SITE_ORIGIN}}", siteURL(bucket, east), "{{REGION}}", east, "{{LOG_GROUP}}", "/unishop/server", "{{STACK}}", stack,
		"{{LOGICAL_ID}}", "Server",
	).Replace(unishop.UserData)
	require.NoError(s.t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func siteURL(bucket, region string) string {
	return fmt.Sprintf("http://%s.s3-website-%s.amazonaws.com", bucket, region)
}

// explain shows the logs of a region's machines when the test has failed.
func (s *system) explain() {
	if !s.t.Failed() {
		return
	}
	for _, pattern := range []string{"cache.log", "machine.log", "root/var/log/*.log", "root/var/log/unishop/*.log", "../../../images/bake.log"} {
		files, _ := filepath.Glob(filepath.Join(s.world.machines.dir, "*", "*", pattern))
		for _, file := range files {
			s.t.Logf("%s:\n%s", file, reaper.Tail(file))
		}
	}
}

func TestTheShopBootsServesAndEndsAsOnEC2(t *testing.T) {
	s := newSystem(t)
	t.Cleanup(s.explain)
	begin := time.Now()
	lap := func(what string) {
		t.Logf("%s: %s", what, time.Since(begin).Round(100*time.Millisecond))
		begin = time.Now()
	}
	image := s.do(east, "release", bundle(t), "1")
	lap("image")
	host, port, _ := strings.Cut(s.do(east, "database", "not-a-secret"), " ")
	require.NotEqual(t, "3306", port)
	s.do(east, "site", "unishop-site")
	lap("database and site")
	status, _ := s.get(siteURL("unishop-site", east) + "/")
	require.Equal(t, http.StatusNotFound, status, "empty")

	throttled := emulator.Fault{Region: east, Caller: emulator.Machines, Service: "secretsmanager", Answer: emulator.Throttled, Calls: 1}
	require.NoError(t, s.emulator.SetFaults(t.Context(), throttled))
	name, id, _ := strings.Cut(s.do(east, "launch", "first", image, s.userData("first", host, port, "unishop-site")), " ")
	lap("launch to signal")
	met, err := s.emulator.FaultsMet(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1}, met, "a fault can concern a machine's calls alone, and its CLI tries again")
	require.Regexp(t, `^i-`, id)
	s.published(name, id)
	status, body := s.get("http://" + name + "/unicorns")
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, "uuid")
	assert.Contains(t, s.world.Machines(east)[0].PublicDNSName, "amazonaws.com")

	s.replaces(image, host, port, name)

	s.do(east, "reboot", id)
	s.eventuallyPublished(name, id)
	lap("reboot to a published site")
	_, name, _ = strings.Cut(s.do(east, "restart", id), " ")
	s.eventuallyPublished(name, id)
	lap("stop and start to a published site")
	log, err := os.ReadFile(filepath.Join(s.world.Machines(east)[0].Dir, "machine.log"))
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(string(log), " boots\n"), "launched, rebooted, started")
	assert.Equal(t, 1, strings.Count(string(log), "user data: done"), "once in a machine's life")

	require.NoError(t, s.world.TakeDown(east))
	for _, address := range []string{"http://" + name + "/unicorns", siteURL("unishop-site", east) + "/"} {
		status, _ := s.get(address)
		assert.Zero(t, status, "a region with an outage answers nothing")
	}
	begin = time.Now()
	require.NoError(t, s.world.BringBack(t.Context(), east))
	require.Eventually(t, func() bool { status, _ := s.get("http://" + name + "/unicorns"); return status == http.StatusOK }, 60*time.Second, 50*time.Millisecond)
	lap("return to first purchase")
	m := s.world.machines.find(id)
	require.Eventually(t, func() bool { return m.manager().State("unishop-site.service") == systemd.Active }, 60*time.Second, 50*time.Millisecond)
	s.published(name, id)
	lap("return to a published site")
	s.fitsItsCache(m)

	s.do(east, "delete", "first")
	lap("termination")
	status, _ = s.get(siteURL("unishop-site", east) + "/")
	assert.Equal(t, http.StatusNotFound, status, "withdrawn")
	assert.Empty(t, s.world.Machines(east))
}

// fitsItsCache starts the shop as the bake script does to see that its AOT cache fits, here on a copy of the image: "on"
// refuses to start with one that does not, and the unit's "auto" would quietly be slow.
func (s *system) fitsItsCache(m *machine) {
	s.t.Helper()
	image := filepath.Join(m.root, "opt", "unishop")
	require.NoError(s.t, m.run(filepath.Join(m.dir, "cache.log"), nil, "env", "DB_HOST=127.0.0.1", "DB_PORT=1", "DB_AUTHORITIES=none",
		"DB_USER=none", "DB_PASSWORD=none", "AWS_REGION=us-east-1", "ALLOWED_ORIGIN=http://localhost", "java", "@"+image+"/unishop.jvm",
		"-XX:AOTCache="+image+"/unishop.aot", "-XX:AOTMode=on", "-Dspring.context.exit=onRefresh", "-jar", image+"/unishop.jar"))
}

// published checks that an instance has published the site.
func (s *system) published(name, id string) {
	s.t.Helper()
	status, body := s.get(siteURL("unishop-site", east) + "/")
	require.Equal(s.t, http.StatusOK, status, body)
	assert.Contains(s.t, body, "<html")
	_, body = s.get(siteURL("unishop-site", east) + "/config.json")
	var config struct{ Host, Region, Instance string }
	require.NoError(s.t, json.Unmarshal([]byte(body), &config), body)
	assert.Equal(s.t, name, config.Host)
	assert.Equal(s.t, id, config.Instance)
	assert.Equal(s.t, east, config.Region)
}

func (s *system) eventuallyPublished(name, id string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		status, body := s.get(siteURL("unishop-site", east) + "/config.json")
		up, _ := s.get("http://" + name + "/unicorns")
		return status == http.StatusOK && up == http.StatusOK && strings.Contains(body, name)
	}, 60*time.Second, 50*time.Millisecond)
	s.published(name, id)
}

func TestAMachineThatIsStoppedDoesNotStartWithItsRegion(t *testing.T) {
	w := newWorld(t)
	w.Attach(&emulator.Emulator{})
	event := emulator.Event{Instance: "i-1", Region: east}
	m, err := w.machines.add(event, t.TempDir())
	require.NoError(t, err)
	event.Name = emulator.InstanceStopped
	require.NoError(t, w.Handle(t.Context(), &event))
	require.NoError(t, w.TakeDown(east))
	require.NoError(t, w.BringBack(t.Context(), east))
	assert.True(t, m.off)
	event.Name = emulator.InstanceStarted
	require.NoError(t, w.Handle(t.Context(), &event))
	assert.False(t, w.machines.find("i-1").off)
	event.Instance = "i-2"
	require.ErrorContains(t, w.Handle(t.Context(), &event), "machine i-2 is not known")
}

// replaces has a second machine publish the site, and the first one publish it again when the second is terminated.
func (s *system) replaces(image, host, port, first string) {
	s.t.Helper()
	name, id, _ := strings.Cut(s.do(east, "launch", "second", image, s.userData("second", host, port, "unishop-site")), " ")
	s.published(name, id)
	s.do(east, "delete", "second")
	_, body := s.get(siteURL("unishop-site", east) + "/config.json")
	assert.Contains(s.t, body, first, "the site is published again by the machine that still serves")
	status, _ := s.get("http://" + name + "/unicorns")
	assert.Zero(s.t, status, "a name that no longer resolves")
}
