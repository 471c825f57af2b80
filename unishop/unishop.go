// Package unishop is the shop that runs on the server, and the version of what is baked into its image.
package unishop

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
)

//go:embed instance/user-data.sh
var userData string

// UserData is what the instance runs at its first boot. Its placeholders, in double braces, say where the instance is.
// It comes without its comments and blank lines, since a template has a limit.
var UserData = regexp.MustCompile(`(?m)^ *# .*\n|^\n`).ReplaceAllString(userData, "")

// sources are everything that decides what is in the image. What is built from them is not: it differs between JDKs.
//
//go:embed pom.xml all:src/main all:src/assembly all:page all:instance
var sources embed.FS

// Version of the shop: equal for equal sources, on everybody's machine, and another when a byte of them differs.
func Version() string {
	v, err := version(sources)
	if err != nil {
		panic(err) // an embedded file system can be read
	}
	return v
}

// version hashes names and contents, each behind its length, so that no byte can pass from one to the other unnoticed.
// A walk is in lexical order.
func version(sources fs.FS) (string, error) {
	digest := sha256.New()
	err := fs.WalkDir(sources, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !inImage(name) {
			return err
		}
		content, err := fs.ReadFile(sources, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(digest, "%d %s %d ", len(name), name, len(content))
		digest.Write(content)
		return nil
	})
	return hex.EncodeToString(digest.Sum(nil)), err
}

// inImage is false for the user data: it comes with the instance, whose logical id follows its text.
func inImage(name string) bool { return name != "instance/user-data.sh" }
