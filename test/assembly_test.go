package test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/stacks"
	"unishop-pilot-light/unishop"
)

// assemblies is what two syntheses of every mode have written beside and around the templates.
type assemblies map[mode]*written

type written struct {
	Manifest  manifest
	Templates map[config.Side]string
	Again     map[config.Side]string // the same, synthesised a second time
	Errors    map[config.Side][]annotation
	Assets    map[config.Side][]string // what the CLI would upload: paths, and commands that print one
	Files     map[string]string        // all of it, by name
}

func TestPromisesOfTheAssembly(t *testing.T) {
	actual := assemblies{}
	for _, m := range modes {
		actual[m] = write(t, map[string]any{"failover": string(m), "artifact": artifact})
	}
	hold(t, actual, assemblyPromises)
}

// Without an artifact the bundle is built, and only when it is to be uploaded.
func TestPromisesWithoutAnArtifact(t *testing.T) {
	actual := assemblies{}
	for _, m := range modes {
		actual[m] = write(t, map[string]any{"failover": string(m)})
	}
	command := "go run unishop-pilot-light/unishop/bundle " + unishop.Version()
	hold(t, actual, map[string]promiseOn[assemblies]{
		"the primary names a command that builds the bundle, and the secondary needs none": {
			check: func(a assemblies) (c complaints) {
				for _, m := range modes {
					for _, side := range sides {
						want := []string{"unishop-" + string(side) + ".template.json"}
						if side == config.Primary {
							want = append(want, command)
						}
						c.unless(sameElements(a[m].Assets[side], want), "failover=%s, %s: %v", m, side, a[m].Assets[side])
					}
				}
				return c
			},
			ways: map[string]func(assemblies){
				"a failover that needs a bundle": func(a assemblies) {
					a[failover].Assets[config.Secondary] = append(a[failover].Assets[config.Secondary], command)
				},
				"a file": func(a assemblies) {
					a[atHome].Assets[config.Primary] = []string{"unishop-primary.template.json", "asset.abc.gz"}
				},
				"the bundle of other sources": func(a assemblies) {
					a[planned].Assets[config.Primary] = []string{"unishop-primary.template.json", command[:len(command)-1]}
				},
			},
		},
		"the image is baked from the object that is uploaded": {
			check: func(a assemblies) (c complaints) {
				for _, m := range modes {
					c.unless(strings.Contains(a[m].Templates[config.Primary], "/"+unishop.Version()), "failover=%s", m)
				}
				return c
			},
			ways: map[string]func(assemblies){
				"another object": func(a assemblies) {
					a[atHome].Templates[config.Primary] = strings.ReplaceAll(a[atHome].Templates[config.Primary], unishop.Version(), "latest")
				},
			},
		},
		"no command is refused": {
			check: func(a assemblies) (c complaints) {
				for _, m := range modes {
					for _, side := range sides {
						c.unless(len(a[m].Errors[side]) == 0, "failover=%s, %s: %v", m, side, a[m].Errors[side])
					}
				}
				return c
			},
			ways: map[string]func(assemblies){
				"an error": func(a assemblies) {
					a[mirrored].Errors[config.Primary] = []annotation{{Text: "there is no release bundle"}}
				},
			},
		},
		"an assembly holds no path of the machine that made it": {
			check: func(a assemblies) (c complaints) {
				here, err := filepath.Abs(root)
				require.NoError(t, err)
				for _, m := range modes {
					for _, file := range keys(a[m].Files) {
						c.unless(!strings.Contains(a[m].Files[file], here), "failover=%s, %s", m, file)
					}
				}
				return c
			},
			ways: map[string]func(assemblies){
				"a command with the root in it": func(a assemblies) {
					here, _ := filepath.Abs(root)
					a[atHome].Files["unishop-primary.assets.json"] += `"-C","` + here + `"`
				},
			},
		},
	})
}

