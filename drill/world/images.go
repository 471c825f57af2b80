package world

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"unishop-pilot-light/drill/emulator"
)

// keepImages is how long an unused image stays in the cache.
const keepImages = 24 * time.Hour

// images are baked by the bundle's own script, unmodified, into folders that take the place of disks. They are kept in
// the project's cache by the content of their bundle: training the AOT cache takes a while.
type images struct {
	world *World
	cache string // .cache/images
	dir   string // of the World, for bundles and logs

	baking sync.Mutex // one at a time

	lock  sync.Mutex
	known map[string]string // AMI -> folder
}

func newImages(w *World, root, dir string) *images {
	return &images{world: w, cache: filepath.Join(root, ".cache", "images"), dir: dir, known: map[string]string{}}
}

func (i *images) find(ami string) (string, error) {
	i.lock.Lock()
	defer i.lock.Unlock()
	folder, ok := i.known[ami]
	if !ok {
		return "", fmt.Errorf("image %s was not baked here, so its content is unknown", ami)
	}
	return folder, nil
}

// baked makes the image behind AMIs, unless there is one from the same bundle.
func (i *images) baked(ctx context.Context, event *emulator.Event) error {
	i.baking.Lock()
	defer i.baking.Unlock()
	bundle, hash, err := i.download(ctx, event.Bundle)
	if err != nil {
		return fmt.Errorf("image of %s: %w", event.Bundle, err)
	}
	folder := filepath.Join(i.cache, hash)
	if _, err := os.Stat(folder); err != nil {
		if err := i.bake(bundle, folder); err != nil {
			return fmt.Errorf("image of %s: %w", event.Bundle, err)
		}
	}
	now := time.Now()
	if err := os.Chtimes(folder, now, now); err != nil {
		return err
	}
	i.lock.Lock()
	for _, ami := range event.Images {
		i.known[ami] = folder
	}
	i.lock.Unlock()
	return i.clean()
}

// download gets the bundle from the emulator's S3, as Image Builder does, and hashes all that decides what is baked.
func (i *images) download(ctx context.Context, address string) (file, hash string, err error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(address, "s3://"), "/")
	response, err := i.world.sites.get(ctx, bucket, "/"+key)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("%s", response.Status)
	}
	if err := os.MkdirAll(i.dir, 0o755); err != nil {
		return "", "", err
	}
	out, err := os.CreateTemp(i.dir, "bundle-*.tar.gz")
	if err != nil {
		return "", "", err
	}
	digest := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, digest), response.Body)
	_, _ = fmt.Fprintf(digest, "\n%s\n%s", i.world.tools.java, i.world.databases.authority.Certificates)
	_ = fs.WalkDir(standIns, ".", func(name string, _ fs.DirEntry, _ error) error {
		text, _ := fs.ReadFile(standIns, name) // a folder has none
		_, _ = digest.Write(text)
		return nil
	})
	return out.Name(), fmt.Sprintf("%x", digest.Sum(nil))[:16], errors.Join(err, out.Close())
}

// bake runs the bundle's bake script on a separate machine. The image appears whole or not at all.
func (i *images) bake(bundle, folder string) error {
	if err := os.MkdirAll(i.cache, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(i.cache, "baking-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	m, err := i.world.machines.add(emulator.Event{Instance: filepath.Base(work)}, work)
	if err != nil {
		return err
	}
	defer i.world.machines.remove(m)
	unpacked, scripts := filepath.Join(work, "bundle"), filepath.Join(work, "bin")
	if err := errors.Join(os.MkdirAll(unpacked, 0o755), m.installStandIns("bake", scripts), m.installStandIns("machine", m.bin())); err != nil {
		return err
	}
	if out, err := exec.Command("tar", "-xzf", bundle, "-C", unpacked).CombinedOutput(); err != nil {
		return fmt.Errorf("unpack: %w: %s", err, out)
	}
	if err := m.run(filepath.Join(i.dir, "bake.log"), []string{scripts}, "bash", filepath.Join(unpacked, "bake.sh")); err != nil {
		return fmt.Errorf("bake.sh %w", err)
	}
	if err := os.Rename(m.root, folder); err != nil && !errors.Is(err, fs.ErrExist) {
		return err // one that exists is another drill's, just as good
	}
	return nil
}

// clean removes images that were not used for a while, and what was left of bakes that were killed.
func (i *images) clean() error {
	entries, err := os.ReadDir(i.cache)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()) > keepImages {
			err = os.RemoveAll(filepath.Join(i.cache, entry.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
