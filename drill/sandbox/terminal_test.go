package sandbox

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	prompt = "sandbox$ "
	// patience is how long a sandbox that has ended may take to be gone.
	patience = 20 * time.Second
)

// terminal is one in which a sandbox runs, and who sits at it.
type terminal struct {
	t       *testing.T
	command *exec.Cmd
	master  *os.File
	within  time.Duration // a command ends
	closed  chan struct{} // nothing runs in it any more

	lock  sync.Mutex
	shown bytes.Buffer

	folder string   // of the sandbox, all of it
	ports  []string // that it listens on
}

// open runs a command in a new terminal, and waits until the sandbox asks for a command.
func open(t *testing.T, command *exec.Cmd, within time.Duration) *terminal {
	t.Helper()
	adoptOrphans(t)
	// Wide: no line is broken.
	master, err := pty.StartWithSize(command, &pty.Winsize{Rows: 50, Cols: 250})
	require.NoError(t, err)
	s := &terminal{t: t, command: command, master: closable(t, master), within: within, closed: make(chan struct{})}
	go func() {
		defer close(s.closed)
		chunk := make([]byte, 4096)
		for {
			n, err := s.master.Read(chunk)
			s.lock.Lock()
			s.shown.Write(chunk[:n])
			s.lock.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = s.master.Close() // it may be closed
		_ = command.Process.Kill()
		_ = command.Wait() // it may have been waited for
		if t.Failed() {
			t.Logf("the terminal showed:\n%s", s.since(0))
		}
	})
	s.awaitPrompt(0)
	home := s.types(`echo "[$HOME]"`)
	s.folder = filepath.Dir(filepath.Dir(between(t, home, "[", "]")))
	require.DirExists(t, s.folder)
	for _, address := range []string{"$AWS_ENDPOINT_URL", "$http_proxy"} {
		parsed, err := url.Parse(between(t, s.types(`echo "[`+address+`]"`), "[", "]"))
		require.NoError(t, err)
		s.ports = append(s.ports, parsed.Host)
	}
	return s
}

// closable is the same file, whose Close does not wait for a Read.
func closable(t *testing.T, file *os.File) *os.File {
	t.Helper()
	descriptor, err := syscall.Dup(int(file.Fd()))
	require.NoError(t, err)
	require.NoError(t, syscall.SetNonblock(descriptor, true))
	require.NoError(t, file.Close())
	return os.NewFile(uintptr(descriptor), file.Name())
}

func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, text, _ = strings.Cut(text, "\n") // what was typed
	_, text, begins := strings.Cut(text, begin)
	text, _, ends := strings.Cut(text, end)
	require.True(t, begins && ends, "%q has nothing between %s and %s", text, begin, end)
	return text
}

// escapes are what a terminal would not show as text.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]|\r|\x07`)

func (s *terminal) since(from int) string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return escapes.ReplaceAllString(string(s.shown.Bytes()[from:]), "")
}

func (s *terminal) shownSoFar() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.shown.Len()
}

func (s *terminal) awaitPrompt(from int) {
	s.t.Helper()
	for ends := time.Now().Add(s.within); !strings.HasSuffix(s.since(from), prompt); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.closed:
			require.Fail(s.t, "the sandbox has ended")
		default:
		}
		require.True(s.t, time.Now().Before(ends), "no prompt within %s", s.within)
	}
}

// types types a line and returns it and what was shown until the next prompt.
func (s *terminal) types(line string) string {
	s.t.Helper()
	from := s.shownSoFar()
	_, err := s.master.WriteString(line + "\n")
	require.NoError(s.t, err)
	s.awaitPrompt(from)
	return strings.TrimSuffix(s.since(from), prompt)
}

// works types a line, which must succeed and show all of the words.
func (s *terminal) works(line string, words ...string) string {
	s.t.Helper()
	return s.ends(line, "0", words)
}

// fails types a line, which must fail and show all of the words.
func (s *terminal) fails(line, status string, words ...string) {
	s.t.Helper()
	s.ends(line, status, words)
}

func (s *terminal) ends(line, status string, words []string) string {
	s.t.Helper()
	shown := s.types(line + `; echo "[$?]"`)
	assert.True(s.t, strings.HasSuffix(shown, "["+status+"]\n"), "the status of %s is not %s:\n%s", line, status, shown)
	for _, word := range words {
		assert.Contains(s.t, shown, word, line)
	}
	return shown
}

// leaves waits until the sandbox has ended, and checks that no process, folder or port of it is left.
func (s *terminal) leaves() {
	s.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- s.command.Wait() }()
	select {
	case <-ended:
	case <-time.After(patience):
		require.Fail(s.t, "the sandbox has not ended")
	}
	assert.Eventually(s.t, func() bool { _, err := os.Stat(s.folder); return os.IsNotExist(err) }, patience, 20*time.Millisecond, s.folder)
	checkProcesses(s.t, s.folder)
	for _, port := range s.ports {
		connection, err := net.Dial("tcp", port)
		if !assert.Error(s.t, err, "%s is still listened on", port) {
			_ = connection.Close()
		}
	}
}
