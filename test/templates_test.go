package test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/unishop"
)

// handOver runs the command of `make templates` in a folder that is like the repository's.
type handOver struct{ folder string }

func newHandOver(t *testing.T) handOver {
	t.Helper()
	h := handOver{t.TempDir()}
	from, err := filepath.Abs(root)
	require.NoError(t, err)
	for _, name := range []string{"cdk.json", "docs", "node_modules"} {
		require.NoError(t, os.Symlink(filepath.Join(from, name), filepath.Join(h.folder, name)))
	}
	for name, program := range map[string]string{"app": ".", "templates": "./cmd/templates"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(h.folder, name), program)
		build.Dir = root
		said, err := build.CombinedOutput()
		require.NoError(t, err, string(said))
	}
	return h
}

func (h handOver) run(t *testing.T, program string, arguments ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir, command.Env = h.folder, append(os.Environ(), "CDK_APP="+filepath.Join(h.folder, "app"))
	said, err := command.CombinedOutput()
	return string(said), err
}

// read is a file of dist.
func (h handOver) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.folder, "dist", filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}

// files of dist, in order.
func (h handOver) files(t *testing.T) (names []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(filepath.Join(h.folder, "dist")), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// released is an address that the bundle of these sources may have.
func released() string { return "s3://releases/unishop-" + unishop.Version() + ".tar.gz" }

func TestHandedOverIsWhatIsDeployed(t *testing.T) {
	h := newHandOver(t)
	require.NoError(t, os.MkdirAll(filepath.Join(h.folder, "dist", "old"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(h.folder, "dist", "old", "of-another-release.json"), nil, 0o600))
	said, err := h.run(t, "./templates", released())
	require.NoError(t, err, said)

	want := []string{"README.md", "SHA256SUMS", "runbook.md"}
	for _, m := range modes {
		a := synthesize(t, map[string]any{"failover": string(m), "artifact": released()})
		for _, side := range sides {
			name := string(m) + "/" + a.cfg.Names.Stack(side) + ".template.json"
			want = append(want, name)
			var deployed, handed template
			require.NoError(t, json.Unmarshal(a.text(t, side), &deployed))
			require.NoError(t, json.Unmarshal([]byte(h.read(t, name)), &handed))
			assert.Empty(t, differing(deployed, handed), name)
			assert.Equal(t, string(a.text(t, side)), h.read(t, name), name)
			assertPlain(t, name, h.read(t, name))
		}
	}
	slices.Sort(want)
	assert.Equal(t, want, h.files(t))

	t.Run("checksums", h.checksums)
	t.Run("cfn-lint", h.lint)
	t.Run("page", h.page)
}

// plainSections are what a template of plain CloudFormation has here.
var plainSections = []string{"Description", "Mappings", "Outputs", "Parameters", "Resources"}

func assertPlain(t *testing.T, name, text string) {
	t.Helper()
	assert.Empty(t, notPlain(t, text), name)
}

// notPlain names what a template has that only the CDK understands.
func notPlain(t *testing.T, text string) (found []string) {
	t.Helper()
	var parsed template
	require.NoError(t, json.Unmarshal([]byte(text), &parsed))
	for _, section := range keys(parsed) {
		if !slices.Contains(plainSections, section) {
			found = append(found, section)
		}
	}
	for _, words := range []string{"cdk-", "CDKMetadata", "BootstrapVersion", "aws:cdk", "aws:asset"} {
		if strings.Contains(text, words) {
			found = append(found, words)
		}
	}
	if len(text) >= maxTemplate {
		found = append(found, "size")
	}
	return found
}

func TestWhatIsOfTheCDKAloneIsSeen(t *testing.T) {
	bundled := synthesize(t, map[string]any{"failover": "false"}) // its bundle is an asset
	assert.Equal(t, []string{"cdk-"}, notPlain(t, string(bundled.text(t, config.Primary))))
	assert.Equal(t, []string{"Rules", "BootstrapVersion", "size"},
		notPlain(t, `{"Rules":{"CheckBootstrapVersion":{}},"Description":"`+strings.Repeat(" ", maxTemplate)+`"}`))
}

func (h handOver) checksums(t *testing.T) {
	check := func() (string, error) {
		return h.run(t, "bash", "-c", "cd dist && $(command -v sha256sum || echo shasum -a 256) -c SHA256SUMS")
	}
	said, err := check()
	require.NoError(t, err, said)
	assert.Equal(t, len(h.files(t))-1, strings.Count(said, ": OK"), "every file but the list itself")
	file := filepath.Join(h.folder, "dist", "true", "unishop-secondary.template.json")
	whole := h.read(t, "true/unishop-secondary.template.json")
	require.NoError(t, os.WriteFile(file, []byte(whole+" "), 0o600))
	said, err = check()
	require.Error(t, err, said)
	assert.Contains(t, said, "true/unishop-secondary.template.json: FAILED")
	require.NoError(t, os.WriteFile(file, []byte(whole), 0o600))
}

func (h handOver) lint(t *testing.T) {
	tool := lintTool(t, "cfn-lint")
	for _, name := range h.files(t) {
		if strings.HasSuffix(name, ".json") {
			said, err := lint(tool, filepath.Join(h.folder, "dist", filepath.FromSlash(name)))
			assert.NoError(t, err, "%s:\n%s", name, said)
		}
	}
}

// page: what it says about the files is so.
func (h handOver) page(t *testing.T) {
	page := h.read(t, "README.md")
	assert.Contains(t, page, "`"+released()+"`")
	assert.NotContains(t, page, "BUNDLE`")
	var primary template
	require.NoError(t, json.Unmarshal([]byte(h.read(t, "false/unishop-primary.template.json")), &primary))
	assert.Contains(t, page, "release `"+primary.release()+"`")

	for _, file := range regexp.MustCompile(`(?:false|planned|true|primary)/unishop-[a-z]+\.template\.json`).FindAllString(page, -1) {
		assert.Contains(t, h.files(t), file)
	}
	for _, link := range regexp.MustCompile(`\]\(([a-z.]+)(?:#[a-z0-9-]+)?\)`).FindAllStringSubmatch(page, -1) {
		assert.Contains(t, h.files(t), link[1], "a link leads out of the folder")
	}
	rights := regexp.MustCompile(`(?m)^    (cloudformation [a-z0-9 ]+)$`).FindStringSubmatch(page)
	require.NotEmpty(t, rights, "the page no longer lists the services")
	services := map[string]bool{"cloudformation": true, "ssm": true} // ssm for the image's parameter
	for _, name := range h.files(t) {
		for _, kind := range regexp.MustCompile(`"Type":"AWS::([A-Za-z0-9]+)::`).FindAllStringSubmatch(h.read(t, name), -1) {
			services[strings.ToLower(kind[1])] = true
		}
	}
	assert.Equal(t, keys(services), strings.Fields(rights[1]))
	assert.NotContains(t, page, "npx cdk bootstrap")
}

func TestTemplatesRefusesWhatIsNoBundleOfTheseSources(t *testing.T) {
	h := newHandOver(t)
	for _, row := range []struct{ artifact, words string }{
		{"", `ARTIFACT: "" is not allowed: use s3://bucket/unishop-` + unishop.Version() + ".tar.gz"},
		{"s3://releases/unishop-1.tar.gz", `ARTIFACT: "s3://releases/unishop-1.tar.gz" is not allowed: use s3://bucket/unishop-` + unishop.Version()},
		{"unishop-1.tar.gz", `artifact: "unishop-1.tar.gz" is not allowed: use s3://bucket/key.tar.gz`},
		{"https://releases/unishop-1.tar.gz", "is not allowed: use s3://bucket/key.tar.gz"},
	} {
		said, err := h.run(t, "./templates", row.artifact)
		require.Error(t, err, row.artifact)
		assert.Contains(t, said, row.words)
		assert.NoDirExists(t, filepath.Join(h.folder, "dist"))
	}
}

// The bundle alone differs between a deployment with an artifact and one without: no template is bent for the hand-over.
func TestAnArtifactChangesTheImageAlone(t *testing.T) {
	with, without := synthesizeSystem(t, map[string]any{"artifact": released()}), synthesizeSystem(t, map[string]any{"artifact": ""})
	with.each(func(where string, m mode, side config.Side, tpl template) {
		for _, id := range differing(without[m][side], tpl) {
			owner := id == idOf("PublishedImage/Images")
			assert.True(t, side == config.Primary && (strings.HasPrefix(id, "Image") || owner), "%s: %s", where, id)
		}
	})
	assert.NotEmpty(t, differing(without[atHome][config.Primary], with[atHome][config.Primary]))
}

// The page is for the default name; `make templates` writes it for any other.
func TestThePageIsThatOfAnotherSystem(t *testing.T) {
	h := newHandOver(t)
	text, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(h.folder, "cdk.json")))
	other := bytes.Replace(text, []byte(`"name": "unishop"`), []byte(`"name": "staging"`), 1)
	require.NoError(t, os.WriteFile(filepath.Join(h.folder, "cdk.json"), other, 0o600))
	said, err := h.run(t, "./templates", released())
	require.NoError(t, err, said)
	assert.Contains(t, h.files(t), "true/staging-secondary.template.json")
	page := h.read(t, "README.md")
	assert.Contains(t, page, "file://false/staging-primary.template.json")
	assert.Contains(t, page, released())
	assert.NotContains(t, strings.ReplaceAll(page, released(), ""), "unishop-")
}
