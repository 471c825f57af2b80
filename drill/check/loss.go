package check

import (
	"context"
	"fmt"
	"time"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/drill/verdict"
)

// latestLoss is what the latest move has cost.
func latestLoss(d *stage.Drill) verdict.Loss {
	losses := verdict.Of(d.History.History(), verdict.Objectives{}).Losses
	return losses[len(losses)-1]
}

// NothingLost: the latest move has cost no acknowledged write.
func NothingLost(_ context.Context, d *stage.Drill) error {
	found := latestLoss(d)
	if len(found.Lost) > 0 {
		return fmt.Errorf("%s has lost %d acknowledged writes: %s", found.Move, len(found.Lost), found.IDs())
	}
	return nil
}

// LostBetween: the latest move has cost so much time of writes, and the writes of that time.
func LostBetween(low, high time.Duration) stage.Check {
	return func(_ context.Context, d *stage.Drill) error {
		found := latestLoss(d)
		if took := time.Duration(found.Milliseconds) * time.Millisecond; took < low || took > high || len(found.Lost) == 0 {
			return fmt.Errorf("lost %d writes of %s, want writes of %s to %s", len(found.Lost), took, low, high)
		}
		return nil
	}
}
