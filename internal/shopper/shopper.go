// Package shopper walks through a deployed shop as a customer does: it signs up, puts unicorns into the basket and finds
// them there again, also at another region's site. [Browser] does it on the page, in Chromium; [HTTP] makes the
// same requests to the API directly, for a machine that has no Chromium ([ErrNoBrowser]).
package shopper

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
)

// ErrNoBrowser is what [Open] answers on a machine without Chromium. The journey can be made by [HTTP] instead.
var ErrNoBrowser = errors.New("no Chromium is installed")

// Dial opens the connection to "host:port", the real name of a site or an API. A drill answers with what runs on this
// machine, and may answer differently later; what it refuses does not exist. Nil is the ordinary network.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Person is a customer.
type Person struct {
	Email, FirstName, LastName string
}

// Shopper makes the journeys: a [Browser], or [HTTP].
type Shopper interface {
	// Walk is the journey of a new customer: sign up, unicorns into the basket, log in again, the basket kept.
	Walk(ctx context.Context, site string, who Person) (Visit, error)
	// Return is the journey of a known customer, at this site or another: log in, look into the basket.
	Return(ctx context.Context, site string, who Person) (Visit, error)
	Close() error
}

var _, _ Shopper = (*Browser)(nil), (*HTTP)(nil)

// Visit is what a shopper saw last at a site.
type Visit struct {
	Region, Instance string   // the label of the page
	Basket           []string // names of the unicorns
}

// choices is how many unicorns a journey puts into its basket: enough for a count and a total.
const choices = 2

func sameBasket(when string, got, want []string) error {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s the basket holds %q, want %q", when, got, want)
	}
	return nil
}