// sameElements says whether two lists hold the same, in whatever order.
func sameElements(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

var assemblyPromises = map[string]promiseOn[assemblies]{
	"the standby depends on the active stack, and the active one on nothing": {
		check: func(a assemblies) (c complaints) {
			for _, m := range modes {
				for _, side := range sides {
					depends := slices.Contains(a[m].Manifest.Artifacts["unishop-"+string(side)].Dependencies, "unishop-"+string(side.Other()))
					c.unless(depends != active(m, side), "failover=%s: the %s depends on the other: %v", m, side, depends)
				}
			}
			return c
		},
		ways: map[string]func(assemblies){
			"a failover that needs the dead region": func(a assemblies) {
				secondary := a[failover].Manifest.Artifacts["unishop-secondary"]
				secondary.Dependencies = append(secondary.Dependencies, "unishop-primary")
				a[failover].Manifest.Artifacts["unishop-secondary"] = secondary
			},
			"a reader before its global cluster": func(a assemblies) {
				secondary := a[atHome].Manifest.Artifacts["unishop-secondary"]
				secondary.Dependencies = nil
				a[atHome].Manifest.Artifacts["unishop-secondary"] = secondary
			},
		},
	},
	"synthesis looks nothing up and knows no account": {
		check: func(a assemblies) (c complaints) {
			for _, m := range modes {
				c.unless(len(a[m].Manifest.Missing) == 0, "failover=%s: missing %v", m, a[m].Manifest.Missing)
				for side, region := range map[config.Side]string{config.Primary: "us-east-1", config.Secondary: "us-west-1"} {
					environment := a[m].Manifest.Artifacts["unishop-"+string(side)].Environment
					c.unless(environment == "aws://unknown-account/"+region, "failover=%s, %s: %q", m, side, environment)
				}
			}
			return c
		},
		ways: map[string]func(assemblies){
			"zones looked up": func(a assemblies) { a[atHome].Manifest.Missing = []any{"availability-zones"} },
			"an account": func(a assemblies) {
				primary := a[planned].Manifest.Artifacts["unishop-primary"]
				primary.Environment = "aws://111122223333/us-east-1"
				a[planned].Manifest.Artifacts["unishop-primary"] = primary
			},
		},
	},
	"nothing but the templates is uploaded when the bundle lies in S3": {
		check: func(a assemblies) (c complaints) {
			for _, m := range modes {
				for _, side := range sides {
					own := "unishop-" + string(side) + ".template.json"
					c.unless(len(a[m].Assets[side]) == 1 && a[m].Assets[side][0] == own, "failover=%s, %s: %v", m, side, a[m].Assets[side])
					c.unless(len(a[m].Errors[side]) == 0, "failover=%s, %s: %v", m, side, a[m].Errors[side])
				}
			}
			return c
		},
		ways: map[string]func(assemblies){
			"a function from a file": func(a assemblies) {
				a[failover].Assets[config.Secondary] = append(a[failover].Assets[config.Secondary], "asset.abc")
			},
			"an error all the same": func(a assemblies) { a[atHome].Errors[config.Primary] = []annotation{{Text: "artifact: missing"}} },
		},
	},
	"two syntheses are equal, byte by byte": {
		check: func(a assemblies) (c complaints) {
			for _, m := range modes {
				for _, side := range sides {
					c.unless(a[m].Templates[side] == a[m].Again[side], "failover=%s, %s", m, side)
				}
			}
			return c
		},
		ways: map[string]func(assemblies){
			"the time of day": func(a assemblies) { a[planned].Again[config.Primary] += "\n" },
		},
	},
}

// write synthesises twice and reads what was written.
func write(t *testing.T, context map[string]any) *written {
	t.Helper()
	a, again := synthesize(t, context), synthesize(t, context)
	w := &written{
		Manifest:  a.manifest(t),
		Templates: map[config.Side]string{},
		Again:     map[config.Side]string{},
		Errors:    map[config.Side][]annotation{},
		Assets:    map[config.Side][]string{},
		Files:     a.files(t),
	}
	for _, side := range sides {
		w.Templates[side], w.Again[side] = string(a.text(t, side)), string(again.text(t, side))
		w.Errors[side] = a.errors(t, side)
		w.Assets[side] = a.assets(t, side)
	}
	return w
}

// annotation is a message about the construct at a path.
type annotation struct{ Path, Text string }

// In an outage the CLI must not ask the lost region for the account; that is said before it does.
func TestAFailoverWarnsOfTheLostRegion(t *testing.T) {
	for _, row := range []struct {
		flag      string
		side      config.Side
		cliRegion string
		words     string // empty: no warning
	}{
		{"true", config.Secondary, "us-east-1", "AWS_REGION=us-west-1"},
		{"true", config.Secondary, "us-west-1", ""},
		{"true", config.Secondary, "", ""},
		{"primary", config.Primary, "us-west-1", "AWS_REGION=us-east-1"},
		{"primary", config.Primary, "us-east-1", ""},
		{"planned", config.Secondary, "us-east-1", ""},
		{"false", config.Primary, "us-west-1", ""},
	} {
		a := assembly{folder: t.TempDir()}
		app, cfg := newApp(t, a.folder, map[string]any{"failover": row.flag, "artifact": artifact})
		cfg.CLIRegion, a.cfg = row.cliRegion, cfg
		stacks.New(app, cfg)
		app.Synth(nil)
		for _, side := range sides {
			found := a.annotations(t, side, "aws:cdk:warning")
			if row.words == "" || side != row.side {
				assert.Empty(t, found, "%+v, %s", row, side)
			} else if assert.Len(t, found, 1, "%+v", row) {
				assert.Contains(t, found[0].Text, row.words)
			}
		}
	}
}

// errors are a stack's error annotations: with one of them the CLI refuses to deploy it.
func (a assembly) errors(t *testing.T, side config.Side) []annotation {
	t.Helper()
	return a.annotations(t, side, "aws:cdk:error")
}

func (a assembly) annotations(t *testing.T, side config.Side, kind string) (found []annotation) {
	t.Helper()
	var byPath map[string][]struct {
		Type string
		Data any
	}
	a.read(t, a.cfg.Names.Stack(side)+".metadata.json", &byPath)
	require.NotEmpty(t, byPath, "the CDK no longer keeps a stack's annotations here")
	for _, path := range keys(byPath) {
		for _, entry := range byPath[path] {
			if entry.Type == kind {
				found = append(found, annotation{path, entry.Data.(string)})
			}
		}
	}
	return found
}

// assets are the files that the CLI would upload for a stack, and the commands that make one.
func (a assembly) assets(t *testing.T, side config.Side) (sources []string) {
	t.Helper()
	var list struct {
		Files map[string]struct {
			Source struct {
				Path       string
				Executable []string
			}
		}
		DockerImages map[string]any
	}
	a.read(t, a.cfg.Names.Stack(side)+".assets.json", &list)
	require.Empty(t, list.DockerImages)
	for _, hash := range keys(list.Files) {
		source := list.Files[hash].Source
		sources = append(sources, cmp.Or(source.Path, strings.Join(source.Executable, " ")))
	}
	return sources
}

// files are the contents of the whole assembly.
func (a assembly) files(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(a.folder)
	require.NoError(t, err)
	files := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(a.folder, entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = string(text)
	}
	return files
}
