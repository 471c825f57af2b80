package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/upward"
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
	folder, err := upward.Find("cdk.json")
	if err == nil && folder == "" {
		err = errors.New("not in the repository: no cdk.json in this folder or above it")
	}
	return folder, err
}
