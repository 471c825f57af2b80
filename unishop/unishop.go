// Package unishop is the shop that runs on the server, and the version of what is baked into its image.
package unishop

import (
	"embed"
	"regexp"
)

//go:embed instance/user-data.sh
var userData string

// UserData is what the instance runs at its first boot. Its placeholders, in double braces, say where the instance is.
// It comes without its comments and blank lines, since a template has a limit.
var UserData = regexp.MustCompile(`(?m)^ *# .*\n|^\n`).ReplaceAllString(userData, "")

//go:embed pom.xml all:src/main all:src/assembly all:page all:instance
var sources embed.FS

// Version of the shop: equal for equal sources, on everybody's machine, and another when a byte of them differs.
func Version() string {
	v, err := VersionOf(sources)
	if err != nil {
		panic(err) // an embedded file system can be read
	}
	return v
}
