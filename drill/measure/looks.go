package measure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/drill/verdict"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

// Losses looks for all that was acknowledged, at the shop that is active now, and adds to the history what is missing, and
// what CloudFormation says of the move.
func Losses(move string, side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		if err := Buying(side)(ctx, d); err != nil {
			return err
		}
		d.History.Append(history.Event{Kind: history.LookBegan, Region: stage.Regions[side], ID: move})
		if err := look(ctx, d, side); err != nil {
			return err
		}
		d.History.Append(history.Event{Kind: history.LookEnded, Region: stage.Regions[side], ID: move})
		return lookUpMove(ctx, d, side)
	}
}

// look logs every customer in who signed up since the look before.
func look(ctx context.Context, d *stage.Drill, side config.Side) error {
	client := shopper.NewHTTP(d.Dial)
	defer client.Close()
	shop, err := client.Open(ctx, d.Sites[side])
	if err != nil {
		return err
	}
	for _, w := range verdict.LookedFor(d.History.History()) {
		_, err := shop.LogIn(ctx, email(w.ID))
		var refusal *shopper.Refusal
		switch {
		case errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest:
			d.History.Append(history.Event{Kind: history.WriteLost, Region: stage.Regions[side], ID: w.ID})
		case err != nil:
			return err
		}
	}
	return nil
}

// Buying waits until customers buy at a side, and the writer has arrived there, too.
func Buying(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		began := time.Now()
		return check.Eventually(func(context.Context, *stage.Drill) error {
			h := d.History.History()
			for _, kind := range []history.Kind{history.Purchased, history.WriteAcknowledged} {
				if latest := h.Latest(kind); latest.Region != stage.Regions[side] || latest.At.Before(began) {
					return fmt.Errorf("no customer has bought in %s since then", stage.Regions[side])
				}
			}
			return nil
		})(ctx, d)
	}
}
