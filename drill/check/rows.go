package check

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

// Rows: so many customers have filled their baskets, as the database of a side has it.
func Rows(side config.Side, count int) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		found, err := d.Rows(ctx, side, "unishop.unicorns_basket")
		if err == nil && found != strconv.Itoa(count) {
			err = fmt.Errorf("%s rows are in the baskets of the %s, want %d", found, side, count)
		}
		return err
	}
}

// Knows: a customer logs in at a side's shop, and finds something in the basket.
func Knows(side config.Side, email string) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		return d.AtShop(ctx, side, func(shop *shopper.Shop) error {
			user, err := shop.LogIn(ctx, email)
			if err != nil {
				return fmt.Errorf("%s: %w", email, err)
			}
			basket, err := shop.Basket(ctx, user)
			if err == nil && len(basket) == 0 {
				err = fmt.Errorf("the basket of %s is empty", email)
			}
			return err
		})
	}
}

// OnlyTheSystem: no region has another DB cluster or DB instance than the system's.
func OnlyTheSystem(ctx context.Context, d *stage.Drill) error {
	left, err := d.Emulator.Leftovers(ctx)
	if err != nil {
		return err
	}
	for side, region := range stage.Regions {
		names := d.System.Names
		if !slices.Equal(left[region]["dbClusters"], []string{names.Cluster(side)}) || !slices.Equal(left[region]["dbInstances"], []string{names.Instance(side)}) {
			return fmt.Errorf("%s has %v and %v", region, left[region]["dbClusters"], left[region]["dbInstances"])
		}
	}
	return nil
}
