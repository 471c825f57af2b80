package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

var ada = shopper.Person{Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace"}

// dial leads every public name to the world.
func (d *Drill) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, d.world.Front())
}

// walkAt has a new customer fill a basket at a side's site, while the other site is dark.
func walkAt(side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		if status, err := refusal(ctx, d, side.Other()); err != nil || status/100 != 4 {
			return fmt.Errorf("the site of the %s is not dark, it answers with %d (%v)", side.Other(), status, err)
		}
		browser, err := shopper.Open(ctx, d.dir, d.dial)
		switch {
		case err == nil:
			d.shopper, d.shopsBy = browser, "headless Chromium"
		case errors.Is(err, shopper.ErrNoBrowser):
			d.shopper, d.shopsBy = shopper.NewHTTP(d.dial), "HTTP, for want of Chromium"
		default:
			return err
		}
		return saw(ctx, d, side, d.shopper.Walk)
	}
}

// findAt has the same customer, in the same browser, find the same basket at another site.
func findAt(side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		if err := saw(ctx, d, side, d.shopper.Return); err != nil {
			return err
		}
		visits := d.history.History().Of(history.Visited)
		before, found := visits[0].Visit.Basket, visits[len(visits)-1].Visit.Basket
		if !slices.Equal(slices.Sorted(slices.Values(found)), slices.Sorted(slices.Values(before))) {
			return fmt.Errorf("the basket held %q, and holds %q", before, found)
		}
		return nil
	}
}

type journey = func(context.Context, string, shopper.Person) (shopper.Visit, error)

func saw(ctx context.Context, d *Drill, side config.Side, walk journey) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	visit, err := walk(ctx, d.sites[side], ada)
	if err != nil {
		return err
	}
	if visit.Region != regions[side] || len(visit.Basket) == 0 {
		return fmt.Errorf("the page in %s says %+v", regions[side], visit)
	}
	seen := history.Visit{Instance: visit.Instance, Basket: visit.Basket, By: d.shopsBy}
	if browser, ok := d.shopper.(*shopper.Browser); ok {
		file := filepath.Join(d.dir, string(side)+".png")
		if err := browser.Screenshot(ctx, 1280, 800, file); err != nil {
			return err
		}
		if seen.Picture, err = os.ReadFile(file); err != nil {
			return err
		}
	}
	d.history.Append(history.Event{Kind: history.Visited, Region: visit.Region, Visit: &seen})
	return nil
}
