package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

var ada = shopper.Person{Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace"}

// WalkAt has a new customer fill a basket at a side's site, while the other site is empty.
func WalkAt(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		status, err := check.Refusal(ctx, d, side.Other())
		if err != nil {
			return err
		}
		if status/100 != 4 {
			return fmt.Errorf("the site of the %s is not empty: it answers with status %d", side.Other(), status)
		}
		browser, err := shopper.Open(ctx, d.Dir, d.Dial)
		switch {
		case err == nil:
			d.Shopper, d.ShopsBy = browser, "headless Chromium"
		case errors.Is(err, shopper.ErrNoBrowser):
			d.Shopper, d.ShopsBy = shopper.NewHTTP(d.Dial), "HTTP, for want of Chromium"
		default:
			return err
		}
		return saw(ctx, d, side, d.Shopper.Walk)
	}
}

// FindAt has the same customer, in the same browser, find the same basket at another site.
func FindAt(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		if err := saw(ctx, d, side, d.Shopper.Return); err != nil {
			return err
		}
		visits := d.History.History().Of(history.Visited)
		before, found := visits[0].Visit.Basket, visits[len(visits)-1].Visit.Basket
		if !slices.Equal(slices.Sorted(slices.Values(found)), slices.Sorted(slices.Values(before))) {
			return fmt.Errorf("the basket held %q, and holds %q", before, found)
		}
		return nil
	}
}

type journey = func(context.Context, string, shopper.Person) (shopper.Visit, error)

func saw(ctx context.Context, d *stage.Drill, side config.Side, walk journey) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	visit, err := walk(ctx, d.Sites[side], ada)
	if err != nil {
		return err
	}
	if visit.Region != stage.Regions[side] || len(visit.Basket) == 0 {
		return fmt.Errorf("the page in %s says %+v", stage.Regions[side], visit)
	}
	seen := history.Visit{Instance: visit.Instance, Basket: visit.Basket, By: d.ShopsBy}
	if browser, ok := d.Shopper.(*shopper.Browser); ok {
		file := filepath.Join(d.Dir, string(side)+".png")
		if err := browser.Screenshot(ctx, 1280, 800, file); err != nil {
			return err
		}
		if seen.Picture, err = os.ReadFile(file); err != nil {
			return err
		}
	}
	d.History.Append(history.Event{Kind: history.Visited, Region: visit.Region, Visit: &seen})
	return nil
}
