package unishop

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// kinds of files decide the version, and nothing else is packed: what an editor or a file manager leaves behind is no
// release. Whoever adds a file of another kind adds the kind here, or the file is not part of the shop.
var kinds = []struct {
	below      string
	extensions []string
}{
	{"instance", []string{".conf", ".json", ".jvm", ".service", ".sh"}},
	{"page", []string{".css", ".html", ".js", ".svg"}},
	{"pom.xml", []string{".xml"}},
	{"src/assembly", []string{".xml"}},
	{"src/main/java", []string{".java"}},
	{"src/main/resources", []string{".properties", ".sql"}},
}

// userDataFile is no part of the image: it comes with the instance, whose logical id follows its text.
const userDataFile = "instance/user-data.sh"

// Files are the names of the sources that count, in the folder that this file is in or in a copy of it: those that decide
// what is in the image. What is built from them does not count: it differs between JDKs.
func Files(sources fs.FS) (names []string, err error) {
	for _, kind := range kinds {
		err := fs.WalkDir(sources, kind.below, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case strings.HasPrefix(entry.Name(), ".") && entry.IsDir():
				return fs.SkipDir
			case entry.Type().IsRegular() && !strings.HasPrefix(entry.Name(), ".") && name != userDataFile &&
				slices.Contains(kind.extensions, path.Ext(name)):
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// VersionOf hashes names and contents, each behind its length, so that no byte can pass from one to the other unnoticed.
func VersionOf(sources fs.FS) (string, error) {
	names, err := Files(sources)
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	for _, name := range names {
		content, err := fs.ReadFile(sources, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(digest, "%d %s %d ", len(name), name, len(content))
		digest.Write(content)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
