package unishop

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
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
	v, err := version(sources)
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
		renamed[name+"x"] = renamed[name]
		delete(renamed, name)
		assert.NotEqual(t, Version(), versionOf(t, renamed), name)
	}
	added := files(t)
	added["page/empty"] = &fstest.MapFile{}
	assert.NotEqual(t, Version(), versionOf(t, added))
}

func TestTwoFilesAreNotTakenForOneThatHoldsTheOther(t *testing.T) {
	two := fstest.MapFS{"page/a": {Data: []byte("x")}, "page/b": {Data: []byte("y")}}
	one := fstest.MapFS{"page/a": {Data: []byte("xpage/by")}}
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
	names := slices.Sorted(maps.Keys(files(t)))
	for _, name := range names {
		assert.Regexp(t, `^(pom\.xml$|src/main/|src/assembly/|page/|instance/)`, name)
	}
	for _, kind := range []string{`^pom\.xml$`, `^src/main/java/.*\.java$`, `^page/index\.html$`, `^instance/bake\.sh$`} {
		assert.True(t, slices.ContainsFunc(names, regexp.MustCompile(kind).MatchString), kind)
	}
}
