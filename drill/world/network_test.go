package world

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/emulator"
)

// onMachine runs a script on a machine with an empty disk but for the stand-ins, and returns what it prints.
func onMachine(t *testing.T, m *machine, script string) string {
	t.Helper()
	require.NoError(t, m.installStandIns("machine", m.bin()))
	log := filepath.Join(t.TempDir(), "script.log")
	err := m.run(log, nil, "bash", "-euc", script)
	out, _ := os.ReadFile(log)
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}

func addMachine(t *testing.T, s *system, id, address string) *machine {
	t.Helper()
	m, err := s.world.machines.add(emulator.Event{Region: west, Instance: id, ImageID: "ami-1", PrivateIP: "10.1.0." + address,
		PublicDNSName: "ec2-" + address + ".us-west-1.compute.amazonaws.com"}, filepath.Join(s.world.machines.dir, id))
	require.NoError(t, err)
	return m
}

func TestAMachineSeesItsOwnMetadataAndOnlyWithAToken(t *testing.T) {
	s := newSystem(t)
	one, two := addMachine(t, s, "i-1", "5"), addMachine(t, s, "i-2", "6")
	const ask = `base=http://169.254.169.254/latest
token=$(curl -sSf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $base/api/token)
`
	const facts = `for fact in instance-id public-hostname local-ipv4 placement/region; do curl -sSf -H "X-aws-ec2-metadata-token: $token" $base/meta-data/$fact; echo; done`
	assert.Equal(t, "i-1\nec2-5.us-west-1.compute.amazonaws.com\n10.1.0.5\nus-west-1", onMachine(t, one, ask+facts))
	token := onMachine(t, one, ask+`echo $token`)
	const status = `curl -s -o /dev/null -w '%{http_code}' `
	assert.Equal(t, "401", onMachine(t, one, status+"http://169.254.169.254/latest/meta-data/instance-id"))
	assert.Equal(t, "401", onMachine(t, two, status+"-H 'X-aws-ec2-metadata-token: "+token+"' http://169.254.169.254/latest/meta-data/instance-id"), "another machine's token")
	assert.Equal(t, "400", onMachine(t, one, status+"-X PUT http://169.254.169.254/latest/api/token"))
	assert.Equal(t, "404", onMachine(t, one, ask+status+`-H "X-aws-ec2-metadata-token: $token" $base/meta-data/public-ipv4`), "a fact that it does not have")

	out, err := exec.Command("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--proxy", "http://unknown@"+s.world.networkServer.address, "http://169.254.169.254/latest/meta-data/").CombinedOutput()
	require.NoError(t, err)
	assert.Equal(t, "407", string(out), "not for whoever is no machine")
}

// In a VPC an instance's public name resolves to its private address; withdraw.sh knows by it whose name it is.
func TestAPublicNameResolvesToAPrivateAddressInItsOwnRegion(t *testing.T) {
	s := newSystem(t)
	one, two := addMachine(t, s, "i-1", "5"), addMachine(t, s, "i-2", "6")
	require.NoError(t, os.WriteFile(filepath.Join(two.root, "hello"), []byte("hi"), 0o644))
	serving, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	command := exec.Command(filepath.Join(root(t), ".cache", "emulator-venv", "bin", "python"), "-m", "http.server", "--bind", "127.0.0.1", "-d", two.root, portOf(two))
	command.Stderr = serving
	process, err := s.world.reaper.Start(command)
	require.NoError(t, err)
	defer process.Kill() //nolint:errcheck // it may have ended

	script := `until curl -sf -o /dev/null http://127.0.0.1:` + portOf(two) + `/hello; do sleep 0.05; done
curl -sf -o /dev/null -w '%{remote_ip}' http://ec2-6.us-west-1.compute.amazonaws.com/hello`
	assert.Equal(t, "10.1.0.6", onMachine(t, one, script))
}

func portOf(m *machine) string { return strings.TrimPrefix(m.overrides()[1], "PORT=") }

func TestAMachinesProgramsSeeTheEmulatorAndTheirRegion(t *testing.T) {
	s := newSystem(t)
	m := addMachine(t, s, "i-1", "5")
	assert.Contains(t, onMachine(t, m, `aws configure list`), "iam-role", "credentials come from the metadata service")
	assert.Contains(t, onMachine(t, m, `aws s3 mb s3://made-on-a-machine`), "made-on-a-machine")
	s.do(west, "put", "made-on-a-machine", "key", "value", "text/plain")
	assert.Equal(t, "value", onMachine(t, m, `AWS_REGION=us-west-1 aws s3 cp s3://made-on-a-machine/key -`))
	assert.Equal(t, "inactive", onMachine(t, m, `systemctl is-active nothing || [ $? = 3 ]`))
	assert.Contains(t, onMachine(t, m, `java -version 2>&1`), `version "25`)
	assert.Equal(t, m.root+" "+portOf(m), onMachine(t, m, `echo "$UNISHOP_ROOT $PORT"`))
}

func TestAnImageThatWasNotBakedIsNotBooted(t *testing.T) {
	w := newWorld(t)
	err := w.Handle(t.Context(), &emulator.Event{Name: emulator.InstanceLaunched, Region: west, Instance: "i-1", ImageID: "ami-unknown"})
	require.ErrorContains(t, err, "image ami-unknown was not baked here")
}

func TestABundleThatCannotBeBakedFailsTheImage(t *testing.T) {
	s := newSystem(t)
	broken := filepath.Join(t.TempDir(), "broken.tar.gz")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(broken), "bake.sh"), []byte("echo 'bake: no shop' >&2; exit 1\n"), 0o600))
	out, err := exec.Command("tar", "-czf", broken, "-C", filepath.Dir(broken), "bake.sh").CombinedOutput()
	require.NoError(t, err, string(out))
	said, err := s.try(east, "release", broken, "1")
	require.Error(t, err)
	assert.Contains(t, said, "bake.sh ended with status 1: bake: no shop")
}
