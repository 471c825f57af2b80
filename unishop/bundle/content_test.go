package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/unishop"
)

// The real bundle, built by the command that the cloud assembly names, in another folder than the root.
func TestTheBundleHoldsWhatTheVersionCountsAndNothingElse(t *testing.T) {
	bundle := unpack(t, built(t))
	jar := unzip(t, bundle["unishop.jar"])
	delete(bundle, "unishop.jar")

	sources := os.DirFS(filepath.Join(repository, "unishop"))
	names, err := unishop.Files(sources)
	require.NoError(t, err)
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(repository, "unishop", name))
		require.NoError(t, err)
		in, packed := packedAs(name, bundle, jar)
		if packed == "" {
			continue
		}
		if assert.Contains(t, in, packed, name) && path.Ext(name) != ".java" {
			assert.Equal(t, string(content), string(in[packed]), name)
		}
		delete(in, packed)
	}
	delete(bundle, "page/bootstrap.min.css") // of the version that pom.xml names
	assert.Empty(t, keys(bundle), "in the bundle, and does not count")
	for _, name := range keys(jar) {
		// A class that is part of another one's source has that one's name in front.
		outer, _, inner := strings.Cut(name, "$")
		assert.True(t, !strings.HasPrefix(name, "BOOT-INF/classes/") || inner && strings.HasPrefix(outer, "BOOT-INF/classes/unishop/"),
			"%s: in the jar, and does not count", name)
	}
}

// packedAs is where a source is found, and under which name; no name for what only says how to build.
func packedAs(name string, bundle, jar map[string][]byte) (map[string][]byte, string) {
	switch {
	case strings.HasPrefix(name, "page/"):
		return bundle, name
	case strings.HasPrefix(name, "instance/"):
		return bundle, strings.TrimPrefix(name, "instance/")
	case strings.HasPrefix(name, "src/main/resources/"):
		return jar, "BOOT-INF/classes/" + strings.TrimPrefix(name, "src/main/resources/")
	case strings.HasPrefix(name, "src/main/java/"):
		return jar, "BOOT-INF/classes/" + strings.TrimSuffix(strings.TrimPrefix(name, "src/main/java/"), ".java") + ".class"
	}
	return nil, ""
}

func built(t *testing.T) string {
	t.Helper()
	version := unishop.Version()
	command := exec.Command("go", "run", "unishop-pilot-light/unishop/bundle", version)
	command.Dir = filepath.Join(repository, "docs")
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil && strings.Contains(said.String(), "or newer is needed") && os.Getenv("CI") == "" {
		t.Skip(said.String())
	}
	require.NoError(t, err, said.String())
	file := strings.TrimSpace(string(out))
	require.True(t, filepath.IsAbs(file), file)
	require.Equal(t, "unishop-"+version+".tar.gz", filepath.Base(file))
	return file
}

// unpack returns an archive's files.
func unpack(t *testing.T, file string) map[string][]byte {
	t.Helper()
	archive, err := os.Open(file)
	require.NoError(t, err)
	defer archive.Close()
	unzipped, err := gzip.NewReader(archive)
	require.NoError(t, err)
	files := map[string][]byte{}
	for entries := tar.NewReader(unzipped); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			files[path.Clean(header.Name)], err = io.ReadAll(entries)
			require.NoError(t, err)
		}
	}
}

func unzip(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	entries, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, entry := range entries.File {
		if entry.FileInfo().IsDir() {
			continue
		}
		opened, err := entry.Open()
		require.NoError(t, err)
		files[entry.Name], err = io.ReadAll(opened)
		require.NoError(t, err)
		require.NoError(t, opened.Close())
	}
	return files
}

func keys(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }
