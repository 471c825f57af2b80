package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/unishop"
)

const repository = "../.."

// TestMain is also the command itself, which these tests run.
func TestMain(m *testing.M) {
	if os.Getenv("BUNDLE_TEST") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// clone is a folder with what the command needs of the repository, and stand-ins for the JDK and Maven.
type clone struct {
	t    *testing.T
	root string
	bin  string
}

func newClone(t *testing.T) *clone {
	t.Helper()
	c := &clone{t: t, root: t.TempDir(), bin: t.TempDir()}
	for _, file := range []string{"go.mod", "test/prerequisites.sh"} {
		text, err := os.ReadFile(filepath.Join(repository, file))
		require.NoError(t, err)
		c.write(file, string(text))
	}
	require.NoError(t, copySources(filepath.Join(repository, "unishop"), filepath.Join(c.root, "unishop")))
	c.tool("javac", "echo javac 17.0.1")
	c.maven("")
	return c
}

func (c *clone) write(file, text string) {
	c.t.Helper()
	file = filepath.Join(c.root, file)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(c.t, os.WriteFile(file, []byte(text), 0o644))
}

func (c *clone) tool(name, script string) {
	c.t.Helper()
	require.NoError(c.t, os.WriteFile(filepath.Join(c.bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// maven packs the page that it finds beside the pom. It notes each build, and does something before it packs.
func (c *clone) maven(before string) {
	c.t.Helper()
	c.tool("mvn", fmt.Sprintf(`
[ "$1" = --version ] && { echo "Apache Maven 3.8.7"; exit; }
echo build >>%[1]s/builds
while [ "$1" != -f ]; do shift; done
work=$(dirname "$2") && cd "$work" && mkdir target && cat page/index.html >target/unishop.tar.gz || exit
%[2]s
echo end >>"$work/target/unishop.tar.gz"`, c.bin, before))
}

func (c *clone) version() string {
	c.t.Helper()
	version, err := unishop.VersionOf(os.DirFS(filepath.Join(c.root, "unishop")))
	require.NoError(c.t, err)
	return version
}

func (c *clone) command(folder string, arguments ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	c.t.Helper()
	self, err := os.Executable()
	require.NoError(c.t, err)
	command := exec.Command(self, arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), "BUNDLE_TEST=1", "JAVA_HOME=", "PATH="+c.bin+":"+os.Getenv("PATH"))
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	return command, &out, &said
}

// run runs the command as the CDK CLI does, and returns standard output, standard error and whether it worked.
func (c *clone) run(folder string, arguments ...string) (string, string, bool) {
	command, out, said := c.command(folder, arguments...)
	err := command.Run()
	return out.String(), said.String(), err == nil
}

func (c *clone) builds() int {
	text, _ := os.ReadFile(filepath.Join(c.bin, "builds")) // there may have been none
	return strings.Count(string(text), "build")
}

// left is what is in target.
func (c *clone) left() (names []string) {
	entries, _ := os.ReadDir(filepath.Join(c.root, "unishop", "target")) // there may be none
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestTheBundleIsBuiltOnceAndItsPathIsAllThatIsPrinted(t *testing.T) {
	c := newClone(t)
	c.maven("echo words of Maven")
	want := filepath.Join(c.root, "unishop", "target", "unishop-"+c.version()+".tar.gz")
	out, said, ok := c.run(c.root, c.version())
	require.True(t, ok, said)
	assert.Equal(t, want+"\n", out)
	assert.Contains(t, said, "words of Maven")
	log, err := os.ReadFile(filepath.Join(c.root, "unishop", "target", "bundle.log"))
	require.NoError(t, err)
	assert.Contains(t, string(log), "words of Maven")
	content, err := os.ReadFile(want)
	require.NoError(t, err)
	assert.True(t, bytes.HasSuffix(content, []byte("</html>\nend\n")), "%s", content)

	c.tool("mvn", "exit 1")
	c.tool("javac", "exit 1")
	out, said, ok = c.run(c.root, c.version())
	require.True(t, ok, said)
	assert.Equal(t, want+"\n", out, "what is there needs neither a JDK nor Maven")
	assert.Equal(t, 1, c.builds())
	assert.Equal(t, []string{"bundle.lock", "bundle.log", filepath.Base(want)}, c.left())
}

func TestTheRootIsFoundFromAnyFolderOfTheRepository(t *testing.T) {
	c := newClone(t)
	out, said, ok := c.run(c.root, c.version())
	require.True(t, ok, said)
	below := filepath.Join(c.root, "unishop", "page", "pictures")
	again, said, ok := c.run(below, c.version())
	require.True(t, ok, said)
	assert.Equal(t, out, again)

	_, said, ok = c.run(t.TempDir(), c.version())
	assert.False(t, ok)
	assert.Contains(t, said, "not in the repository")
}

func TestAnotherVersionThanTheSourcesHaveIsRefused(t *testing.T) {
	c := newClone(t)
	synthesized := c.version()
	_, said, ok := c.run(c.root, synthesized)
	require.True(t, ok, said)
	c.write("unishop/page/index.html", "another page")
	out, said, ok := c.run(c.root, synthesized)
	assert.False(t, ok)
	assert.Empty(t, out)
	assert.Contains(t, said, "has version "+c.version()[:12]+" now, and "+synthesized[:12]+" was synthesized")
	assert.Equal(t, 1, c.builds())

	out, said, ok = c.run(c.root) // as they are
	require.True(t, ok, said)
	content, err := os.ReadFile(strings.TrimSpace(out))
	require.NoError(t, err)
	assert.Equal(t, "another pageend\n", string(content))
	assert.Contains(t, c.left(), "unishop-"+synthesized+".tar.gz", "it may be on its way to S3")
}

func TestWhatIsChangedWhileMavenBuildsDoesNotGetIn(t *testing.T) {
	c := newClone(t)
	page := filepath.Join(c.root, "unishop", "page")
	c.maven(fmt.Sprintf("echo changed >%s/index.html; echo stray >%s/new.html; ls page >>target/unishop.tar.gz", page, page))
	version := c.version()
	out, said, ok := c.run(c.root, version)
	require.True(t, ok, said)
	assert.Contains(t, out, version)
	content, err := os.ReadFile(strings.TrimSpace(out))
	require.NoError(t, err)
	assert.NotContains(t, string(content), "changed")
	assert.NotContains(t, string(content), "new.html")
}

func TestAStrayFileIsNotPacked(t *testing.T) {
	c := newClone(t)
	c.maven("find . -type f >>target/unishop.tar.gz")
	version := c.version()
	for _, stray := range []string{"unishop/page/.DS_Store", "unishop/page/.index.html.swp", "unishop/src/main/java/unishop/Settings.java~", "unishop/target/page/old.html"} {
		c.write(stray, "stray")
	}
	out, said, ok := c.run(c.root, version)
	require.True(t, ok, said)
	content, err := os.ReadFile(strings.TrimSpace(out))
	require.NoError(t, err)
	assert.Contains(t, string(content), "./page/unishop.js")
	for _, stray := range []string{".DS_Store", ".swp", "java~", "old.html", "user-data.sh", "/test/"} {
		assert.NotContains(t, string(content), stray)
	}
}

func TestTwoAtOnceBuildOnce(t *testing.T) {
	c := newClone(t)
	c.maven("sleep 1")
	var group sync.WaitGroup
	paths := make([]string, 3)
	for i := range paths {
		group.Go(func() {
			out, said, ok := c.run(c.root, c.version())
			assert.True(t, ok, said)
			paths[i] = out
			content, err := os.ReadFile(strings.TrimSpace(out))
			assert.NoError(t, err)
			assert.True(t, bytes.HasSuffix(content, []byte("end\n")), "half a bundle")
		})
	}
	group.Wait()
	assert.Equal(t, 1, c.builds())
	assert.Equal(t, paths[0], paths[1])
	assert.Equal(t, paths[0], paths[2])
}

func TestAnInterruptedBuildLeavesNoBundle(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		c := newClone(t)
		c.maven("sleep 2") // as long as that Maven outlives the command
		command, _, _ := c.command(c.root, c.version())
		command.Stdout, command.Stderr = nil, nil // no process to wait for when it is killed
		require.NoError(t, command.Start())
		require.Eventually(t, func() bool { return c.builds() == 1 }, 10*time.Second, 10*time.Millisecond)
		require.NoError(t, command.Process.Signal(signal))
		require.Error(t, command.Wait())
		for _, name := range c.left() {
			assert.NotContains(t, name, ".tar.gz")
		}

		c.maven("sleep 3") // while that Maven still writes
		out, said, ok := c.run(c.root, c.version())
		require.True(t, ok, said)
		content, err := os.ReadFile(strings.TrimSpace(out))
		require.NoError(t, err)
		assert.Equal(t, 1, strings.Count(string(content), "end\n"), "the Maven of the one that was killed has written to it")
	}
}

func TestAFailedBuildLeavesMavensWords(t *testing.T) {
	c := newClone(t)
	c.maven("echo no such artifact; exit 1")
	out, said, ok := c.run(c.root, c.version())
	assert.False(t, ok)
	assert.Empty(t, out)
	assert.Contains(t, said, "no such artifact")
	assert.Contains(t, said, filepath.Join(c.root, "unishop", "target", "bundle.log"))
	assert.Equal(t, []string{"bundle.lock", "bundle.log"}, c.left())
}

func TestWhatIsMissingIsNamedWithWhatToDo(t *testing.T) {
	for _, row := range []struct{ tool, script string }{
		{"javac", "exit 127"}, {"javac", "echo javac 11.0.2"}, {"mvn", "exit 127"}, {"mvn", "echo Apache Maven 3.5.0"},
	} {
		c := newClone(t)
		c.tool(row.tool, row.script)
		out, said, ok := c.run(c.root, c.version())
		assert.False(t, ok, "%+v", row)
		assert.Empty(t, out)
		for _, words := range []string{row.tool + ": ", "or newer is needed", "install", "-c artifact=s3://bucket/unishop-<version>.tar.gz"} {
			assert.Contains(t, said, words, "%+v", row)
		}
		assert.Zero(t, c.builds())
	}
}
