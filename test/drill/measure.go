package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
	"unishop-pilot-light/test/emulator"
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

// loss is what a move of the system has cost.
type loss struct {
	Move         string  `json:"move"`
	Acknowledged int     `json:"acknowledged"` // writes that were looked for
	Lost         []write `json:"lost"`
	Milliseconds int64   `json:"milliseconds"` // from the last write that survived an outage to the outage
	WriteOutage  float64 `json:"writeOutage"`  // seconds: the longest gap between acknowledged writes
}

// milestone is something that happened on the way from the outage to the first sale.
type milestone struct {
	Says string    `json:"says"`
	At   time.Time `json:"at"`
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
	sales      []write // the probe's
	checked    int     // writes that have been looked for
	outage     time.Time
	typed      time.Time // when the command of the latest move was
	milestones []milestone
	losses     []loss
	recovery   []milestone // of the first outage
	visits     []visited
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
	m.group.Go(func() { m.every(ctx, writePace, "writer", &m.writes, false) })
	m.group.Go(func() { m.every(ctx, probePace, "probe", &m.sales, true) })
	m.group.Go(func() { m.watchHealth(ctx) })
	return nil
}

func stopMeasuring(_ context.Context, d *Drill) error {
	if d.measurement != nil {
		d.measurement.stop()
		d.measurement.group.Wait()
	}
	return nil
}

// every writes at a pace to the shop that takes writes, and looks for another one when it does not.
func (m *measurement) every(ctx context.Context, pace time.Duration, name string, record *[]write, sale bool) {
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
		opened, err := m.write(ctx, client, shop, m.sites[side], id, sale)
		if err != nil {
			shop, side = nil, side.Other()
			continue
		}
		shop = opened
		m.lock.Lock()
		*record = append(*record, write{id, shop.Region, time.Now()})
		m.lock.Unlock()
		if sale && shop.Region == regions[secondary] {
			m.note("first sale in us-west-1")
		}
	}
}

