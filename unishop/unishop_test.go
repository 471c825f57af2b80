package unishop

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// files is a copy of the embedded sources that can be changed.
func files(t *testing.T) fstest.MapFS {
	t.Helper()
	copied := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(sources, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(sources, name)
		copied[name] = &fstest.MapFile{Data: content}
		return err
	}))
	return copied
}

func versionOf(t *testing.T, sources fs.FS) string {
	t.Helper()
	v, err := VersionOf(sources)
	require.NoError(t, err)
	return v
}

func TestTheVersionIsThatOfTheFilesAndOfNothingElse(t *testing.T) {
	assert.Equal(t, versionOf(t, files(t)), Version())
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{64}$`), Version())
}

func TestAByteOfAnySourceChangesTheVersion(t *testing.T) {
	for name := range files(t) {
		if name == "instance/user-data.sh" {
			continue
		}
		changed := files(t)
		require.NotEmpty(t, changed[name].Data, name)
		changed[name].Data[0] ^= 1
		assert.NotEqual(t, Version(), versionOf(t, changed), name)
	}
}

func TestARenamedAddedOrMissingSourceChangesTheVersion(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(files(t))) {
		if name == "instance/user-data.sh" {
			continue
		}
		missing, renamed := files(t), files(t)
		delete(missing, name)
		assert.NotEqual(t, Version(), versionOf(t, missing), name)
		renamed[path.Join(path.Dir(name), "renamed-"+path.Base(name))] = renamed[name]
		delete(renamed, name)
		assert.NotEqual(t, Version(), versionOf(t, renamed), name)
	}
	added := files(t)
	added["page/empty.css"] = &fstest.MapFile{}
	assert.NotEqual(t, Version(), versionOf(t, added))
}

// What editors, file managers and merges leave behind, in the repository or beside it.
func TestAStrayFileIsNoRelease(t *testing.T) {
	for _, stray := range []string{
		"page/.DS_Store", "page/.index.html.swp", "page/._index.html", "page/index.html~", "page/#index.html#", "page/.#index.html",
		"page/index.html.orig", "page/Thumbs.db", "page/.idea/workspace.xml", "page/.thumbnails/a.svg", "page/notes.txt",
		"src/main/java/unishop/Settings.java~", "src/main/java/unishop/.Settings.java", "src/main/java/unishop/Settings.java.rej",
		"src/main/resources/application.properties.bak", "src/assembly/bundle.xml~", "src/test/java/unishop/Test.java",
		"instance/bake.sh.save", "instance/.bake.sh.swp", "pom.xml.versionsBackup", "target/page/index.html", "README.md",
	} {
		with := files(t)
		with[stray] = &fstest.MapFile{Data: []byte("stray")}
		assert.Equal(t, Version(), versionOf(t, with), stray)
	}
	linked := files(t)
	linked["page/linked.html"] = &fstest.MapFile{Data: []byte("index.html"), Mode: fs.ModeSymlink}
	assert.Equal(t, Version(), versionOf(t, linked), "a symbolic link, as editors lock files")
}

// A file of another kind would be missing on the instance or on the site, without a word. Names with a dot in front are
// no part of the shop, and everybody's own business.
func TestEverySourceIsOfAKindThatCounts(t *testing.T) {
	all := os.DirFS(".")
	counted, err := Files(all)
	require.NoError(t, err)
	for _, folder := range []string{"pom.xml", "src/main", "src/assembly", "page", "instance"} {
		require.NoError(t, fs.WalkDir(all, folder, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") && name != userDataFile {
				assert.Contains(t, counted, name, "it is not packed: add its kind to sources.go, or remove it")
			}
			return err
		}))
	}
}

// The program has the sources in it; the bundle is built from those on the disk.
func TestTheProgramAndTheDiskHaveTheSameVersion(t *testing.T) {
	assert.Equal(t, Version(), versionOf(t, os.DirFS(".")))
}

func TestTwoFilesAreNotTakenForOneThatHoldsTheOther(t *testing.T) {
	two := fstest.MapFS{"page/a.css": {Data: []byte("x")}, "page/b.css": {Data: []byte("y")}}
	one := fstest.MapFS{"page/a.css": {Data: []byte("xpage/b.cssy")}}
	assert.NotEqual(t, versionOf(t, one), versionOf(t, two))
}

// User data is no part of the image: a change of it launches another instance from the same one.
func TestUserDataDoesNotChangeTheVersion(t *testing.T) {
	changed := files(t)
	require.Contains(t, changed, "instance/user-data.sh")
	changed["instance/user-data.sh"].Data = nil
	assert.Equal(t, Version(), versionOf(t, changed))
}

func TestNeitherTestsNorWhatIsBuiltDecideTheVersion(t *testing.T) {
	names, err := Files(os.DirFS("."))
	require.NoError(t, err)
	for _, name := range names {
		assert.Regexp(t, `^(pom\.xml$|src/main/|src/assembly/|page/|instance/)`, name)
	}
	for _, kind := range []string{`^pom\.xml$`, `^src/main/java/.*\.java$`, `^page/index\.html$`, `^instance/bake\.sh$`} {
		assert.True(t, slices.ContainsFunc(names, regexp.MustCompile(kind).MatchString), kind)
	}
}
