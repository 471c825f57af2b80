package world

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/systemd"
)

const siteUnit = "unishop-site.service"

// newPublisher is a machine with nothing of the shop but what publishes its site, and a shop that answers.
func newPublisher(t *testing.T, s *system) *machine {
	t.Helper()
	s.do(west, "site", "unishop-site")
	m := addMachine(t, s, "i-1", "5")
	require.NoError(t, m.installStandIns("machine", m.bin()))
	image := filepath.Join(m.root, "opt", "unishop")
	require.NoError(t, os.CopyFS(image, os.DirFS(filepath.Join(root(t), "unishop", "instance"))))
	require.NoError(t, os.CopyFS(filepath.Join(image, "page"), os.DirFS(filepath.Join(root(t), "unishop", "page"))))
	for _, script := range []string{"publish.sh", "withdraw.sh", "metadata.sh"} {
		require.NoError(t, os.Chmod(filepath.Join(image, script), 0o755))
	}
	for _, folder := range []string{"etc/systemd/system", "etc/unishop", "var/log/unishop"} {
		require.NoError(t, os.MkdirAll(filepath.Join(m.root, folder), 0o755))
	}
	require.NoError(t, os.Rename(filepath.Join(image, siteUnit), filepath.Join(m.root, "etc/systemd/system", siteUnit)))
	environ := "SITE_BUCKET=unishop-site\nAWS_REGION=" + west + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(m.root, "etc/unishop/unishop.env"), []byte(environ), 0o600))

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", m.port))
	require.NoError(t, err)
	shop := http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go shop.Serve(listener) //nolint:errcheck // it is closed
	t.Cleanup(func() { _ = shop.Close() })
	return m
}

func TestEveryFileOfThePageIsServedWithItsContentType(t *testing.T) {
	s := newSystem(t)
	m := newPublisher(t, s)
	require.NoError(t, m.manager().Start(siteUnit))
	types := map[string]string{
		".html": "^text/html$", ".css": "^text/css$", ".js": "^(text|application)/javascript$", ".json": "^application/json$", ".svg": `^image/svg\+xml$`,
	}
	page := filepath.Join(root(t), "unishop", "page")
	files := []string{"config.json"}
	require.NoError(t, filepath.WalkDir(page, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, err = filepath.Rel(page, name)
			files = append(files, name)
		}
		return err
	}))
	for _, file := range files {
		response := s.request(http.MethodHead, siteURL("unishop-site", west)+"/"+file, "")
		require.Contains(t, types, filepath.Ext(file), "add its type here, and see publish.sh")
		assert.Regexp(t, types[filepath.Ext(file)], response.Header.Get("Content-Type"), file)
		assert.Equal(t, "no-cache", response.Header.Get("Cache-Control"), file)
	}
}

func TestAMachineThatIsStoppedWhileItPublishesLeavesItsSiteWithdrawn(t *testing.T) {
	s := newSystem(t)
	m := newPublisher(t, s)
	aws := filepath.Join(m.bin(), "aws")
	require.NoError(t, os.Rename(aws, aws+"-cli"))
	// It hangs when everything is in the bucket.
	hanging := "#!/bin/sh\naws-cli \"$@\"\ncase $3 in */entry) sleep 60 ;; esac\n"
	require.NoError(t, os.WriteFile(aws, []byte(hanging), 0o755))
	status := func(file string) int {
		status, _ := s.get(siteURL("unishop-site", west) + "/" + file)
		return status
	}

	require.NoError(t, m.manager().Restart(false, siteUnit))
	published := func() bool { return status("") == http.StatusOK && status("config.json") == http.StatusOK }
	require.Eventually(t, published, time.Minute, 50*time.Millisecond)
	require.Equal(t, systemd.Activating, m.manager().State(siteUnit))
	m.shutDown()
	assert.Equal(t, http.StatusNotFound, status(""))
	assert.Equal(t, http.StatusNotFound, status("config.json"))
}
