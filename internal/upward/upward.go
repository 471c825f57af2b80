// Package upward finds what stands above the working folder, such as the root of the repository.
package upward

import (
	"os"
	"path/filepath"
)

// Find is the nearest folder, from the working folder upward, that holds a file; empty when there is none.
func Find(file string) (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, file)); err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", nil
		}
		folder = filepath.Dir(folder)
	}
}
