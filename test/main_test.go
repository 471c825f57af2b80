// Package test holds the promises that the templates keep, and shows that each promise can be broken.
package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/kernel"
	"unishop-pilot-light/stacks"
)

// root of the repository, seen from here.
const root = ".."

func TestMain(m *testing.M) {
	kernel.UsePinnedNode()
	code := m.Run()
	jsii.Close() // once: it ends the one process that all CDK objects live in
	os.Exit(code)
}

// mode is a value of the failover flag.
type mode string

const (
	atHome   mode = "false"
	planned  mode = "planned"
	failover mode = "true"
	mirrored mode = "primary" // the failover to the primary
)

var (
	modes = []mode{atHome, planned, failover, mirrored}
	sides = []config.Side{config.Primary, config.Secondary}
)

// artifact makes the primary deployable; its version is in the templates.
const artifact = "s3://releases/unishop-1.tar.gz"

// newApp reads cdk.json as the CLI does, with the flags that are shipped, and writes to folder.
func newApp(t testing.TB, folder string, context map[string]any) (awscdk.App, config.Config) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	require.NoError(t, err)
	var file struct{ Context map[string]any }
	require.NoError(t, json.Unmarshal(text, &file))
	for key, value := range context {
		file.Context[key] = value
	}
	cfg, err := config.Parse(file.Context)
	require.NoError(t, err)
	app := awscdk.NewApp(&awscdk.AppProps{
		Context:            &file.Context,
		Outdir:             jsii.String(folder),
		AnalyticsReporting: jsii.Bool(false), // as "versionReporting" in cdk.json
	})
	return app, cfg
}

// assembly is the cloud assembly of one synthesis.
type assembly struct {
	folder string
	cfg    config.Config
}

func synthesize(t testing.TB, context map[string]any) assembly {
	t.Helper()
	folder := t.TempDir()
	app, cfg := newApp(t, folder, context)
	require.NoError(t, stacks.Synthesize(app, cfg))
	return assembly{folder, cfg}
}

// text of a side's template, byte by byte.
func (a assembly) text(t testing.TB, side config.Side) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(a.folder, a.cfg.Names.Stack(side)+".template.json"))
	require.NoError(t, err)
	return text
}

// manifest is the part of the cloud assembly's manifest that we promise something about.
type manifest struct {
	Missing   []any
	Artifacts map[string]struct {
		Environment  string
		Dependencies []string
	}
}

func (a assembly) manifest(t *testing.T) (m manifest) {
	t.Helper()
	a.read(t, "manifest.json", &m)
	return m
}

// read parses one of the assembly's JSON files.
func (a assembly) read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(a.folder, file))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}