// write signs a customer up, who for a sale also puts a unicorn into the basket.
func (m *measurement) write(ctx context.Context, client *shopper.HTTP, shop *shopper.Shop, site, id string, sale bool) (_ *shopper.Shop, err error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	if shop == nil {
		if shop, err = client.Open(ctx, site); err != nil {
			return nil, err
		}
		if shop.Region == regions[secondary] {
			m.note("site published")
		}
	}
	user, err := shop.SignUp(ctx, shopper.Person{Email: email(id), FirstName: "Steady", LastName: "Customer"})
	if err != nil || !sale {
		return shop, err
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

func email(id string) string { return id + "@example.com" }

// watchHealth notes when the shop in us-west-1 answers, which CloudFormation hears as its signal.
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

// note notes a milestone of a recovery, the first time.
func (m *measurement) note(says string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.outage.IsZero() {
		return // no recovery is going on
	}
	for _, known := range m.milestones {
		if known.Says == says {
			return
		}
	}
	m.milestones = append(m.milestones, milestone{says, time.Now()})
}

// happened notes an event of the emulator that the world has made real.
func (m *measurement) happened(event *emulator.Event) {
	if m == nil {
		return
	}
	switch {
	case event.Name == emulator.InstanceLaunched && event.Region == regions[secondary]:
		m.note("instance launched")
	case event.Name == emulator.WriterChanged && event.To.Region == regions[secondary]:
		m.note("database promoted")
	}
}

// fell notes an outage.
func (m *measurement) fell() {
	if m == nil {
		return
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	m.outage, m.milestones = time.Now(), nil
}

// moving notes when the command of a move is typed.
func moving(do action) action {
	return func(ctx context.Context, d *Drill) error {
		m := d.measurement
		m.lock.Lock()
		m.typed = time.Now()
		m.lock.Unlock()
		m.note("command typed")
		err := do(ctx, d)
		m.note("command done")
		return err
	}
}

// count looks for all that was acknowledged, at the shop that is active now, and says what is missing.
func count(move string, side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		m := d.measurement
		if err := m.awaitSale(ctx, side); err != nil {
			return err
		}
		m.lock.Lock()
		all, outage, typed := m.writes[:], m.outage, m.typed
		looked := all[m.checked:]
		m.checked = len(all)
		m.lock.Unlock()
		client := shopper.NewHTTP(d.dial)
		defer client.Close()
		lost, err := missing(ctx, client, m.sites[side], looked)
		if err != nil {
			return err
		}
		found := loss{Move: move, Acknowledged: len(looked), Lost: lost, WriteOutage: longestGap(all, typed).Seconds()}
		m.lock.Lock()
		defer m.lock.Unlock()
		if !outage.IsZero() {
			found.WriteOutage = longestGap(all, outage).Seconds()
			found.Milliseconds = unprotected(looked, lost, outage).Milliseconds()
			if m.recovery == nil {
				m.recovery = append([]milestone{{"outage", outage}}, m.milestones...)
			}
		}
		m.losses, m.outage = append(m.losses, found), time.Time{}
		return nil
	}
}

// awaitSale waits for the probe's next sale at a side, so that the writer has arrived there, too.
func (m *measurement) awaitSale(ctx context.Context, side config.Side) error {
	began := time.Now()
	return eventually(func(context.Context, *Drill) error {
		m.lock.Lock()
		defer m.lock.Unlock()
		for _, all := range [][]write{m.sales, m.writes} {
			if last := len(all) - 1; last < 0 || all[last].Region != regions[side] || all[last].At.Before(began) {
				return fmt.Errorf("nothing is sold in %s", regions[side])
			}
		}
		return nil
	})(ctx, m.drill)
}

// missing are the writes that the shop does not know.
func missing(ctx context.Context, client *shopper.HTTP, site string, looked []write) (lost []write, err error) {
	shop, err := client.Open(ctx, site)
	if err != nil {
		return nil, err
	}
	lost = []write{}
	for _, w := range looked {
		_, err := shop.LogIn(ctx, email(w.ID))
		var refusal *shopper.Refusal
		switch {
		case errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest:
			lost = append(lost, w)
		case err != nil:
			return nil, err
		}
	}
	return lost, nil
}

// unprotected is the time before the outage of which nothing survived: none when nothing is lost.
func unprotected(looked, lost []write, outage time.Time) time.Duration {
	if len(lost) == 0 {
		return 0
	}
	gone, last := map[string]bool{}, looked[0].At
	for _, w := range lost {
		gone[w.ID] = true
	}
	for _, w := range looked {
		if !gone[w.ID] && w.At.Before(outage) {
			last = w.At
		}
	}
	return max(0, outage.Sub(last))
}

// longestGap between acknowledged writes, from the last one before a moment on.
func longestGap(all []write, from time.Time) (longest time.Duration) {
	for i := 1; i < len(all); i++ {
		if all[i].At.After(from) {
			longest = max(longest, all[i].At.Sub(all[i-1].At))
		}
	}
	return longest
}

// nothingLost: the latest move has cost no acknowledged write.
func nothingLost(_ context.Context, d *Drill) error {
	found := d.measurement.losses[len(d.measurement.losses)-1]
	if len(found.Lost) > 0 {
		return fmt.Errorf("%s has lost %d acknowledged writes: %s", found.Move, len(found.Lost), names(found.Lost))
	}
	return nil
}

// lostBetween: the latest move has cost so much time of writes, and the writes of that time.
func lostBetween(low, high time.Duration) check {
	return func(_ context.Context, d *Drill) error {
		found := d.measurement.losses[len(d.measurement.losses)-1]
		if took := time.Duration(found.Milliseconds) * time.Millisecond; took < low || took > high || len(found.Lost) == 0 {
			return fmt.Errorf("lost are %d writes of %s, expected %s to %s of them", len(found.Lost), took, low, high)
		}
		return nil
	}
}

func names(writes []write) string {
	var all []string
	for _, w := range writes {
		all = append(all, w.ID)
	}
	return strings.Join(all, " ")
}
