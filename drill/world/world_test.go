package world

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/reaper"
)

const (
	east = "us-east-1"
	west = "us-west-1"
)

func root(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}

func newReaper(t *testing.T) *reaper.Reaper {
	t.Helper()
	r, err := reaper.New()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func newWorld(t *testing.T) *World {
	t.Helper()
	w, err := New(Options{Root: root(t), Dir: t.TempDir(), Reaper: newReaper(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func TestADirThatCannotBeMadeIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := New(Options{Root: root(t), Dir: filepath.Join(file, "dir")})
	require.ErrorContains(t, err, file)
}
