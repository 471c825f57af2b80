package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unishop-pilot-light/internal/config"
)

// Declared is what cdk.json declares: the drill deploys this system.
var Declared = readDeclared()

// Regions of the system, by side.
var Regions = map[config.Side]string{config.Primary: Declared.Primary.Name, config.Secondary: Declared.Secondary.Name}

func readDeclared() config.Config {
	root, err := Root()
	var found config.Config
	if err == nil {
		found, err = config.Read(filepath.Join(root, "cdk.json"), nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
	return found
}

// Root is the folder of the repository: this one, or one above it.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "cdk.json")); err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", errors.New("not in the repository: no cdk.json in this folder or above it")
		}
		folder = filepath.Dir(folder)
	}
}
