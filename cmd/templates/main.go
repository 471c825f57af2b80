// Command templates writes to the folder dist what CloudFormation alone needs, in every role and without the CDK:
//
//	templates s3://bucket/unishop-VERSION.tar.gz
//
//	dist/README.md               what to do with it, as commands of the AWS CLI
//	dist/runbook.md              for trouble
//	dist/false, planned, true, primary
//	                             both templates for each value of the flag
//	dist/SHA256SUMS              of all of it
//
// Names, regions and the rest of the context are those of cdk.json. With the bundle in S3 a template has no asset, so it is
// the one that `cdk deploy -c artifact=` deploys, byte by byte but for the time of an unplanned failover.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"unishop-pilot-light/internal/activation"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/kept"
	"unishop-pilot-light/unishop"
)

const (
	folder = "dist"
	sums   = "SHA256SUMS"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "templates:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	cfg, err := configuration(strings.Join(arguments, " "))
	if err != nil {
		return err
	}
	files, err := templates(cfg)
	if err != nil {
		return err
	}
	for name, page := range map[string]string{"README.md": "hand-over.md", "runbook.md": "runbook.md"} {
		if files[name], err = kept.Page(page, cfg); err != nil {
			return err
		}
	}
	if files["README.md"], err = filledIn(files, cfg); err != nil {
		return err
	}
	files[sums] = checksums(files)
	if err := write(files); err != nil {
		return err
	}
	fmt.Println("Hand over the folder " + folder + ", and begin with its README.md")
	return nil
}

// configuration is that of cdk.json with the bundle of these sources in S3. With a bundle of other sources the files would
// be of no release that a checkout has.
func configuration(artifact string) (config.Config, error) {
	file := "unishop-" + unishop.Version() + ".tar.gz"
	cfg, err := config.Read("cdk.json", map[string]any{"artifact": artifact})
	if err != nil {
		return cfg, err
	}
	if path.Base(cfg.Artifact.Key) != file {
		return cfg, fmt.Errorf("ARTIFACT: %q is not allowed: use s3://bucket/%s, where the bundle of these sources is: docs/hand-over.md, "+
			`"How these files are made"`, artifact, file)
	}
	return cfg, nil
}

// templates of both stacks for each value of the flag, by file.
func templates(cfg config.Config) (map[string]string, error) {
	stacks := []string{cfg.Names.Stack(config.Primary), cfg.Names.Stack(config.Secondary)}
	files := map[string]string{}
	for _, flag := range config.Flags {
		with, err := config.Read("cdk.json", map[string]any{"failover": flag})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "failover=%s: %s is active\n", flag, with.Active().Name)
		made, err := kept.Templates(with.Active().Name, stacks, []string{"failover=" + flag, "artifact=" + cfg.Artifact.String()})
		if err != nil {
			return nil, err
		}
		for stack, template := range made {
			files[flag+"/"+stack+".template.json"] = template
		}
	}
	return files, nil
}

// filledIn is the page with what it says about these files alone.
func filledIn(files map[string]string, cfg config.Config) (string, error) {
	var primary activation.Template
	if err := json.Unmarshal([]byte(files["false/"+cfg.Names.Stack(config.Primary)+".template.json"]), &primary); err != nil {
		return "", err
	}
	known := strings.NewReplacer("`RELEASE`", "`"+activation.Release(primary)+"`", "s3://BUNDLE", cfg.Artifact.String())
	return known.Replace(files["README.md"]), nil
}

// checksums of files, as sha256sum and shasum read them.
func checksums(files map[string]string) string {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256([]byte(files[name])), name)
	}
	return lines.String()
}

// write replaces the folder: a file of an earlier release must not stay.
func write(files map[string]string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
