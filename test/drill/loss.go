package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/verdict"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

// count looks for all that was acknowledged, at the shop that is active now, and adds to the history what is missing, and
// what CloudFormation says of the move.
func count(move string, side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		if err := buying(side)(ctx, d); err != nil {
			return err
		}
		d.history.Append(history.Event{Kind: history.LookBegan, Region: regions[side], ID: move})
		if err := look(ctx, d, side); err != nil {
			return err
		}
		d.history.Append(history.Event{Kind: history.LookEnded, Region: regions[side], ID: move})
		return lookUpMove(ctx, d, side)
	}
}

// look logs every customer in who signed up since the look before.
func look(ctx context.Context, d *Drill, side config.Side) error {
	client := shopper.NewHTTP(d.dial)
	defer client.Close()
	shop, err := client.Open(ctx, d.sites[side])
	if err != nil {
		return err
	}
	for _, w := range verdict.LookedFor(d.history.History()) {
		_, err := shop.LogIn(ctx, email(w.ID))
		var refusal *shopper.Refusal
		switch {
		case errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest:
			d.history.Append(history.Event{Kind: history.WriteLost, Region: regions[side], ID: w.ID})
		case err != nil:
			return err
		}
	}
	return nil
}

// buying waits until customers buy at a side, and the writer has arrived there, too.
func buying(side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		began := time.Now()
		return eventually(func(context.Context, *Drill) error {
			h := d.history.History()
			for _, kind := range []history.Kind{history.Sold, history.WriteAcknowledged} {
				if latest := h.Latest(kind); latest.Region != regions[side] || latest.At.Before(began) {
					return fmt.Errorf("nothing is sold in %s", regions[side])
				}
			}
			return nil
		})(ctx, d)
	}
}

// latestLoss is what the latest move has cost.
func latestLoss(d *Drill) verdict.Loss {
	losses := verdict.Of(d.history.History(), verdict.Objectives{}).Losses
	return losses[len(losses)-1]
}

// nothingLost: the latest move has cost no acknowledged write.
func nothingLost(_ context.Context, d *Drill) error {
	found := latestLoss(d)
	if len(found.Lost) > 0 {
		return fmt.Errorf("%s has lost %d acknowledged writes: %s", found.Move, len(found.Lost), found.IDs())
	}
	return nil
}

// lostBetween: the latest move has cost so much time of writes, and the writes of that time.
func lostBetween(low, high time.Duration) check {
	return func(_ context.Context, d *Drill) error {
		found := latestLoss(d)
		if took := time.Duration(found.Milliseconds) * time.Millisecond; took < low || took > high || len(found.Lost) == 0 {
			return fmt.Errorf("lost %d writes of %s, want writes of %s to %s", len(found.Lost), took, low, high)
		}
		return nil
	}
}
