package pages

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Keep keeps the templates of both failovers in the folder kept.
var Keep = do.Typed(stage.Command{At: stage.Laptop, Equipped: true, Shell: "make kept"})

// FailOverKept is the failover without Go or npm, as the runbook has it.
func FailOverKept(to config.Side) stage.Action {
	return Runbook("A failover without Go or npm", "update-stack --region "+stage.Regions[to])
}

// Runbook types blocks of commands as they stand in docs/runbook.md, in one shell: of a section, those that have these words.
func Runbook(section string, words ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		_, err := typeRunbook(ctx, d, "", section, words...)
		return err
	}
}

// typeRunbook types the answer, too, when a command asks. It returns what was printed.
func typeRunbook(ctx context.Context, d *stage.Drill, answer, section string, words ...string) (string, error) {
	shell := stage.Command{At: stage.Laptop, Shell: "exec <<<'" + answer + "'\n"}
	return typeBlocks(ctx, d, shell, runbook(d), section, words...)
}

func runbook(d *stage.Drill) string { return filepath.Join(d.Root, "docs", "runbook.md") }

// WriteImageBack writes the parameter of the newest image again, by hand.
func WriteImageBack(ctx context.Context, d *stage.Drill) error {
	const section = "The image parameter is missing"
	listed, err := typeRunbook(ctx, d, "", section, "describe-images")
	if err != nil {
		return err
	}
	newest := strings.Fields(stage.LastLines(listed, 1))
	if len(newest) != 4 {
		return fmt.Errorf("want time, id, name and state of an image, found %q", newest)
	}
	_, err = typeRunbook(ctx, d, newest[1], section, "read -rp")
	return err
}

// FindSilentInstance types what finds the instance of us-west-1 and its logs, when it never answers: it must be that one.
func FindSilentInstance(ctx context.Context, d *stage.Drill) error {
	stack, err := d.System.Stack(ctx, config.Secondary)
	if err != nil {
		return err
	}
	text, err := typeRunbook(ctx, d, "", "The instance never answers", "STACK=unishop-secondary", "for LOG in")
	if err == nil {
		err = stage.HasWords(text, []string{"\n" + stack.Outputs["InstanceId"] + "\n"})
	}
	return err
}

const rows = "Rows that were damaged or lost"

// Damage has an error remove every customer, a while after the time that it notes: the last one that is good.
func Damage(ctx context.Context, d *stage.Drill) error {
	// The runbook's times have whole seconds.
	statements := "DELETE FROM unishop.unicorns_basket; DELETE FROM unishop.unicorn_user"
	return do.InOrder(do.Pause(2*time.Second), noteTime, do.Pause(2*time.Second), onInstance(config.Primary, "",
		"mysql --defaults-extra-file=rows.cnf -h $DB_HOST -P $DB_PORT -e '"+statements+"'\n"))(ctx, d)
}

func noteTime(_ context.Context, d *stage.Drill) error {
	d.Undamaged = time.Now()
	return nil
}

// RestoreToTime restores a side's cluster beside it, as it was before the damage.
func RestoreToTime(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		return restore(ctx, d, side, d.Undamaged.UTC().Format("2006-01-02T15:04:05Z"), "restore-db-cluster-to-point-in-time")
	}
}

// RestoreLostWrites restores the volume that a failover to us-west-1 has left, beside the cluster there.
func RestoreLostWrites(ctx context.Context, d *stage.Drill) error {
	return restore(ctx, d, config.Secondary, "", "--source-region us-east-1", "restore-db-cluster-from-snapshot")
}

// restore types the blocks of a restore, and keeps what the last one prints: where the restored database listens.
func restore(ctx context.Context, d *stage.Drill, side config.Side, answer string, words ...string) error {
	words = append([]string{"REGION=" + stage.Regions[side], "echo \"$SUBNETS"}, words...)
	text, err := typeRunbook(ctx, d, answer, rows, append(words, "create-db-instance")...)
	d.Restored = strings.Join(strings.Fields(stage.LastLines(text, 1)), " ")
	return err
}

// PutRowsBack takes rows out of the restored database and puts them into a side's, in the shell of its instance.
func PutRowsBack(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		return onInstance(side, d.Restored, "", "mysqldump", "<rows.sql")(ctx, d)
	}
}

// onInstance types the runbook's login to the database in the shell of a side's instance, then further blocks and a command.
func onInstance(side config.Side, answer, command string, words ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		machine, err := d.Machine(side)
		if err != nil {
			return err
		}
		text, err := blocksOf(runbook(d), rows, append([]string{"dnf"}, words...)...)
		if err != nil {
			return err
		}
		_, err = d.Run(ctx, stage.Command{At: stage.Laptop, On: machine.Dir, Shell: "exec <<<'" + answer + "'\n" + text + command})
		return err
	}
}

// RemoveRestored removes the restored cluster of a side's region.
func RemoveRestored(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		_, err := typeRunbook(ctx, d, "", rows, "REGION="+stage.Regions[side], "delete-db-instance")
		return err
	}
}
