package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

const (
	writePace = 20 * time.Millisecond
	probePace = 100 * time.Millisecond
	// attempt is how long a customer waits for one answer.
	attempt = 2 * time.Second
)

// write is what the shop has acknowledged: a customer who signed up.
type write struct {
	ID     string    `json:"id"`
	Region string    `json:"region"` // of the shop that acknowledged it
	At     time.Time `json:"at"`     // of the acknowledgement
}

// measurement watches the shop from outside, as its customers do: a writer, as steady as it can, and a probe.
type measurement struct {
	drill *Drill
	sites map[config.Side]string
	stop  context.CancelFunc
	group sync.WaitGroup

	lock       sync.Mutex
	began      time.Time
	writes     []write
	sales      []write     // the probe's
	checked    int         // writes that have been looked for
	outage     time.Time   // that the system is recovering from; zero: from none
	typed      time.Time   // when the command of the latest move was
	milestones []milestone // of the latest recovery
	losses     []loss
	recovery   *rto
	visits     []visited
	marks      []time.Time // when outages and moves began
}

// measure begins to measure.
func measure(ctx context.Context, d *Drill) error {
	m := &measurement{drill: d, sites: map[config.Side]string{}, began: time.Now()}
	for side := range regions {
		stack, err := d.system.Stack(ctx, side)
		if err != nil {
			return err
		}
		m.sites[side] = stack.Outputs["WebsiteURL"]
	}
	ctx, m.stop = context.WithCancel(ctx)
	d.lock.Lock()
	d.measurement = m
	d.lock.Unlock()
	m.group.Go(func() { m.every(ctx, writePace, "writer", &m.writes, m.signUp) })
	m.group.Go(func() { m.every(ctx, probePace, "probe", &m.sales, m.buy) })
	m.group.Go(func() { m.watchHealth(ctx) })
	return nil
}

func (d *Drill) stopMeasuring() {
	if d.measurement != nil {
		d.measurement.stop()
		d.measurement.group.Wait()
	}
}

func noMoreMeasuring(_ context.Context, d *Drill) error {
	d.stopMeasuring()
	return nil
}

// purchase writes to a shop, or to the one that is found at a site when there is none yet, and returns the shop.
type purchase func(ctx context.Context, client *shopper.HTTP, shop *shopper.Shop, site, id string) (*shopper.Shop, error)

// every writes at a pace to the shop that takes writes, and looks for another one when it does not.
func (m *measurement) every(ctx context.Context, pace time.Duration, name string, record *[]write, do purchase) {
	client := shopper.NewHTTP(m.drill.dial)
	defer client.Close()
	side, ticks := primary, time.NewTicker(pace)
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
		opened, err := do(taken, client, shop, m.sites[side], id)
		cancel()
		if err != nil {
			shop, side = nil, side.Other()
			continue
		}
		shop = opened
		m.lock.Lock()
		*record = append(*record, write{id, shop.Region, time.Now()})
		m.lock.Unlock()
	}
}

// signUp is what the writer does: the page is open already, and stays open while its shop takes writes.
func (m *measurement) signUp(ctx context.Context, client *shopper.HTTP, shop *shopper.Shop, site, id string) (_ *shopper.Shop, err error) {
	if shop == nil {
		if shop, err = m.open(ctx, client, site); err != nil {
			return nil, err
		}
	}
	_, err = shop.SignUp(ctx, customer(id))
	return shop, err
}

// buy is what the probe does: a new visitor opens the page, signs up, and puts a unicorn into the basket.
func (m *measurement) buy(ctx context.Context, client *shopper.HTTP, _ *shopper.Shop, site, id string) (*shopper.Shop, error) {
	shop, err := m.open(ctx, client, site)
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
	if err := shop.Put(ctx, user, unicorns[0]); err != nil {
		return nil, err
	}
	if shop.Region == regions[secondary] {
		m.note(firstSale)
	}
	return shop, nil
}

func (m *measurement) open(ctx context.Context, client *shopper.HTTP, site string) (*shopper.Shop, error) {
	shop, err := client.Open(ctx, site)
	if err == nil && shop.Region == regions[secondary] {
		m.note("site published")
	}
	return shop, err
}

func customer(id string) shopper.Person {
	return shopper.Person{Email: email(id), FirstName: "Steady", LastName: "Customer"}
}

func email(id string) string { return id + "@example.com" }

// watchHealth notes when the shop in us-west-1 answers.
func (m *measurement) watchHealth(ctx context.Context) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: attempt}
	for ctx.Err() == nil {
		time.Sleep(probePace)
		for _, machine := range m.drill.world.Machines(regions[secondary]) {
			response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/health/ishealthy", machine.Port))
			if err != nil {
				continue
			}
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				m.note("shop healthy")
			}
		}
	}
}
