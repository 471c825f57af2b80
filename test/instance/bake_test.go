package instance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// java stands in for Corretto: it spreads a jar out, writes a cache, and starts with the one that it wrote.
const java = `case "$*" in
-version) echo "openjdk version \"${JAVA_VERSION:-25.0.2}\"" >&2 ;;
"-Djarmode=tools "*) mkdir -p "$UNISHOP_ROOT/opt/unishop/lib" && cp "$3" "$UNISHOP_ROOT/opt/unishop/unishop.jar" ;;
*-XX:AOTCacheOutput=*) [ -z "$DIES" ] || exit "$DIES"; out="$*"; out=${out#*-XX:AOTCacheOutput=}; printf "${CACHE-cache}" >"${out%% *}" ;;
*-XX:AOTMode=on*) exit "${UNUSABLE:-0}" ;;
esac`

// newBuild is a build instance with the unpacked bundle, and what bake.sh calls.
func newBuild(t *testing.T) (m *machine, bake string) {
	t.Helper()
	m = newMachine(t, map[string]string{
		"dnf": "", "useradd": "", "chgrp": "", "chown": "", "systemctl": "", "systemd-analyze": "", "aws": "",
		"java":    java,
		"runuser": `shift 3; exec "$@"`, // -u unishop --
		// In place of the truststore: what it sends is what this machine's Go makes.
		"curl": `while [ "$1" != -o ]; do shift; done; printf %s "$CERTIFICATES" >"$2"`,
	})
	m.environ = append(m.environ, "CERTIFICATES="+certificates(t)+certificates(t))
	require.NoError(t, os.RemoveAll(m.root+"/opt"))
	require.NoError(t, os.MkdirAll(m.root, 0o755))
	bundle := t.TempDir()
	require.NoError(t, os.CopyFS(bundle, os.DirFS(instances)))
	require.NoError(t, os.CopyFS(filepath.Join(bundle, "page"), os.DirFS(root+"/unishop/page")))
	require.NoError(t, os.WriteFile(filepath.Join(bundle, "unishop.jar"), []byte("jar"), 0o644))
	return m, filepath.Join(bundle, "bake.sh")
}

// certificates is one, in PEM.
func certificates(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "subject"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
}

func TestBakingPutsEverythingThatTheUnitsNameInItsPlace(t *testing.T) {
	m, bake := newBuild(t)
	out, err := m.run(t, bake)
	require.NoError(t, err, out)

	for _, unit := range units {
		text := read(t, filepath.Join(m.root, "etc/systemd/system", unit))
		for _, file := range regexp.MustCompile(`/opt/unishop/[\w.-]+`).FindAllString(text, -1) {
			assert.FileExists(t, m.root+file, unit)
		}
		for _, run := range regexp.MustCompile(`Exec\w+=(/opt/unishop/[\w.-]+)`).FindAllStringSubmatch(text, -1) {
			info, err := os.Stat(m.root + run[1])
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o755), info.Mode(), run[1])
		}
		assert.Contains(t, strings.Join(m.called(t, "useradd"), "\n"), regexp.MustCompile(`(?m)^User=(.+)$`).FindStringSubmatch(text)[1])
	}
	for _, addition := range []string{"amazon-cloudwatch-agent.service.d", "logrotate.timer.d"} {
		assert.FileExists(t, filepath.Join(m.root, "etc/systemd/system", addition, "unishop.conf"))
	}
	assert.FileExists(t, m.root+"/etc/logrotate.d/unishop")
	assert.Equal(t, 2, strings.Count(read(t, m.root+"/opt/unishop/rds.pem"), "BEGIN CERTIFICATE"))
	assert.Len(t, m.called(t, "curl "), 1)
	assert.Contains(t, m.called(t, "curl ")[0], " https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem")
	assert.Equal(t, "cache", read(t, m.root+"/opt/unishop/unishop.aot"))
	assert.Equal(t, []string{"systemctl enable unishop unishop-site amazon-cloudwatch-agent logrotate.timer"}, m.called(t, "systemctl enable"))
	assert.NoFileExists(t, m.root+"/etc/unishop/unishop.env", "user data writes it")
}

// A cache that was trained with other flags, or for another jar, is not used, and no one would notice.
func TestTheCacheIsTrainedWithTheUnitsOwnCommand(t *testing.T) {
	m, bake := newBuild(t)
	out, err := m.run(t, bake)
	require.NoError(t, err, out)
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/java (@\S+) -XX:AOTCache=(\S+) (-jar \S+)$`).
		FindStringSubmatch(read(t, filepath.Join(instances, "unishop.service")))
	require.NotNil(t, start)
	flags, cache, jar := "java @"+m.root+start[1][1:], m.root+start[2], "-jar "+m.root+strings.TrimPrefix(start[3], "-jar ")

	assert.Len(t, m.called(t, flags+" -XX:AOTCacheOutput="), 1)
	assert.Equal(t, []string{flags + " -XX:AOTCache=" + cache + " -XX:AOTMode=on -Dspring.context.exit=onRefresh " + jar}, m.called(t, flags+" -XX:AOTCache="))
	for _, run := range m.called(t, flags) {
		assert.True(t, strings.HasSuffix(run, jar), run)
	}
	runs := m.called(t, "runuser -u unishop -- ")
	assert.Len(t, runs, 2)
	for _, run := range runs {
		assert.Contains(t, run, " AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ACCESS_KEY_ID=", "the training asks nothing beyond this machine, and has no credentials")
	}
}

func TestAnImageThatIsNotAsItMustBeFails(t *testing.T) {
	whole := certificates(t)
	cases := map[string]struct {
		environ string
		program string // that fails
		says    string
	}{
		"another Java":                 {environ: "JAVA_VERSION=21.0.9", says: `Java 25 is expected: openjdk version "21.0.9"`},
		"a shop that dies in training": {environ: "DIES=7", says: "bake: the shop ended with status 7 in its training"},
		"an empty cache":               {environ: "CACHE=", says: "the AOT cache is empty"},
		"a cache that cannot be used":  {environ: "UNUSABLE=1", says: "does not start with its AOT cache"},
		"a unit with mistakes":         {program: "systemd-analyze", says: "a unit has mistakes"},
		"a package that does not come": {program: "dnf"},
		"no certificates":              {program: "curl", says: "the certificates of RDS do not come"},
		"an empty file of them":        {environ: "CERTIFICATES=", says: "a certificate of RDS cannot be read: 0 can"},
		"a page that is none of them":  {environ: "CERTIFICATES=<html>", says: "a certificate of RDS cannot be read: 0 can"},
		"one that is cut short":        {environ: "CERTIFICATES=" + whole + whole[:len(whole)/2], says: "a certificate of RDS cannot be read: 0 can"},
		"one that is spoilt":           {environ: "CERTIFICATES=" + whole + strings.Replace(whole, "M", "N", 5), says: "a certificate of RDS cannot be read"},
		"no AWS CLI":                   {program: "aws", says: "the AWS CLI is missing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m, bake := newBuild(t)
			m.environ = append(m.environ, c.environ)
			if c.program != "" {
				m.program(t, c.program, "exit 1")
			}
			out, err := m.run(t, bake)
			require.Error(t, err, out)
			assert.Contains(t, out, c.says)
			assert.NotContains(t, out, "bake: done")
		})
	}
}
