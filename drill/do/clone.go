package do

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// MakeInClone is a target of the Makefile, in the clone, with what it needs.
func MakeInClone(target string) stage.Command {
	return stage.Command{At: stage.Clone, Equipped: true, Shell: "make " + target}
}

// EditInClone replaces what stands in a file of the clone, once.
func EditInClone(file, from, to string) stage.Action {
	return func(_ context.Context, d *stage.Drill) error {
		name := filepath.Join(d.Dir, string(stage.Clone), file)
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(from)) {
			return fmt.Errorf("%s does not have %q", file, from)
		}
		return os.WriteFile(name, bytes.Replace(text, []byte(from), []byte(to), 1), 0o644)
	}
}

// InClone is a command of the CDK CLI, typed in the clone.
func InClone(arguments ...string) stage.Command {
	if arguments[0] == "deploy" {
		arguments = append(arguments, "--require-approval", "never")
	}
	return stage.Command{At: stage.Clone, Arguments: arguments}
}

// Equipped types a command where a JDK, Maven and make are.
func Equipped(c stage.Command) stage.Command {
	c.Equipped = true
	return c
}

// WithRegion types a command with the side's region in AWS_REGION.
func WithRegion(side config.Side, c stage.Command) stage.Command {
	c.Region = stage.Regions[side]
	return c
}

// Prints has an operator type a command, which must succeed and print all of the words.
func Prints(c stage.Command, words ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		text, err := d.Run(ctx, c)
		if err == nil {
			err = stage.HasWords(text, words)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", c, err)
		}
		return err
	}
}

// ChangePage changes what the clone's page says, in a comment.
func ChangePage(words string) stage.Action {
	return func(_ context.Context, d *stage.Drill) error {
		page, err := os.OpenFile(filepath.Join(d.Dir, string(stage.Clone), "unishop", "page", "index.html"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer page.Close()
		_, err = fmt.Fprintf(page, "<!-- %s -->\n", words)
		return err
	}
}

// MakeClone copies the repository. Its node_modules are what `npm ci` would make; Maven's downloads save the network.
func MakeClone(_ context.Context, d *stage.Drill) error {
	folder := filepath.Join(d.Dir, string(stage.Clone))
	err := filepath.WalkDir(d.Root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(stage.NotCloned, entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(d.Root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(folder, name), 0o755)
		}
		return stage.CopyFile(path, filepath.Join(folder, name))
	})
	return errors.Join(err, stage.Link(d.Root, folder, "node_modules"), os.Mkdir(filepath.Join(folder, ".cache"), 0o755),
		stage.Link(d.Root, folder, ".cache/m2"))
}
