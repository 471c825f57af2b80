// Package measure uses the shop as customers do, and writes to the history what they see. It judges nothing.
package measure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

const (
	writePace = 20 * time.Millisecond
	probePace = 100 * time.Millisecond
	// attempt is how long a customer waits for one answer.
	attempt = 2 * time.Second
)

// customers use the shop from outside, as steadily as they can, and write to the history what it answers: a writer, who
// signs up again and again; a probe, who buys as a new visitor; and one who asks every shop whether it is healthy.
type customers struct {
	drill  *stage.Drill
	sites  map[config.Side]string
	cancel context.CancelFunc
	group  sync.WaitGroup
}

// Begin starts the customers.
func Begin(ctx context.Context, d *stage.Drill) error {
	c := &customers{drill: d, sites: map[config.Side]string{}}
	for side := range stage.Regions {
		stack, err := d.System.Stack(ctx, side)
		if err != nil {
			return err
		}
		c.sites[side] = stack.Outputs["WebsiteURL"]
	}
	ctx, c.cancel = context.WithCancel(ctx)
	d.Sites, d.StopMeasuring = c.sites, c.stop
	d.History.Append(history.Event{Kind: history.MeasuringBegan})
	c.group.Go(func() { c.every(ctx, writePace, "writer", history.WriteAcknowledged, c.signUp) })
	c.group.Go(func() { c.every(ctx, probePace, "probe", history.Purchased, c.buy) })
	c.group.Go(func() { c.watchHealth(ctx) })
	return nil
}

// stop ends the customers.
func (c *customers) stop() {
	c.cancel()
	c.group.Wait()
}

// End ends the customers.
func End(_ context.Context, d *stage.Drill) error {
	d.StopMeasuring()
	return nil
}

// purchase writes to a shop, or to the one that is found at a site when there is none yet, and returns the shop.
type purchase func(ctx context.Context, client *shopper.HTTP, shop *shopper.Shop, site, id string) (*shopper.Shop, error)

// every writes at a pace to the shop that takes writes, and looks for another one when it does not. What is acknowledged
// goes to the history as a kind of event.
func (c *customers) every(ctx context.Context, pace time.Duration, name string, kind history.Kind, do purchase) {
	client := shopper.NewHTTP(c.drill.Dial)
	defer client.Close()
	side, ticks := config.Primary, time.NewTicker(pace)
	defer ticks.Stop()
	var shop *shopper.Shop
	for count := 0; ; count++ {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		id := fmt.Sprintf("%s-%d", name, count)
		taken, cancel := context.WithTimeout(ctx, attempt)
		opened, err := do(taken, client, shop, c.sites[side], id)
		cancel()
		if err != nil {
			shop, side = nil, side.Other()
			continue
		}
		shop = opened
		c.drill.History.Append(history.Event{Kind: kind, Region: shop.Region, ID: id})
	}
}

// signUp is what the writer does: the page is open already, and stays open while its shop takes writes.
func (c *customers) signUp(ctx context.Context, client *shopper.HTTP, shop *shopper.Shop, site, id string) (_ *shopper.Shop, err error) {
	if shop == nil {
		if shop, err = c.open(ctx, client, site); err != nil {
			return nil, err
		}
	}
	_, err = shop.SignUp(ctx, customer(id))
	return shop, err
}

// buy is what the probe does: a new visitor opens the page, signs up, and puts a unicorn into the basket.
func (c *customers) buy(ctx context.Context, client *shopper.HTTP, _ *shopper.Shop, site, id string) (*shopper.Shop, error) {
	shop, err := c.open(ctx, client, site)
	if err != nil {
		return nil, err
	}
	user, err := shop.SignUp(ctx, customer(id))
	if err != nil {
		return nil, err
	}
	unicorns, err := shop.Unicorns(ctx)
	if err == nil && len(unicorns) == 0 {
		err = errors.New("the catalogue is empty")
	}
	if err != nil {
		return nil, err
	}
	return shop, shop.Put(ctx, user, unicorns[0])
}

func (c *customers) open(ctx context.Context, client *shopper.HTTP, site string) (*shopper.Shop, error) {
	shop, err := client.Open(ctx, site)
	if err == nil {
		c.drill.History.Append(history.Event{Kind: history.PageOpened, Region: shop.Region})
	}
	return shop, err
}

func customer(id string) shopper.Person {
	return shopper.Person{Email: email(id), FirstName: "Steady", LastName: "Customer"}
}

func email(id string) string { return id + "@example.com" }

// watchHealth notices when the shop on an instance begins to answer.
func (c *customers) watchHealth(ctx context.Context) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: attempt}
	healthy := map[string]bool{}
	for ctx.Err() == nil {
		time.Sleep(probePace)
		for _, region := range stage.Regions {
			for _, machine := range c.drill.World.Machines(region) {
				response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/health/ishealthy", machine.Port))
				was := healthy[machine.Instance]
				healthy[machine.Instance] = err == nil && response.StatusCode == http.StatusOK
				if err == nil {
					response.Body.Close()
				}
				if healthy[machine.Instance] && !was {
					c.drill.History.Append(history.Event{Kind: history.ShopHealthy, Region: region, ID: machine.Instance})
				}
			}
		}
	}
}
