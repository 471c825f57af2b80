package pages

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// MakeReleases makes the bucket.
var MakeReleases = do.Typed(releases("mb"))

// RemoveReleases removes the bucket with what is in it.
var RemoveReleases = do.Typed(releases("rb", "--force"))

func releases(arguments ...string) stage.Command {
	arguments = append(append([]string{"s3"}, arguments...), "s3://"+do.Releases, "--region", stage.Regions[config.Primary])
	return stage.Command{At: stage.Laptop, AWS: true, Arguments: arguments}
}

// HandOver makes the folder dist in the office, as docs/hand-over.md has it, for a bundle at a place below the bucket's name,
// and gives it to the laptop, where another one may be.
func HandOver(place string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		office, laptop := filepath.Join(d.Dir, string(stage.Office), "dist"), filepath.Join(d.Dir, string(stage.Laptop), "dist")
		_, err := typeBlocks(ctx, d, stage.Command{At: stage.Office, Shell: "exec <<<'" + place + "'\n"},
			filepath.Join(d.Root, "docs", "hand-over.md"), "How these files are made", "make templates")
		if err != nil {
			return err
		}
		return errors.Join(os.RemoveAll(laptop), os.CopyFS(laptop, os.DirFS(office)))
	}
}

// HandedOver types blocks of the page that was handed over, in its folder, where the AWS CLI is and nothing of the CDK's. What
// is printed must have the words.
func HandedOver(section string, blocks []string, words ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		text, err := typeHandedOver(ctx, d, "", section, blocks...)
		if err != nil {
			return err
		}
		return stage.HasWords(text, words)
	}
}

// ChangeSet types a block of the page that shows a change set and applies it. It must show these changes, "Add AWS::EC2::Instance,
// Modify Custom::RegionRole", and the section must announce them.
func ChangeSet(section, words, changes string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		announced, err := sectionOf(handedOver(d), section)
		if err != nil {
			return err
		}
		if err := stage.HasWords(announced, []string{changes}); err != nil {
			return fmt.Errorf("%q: %w", section, err)
		}
		shorthands, err := Block(handedOver(d), "Change sets", "show()")
		if err != nil {
			return err
		}
		text, err := typeHandedOver(ctx, d, shorthands, section, words)
		if err != nil {
			return err
		}
		if found := shown(text); found != changes {
			return fmt.Errorf("the change set shows %q, want %q", found, changes)
		}
		return nil
	}
}

func handedOver(d *stage.Drill) string {
	return filepath.Join(d.Dir, string(stage.Laptop), "dist", "README.md")
}

func typeHandedOver(ctx context.Context, d *stage.Drill, first, section string, words ...string) (string, error) {
	return typeBlocks(ctx, d, stage.Command{At: stage.Laptop, Shell: "cd dist\n" + first}, handedOver(d), section, words...)
}

// shown are the changes of a change set, as the page has them printed: action, replacement, type and id, with tabs between.
func shown(text string) string {
	var changes []string
	for _, line := range strings.Split(text, "\n") {
		if parts := strings.Split(line, "\t"); len(parts) == 4 && strings.Contains(parts[2], "::") {
			change := parts[0] + " " + parts[2]
			if parts[1] == "True" {
				change = "Replace " + parts[2]
			}
			changes = append(changes, change)
		}
	}
	slices.Sort(changes)
	return strings.Join(changes, ", ")
}

// EveryBlockTyped checks that the scenario has typed every block of commands that the page has.
func EveryBlockTyped(_ context.Context, d *stage.Drill) error {
	page, err := os.ReadFile(handedOver(d))
	if err != nil {
		return err
	}
	var typed strings.Builder
	for _, event := range d.History.History().Of(history.CommandBegan) {
		typed.WriteString(event.Words + "\n")
	}
	for i, block := range strings.Split(string(page), "```") {
		if i%2 == 1 && !strings.Contains(typed.String(), strings.TrimSpace(block)) {
			err = errors.Join(err, fmt.Errorf("no step types this block of the page:%s", block))
		}
	}
	return err
}
