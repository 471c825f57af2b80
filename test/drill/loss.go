package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

// loss is what a move of the system has cost.
type loss struct {
	Move         string  `json:"move"`
	Acknowledged int     `json:"acknowledged"` // writes that were looked for
	Lost         []write `json:"lost"`
	Milliseconds int64   `json:"milliseconds"` // from the last write that survived an outage to the outage
	WriteOutage  float64 `json:"writeOutage"`  // seconds: the longest gap between acknowledged writes
}

// count looks for all that was acknowledged, at the shop that is active now, and says what is missing.
func count(move string, side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		m := d.measurement
		if err := m.awaitSale(ctx, side); err != nil {
			return err
		}
		m.lock.Lock()
		all, outage, began := m.writes[:], m.outage, m.typed
		looked := all[m.checked:]
		m.checked = len(all)
		m.lock.Unlock()
		client := shopper.NewHTTP(d.dial)
		defer client.Close()
		lost, err := missing(ctx, client, m.sites[side], looked)
		if err != nil {
			return err
		}
		found := loss{Move: move, Acknowledged: len(looked), Lost: lost}
		if !outage.IsZero() {
			began, found.Milliseconds = outage, unprotected(looked, lost, outage).Milliseconds()
		}
		found.WriteOutage = longestGap(all, began).Seconds()
		m.lock.Lock()
		defer m.lock.Unlock()
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

// buying waits until customers buy at a side.
func buying(side config.Side) action {
	return func(ctx context.Context, d *Drill) error { return d.measurement.awaitSale(ctx, side) }
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
