// Command bundle builds the release bundle, from which the golden image is baked, unless it is there already, and prints
// its path. `cdk deploy` runs it when the bundle is to be uploaded, and `make bundle` does.
//
//	bundle            of the sources as they are
//	bundle VERSION    only if the sources still have the version that was synthesized
//
// The CDK CLI takes all of standard output as the path, shows standard error only if the command fails, and runs it in the
// folder in which cdk was typed: any folder of the repository will do.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unishop-pilot-light/internal/upward"
	"unishop-pilot-light/unishop"
)

func main() {
	file, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
	fmt.Println(file)
}

func run(arguments []string) (file string, err error) {
	if len(arguments) > 1 {
		return "", errors.New("usage: bundle [VERSION]")
	}
	root, err := findRoot()
	if err != nil {
		return "", err
	}
	version, err := unishop.VersionOf(os.DirFS(filepath.Join(root, "unishop")))
	if err != nil {
		return "", err
	}
	// Otherwise an older cloud assembly would have other content uploaded under its version, for good.
	if len(arguments) == 1 && arguments[0] != version {
		return "", fmt.Errorf("the shop in %s has version %.12s now, and %.12s was synthesized: run the command again without --app, "+
			"or in a clone of the release that was synthesized", filepath.Join(root, "unishop"), version, arguments[0])
	}
	return bundle(root, version)
}

// findRoot goes up to the folder of go.mod, as `go run` does.
func findRoot() (string, error) {
	folder, err := upward.Find("go.mod")
	if err == nil && folder == "" {
		err = errors.New("not in the repository: no go.mod in this folder or above it: run the command there")
	}
	return folder, err
}
