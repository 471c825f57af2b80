package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// room is a package of the drill, and the rooms that it imports.
type room struct {
	name    string
	imports []string
}

// rooms from the top of the house to its ground. Each imports rooms below it only, and these alone.
var rooms = []room{
	{".", []string{"sandbox", "scenarios", "stage", "report", "verdict", "history"}},
	{"killed", nil},
	{"sandbox", []string{"do", "check", "stage"}},
	{"scenarios", []string{"pages", "do", "measure", "check", "stage", "emulator"}},
	{"pages", []string{"do", "stage", "history"}},
	{"do", []string{"check", "stage", "history", "emulator"}},
	{"measure", []string{"check", "stage", "verdict", "history"}},
	{"check", []string{"stage", "verdict"}},
	{"stage", []string{"history", "world", "emulator", "reaper"}},
	{"report", []string{"verdict", "history"}},
	{"verdict", []string{"history"}},
	{"history/historytest", []string{"history"}},
	{"history", nil},
	{"world", []string{"emulator", "systemd", "mariadb", "reaper", "port"}},
	{"emulator", []string{"reaper", "port"}},
	{"systemd", []string{"reaper"}},
	{"mariadb", []string{"reaper", "port"}},
	{"reaper", nil},
	{"port", nil},
}

func TestNoRoomMayImportARoomAboveIt(t *testing.T) {
	for i, r := range rooms {
		for _, imported := range r.imports {
			below := slices.ContainsFunc(rooms[i+1:], func(lower room) bool { return lower.name == imported })
			assert.True(t, below, "%s may not import %s, which stands above it", r.name, imported)
		}
	}
}

func TestEveryRoomImportsWhatItIsAllowedTo(t *testing.T) {
	found := packages(t)
	for _, r := range rooms {
		imported := importsOf(found[r.name].code)
		assert.ElementsMatch(t, r.imports, imported, "what %s imports, and what it may import", r.name)
		delete(found, r.name)
	}
	assert.Empty(t, slices.Collect(maps.Keys(found)), "packages that are no room")
}

// A test may use what stands below, too.
func TestNoTestImportsARoomAboveIt(t *testing.T) {
	found := packages(t)
	for i, r := range rooms {
		for _, imported := range importsOf(found[r.name].tests) {
			above := slices.ContainsFunc(rooms[:i], func(upper room) bool { return upper.name == imported })
			assert.False(t, above && !strings.HasPrefix(imported, r.name+"/"), "a test of %s imports %s", r.name, imported)
		}
	}
}

func TestARoomIsSmall(t *testing.T) {
	for name, p := range packages(t) {
		assert.Less(t, len(p.code), 10, "%s has too many files: add to an existing one, or make a room of what belongs together", name)
		for _, file := range p.code {
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					lines := p.files.Position(f.End()).Line - p.files.Position(f.Pos()).Line + 1
					assert.LessOrEqual(t, lines, 50, "lines of %s in %s", f.Name.Name, name)
				}
			}
		}
	}
}

// source of a package.
type source struct {
	files       *token.FileSet
	code, tests []*ast.File
}

// packages of the drill, by their folders.
func packages(t *testing.T) map[string]*source {
	t.Helper()
	found := map[string]*source{}
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(path))
		if found[folder] == nil {
			found[folder] = &source{files: token.NewFileSet()}
		}
		p := found[folder]
		file, err := parser.ParseFile(p.files, path, nil, 0)
		if strings.HasSuffix(path, "_test.go") {
			p.tests = append(p.tests, file)
		} else {
			p.code = append(p.code, file)
		}
		return err
	}))
	require.NotEmpty(t, found)
	return found
}

// importsOf files are the rooms that they import, each once.
func importsOf(files []*ast.File) (imported []string) {
	for _, file := range files {
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			name, isRoom := strings.CutPrefix(path, "unishop-pilot-light/drill/")
			if isRoom && !slices.Contains(imported, name) {
				imported = append(imported, name)
			}
		}
	}
	return imported
}
