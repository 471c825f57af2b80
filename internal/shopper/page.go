package shopper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/chromedp"
)

// pageTimeout is for one step on the page: a busy machine in the middle of a drill, not a slow shop.
const pageTimeout = 30 * time.Second

// Walk is the journey of a new customer: sign up, unicorns into the basket, reload, log out, log in again, the basket kept.
func (b *Browser) Walk(ctx context.Context, site string, who Person) (Visit, error) {
	if err := b.Visit(ctx, site); err != nil {
		return Visit{}, err
	}
	if err := b.SignUp(ctx, who); err != nil {
		return Visit{}, err
	}
	if err := b.Choose(ctx, choices); err != nil {
		return Visit{}, err
	}
	chosen, err := b.Basket(ctx)
	if err != nil {
		return Visit{}, err
	}
	if len(chosen) != choices {
		return Visit{}, fmt.Errorf("the basket holds %q, want %d unicorns", chosen, choices)
	}
	if err := b.Visit(ctx, site); err != nil {
		return Visit{}, err
	}
	if known, err := b.isKnown(ctx); err != nil || !known {
		return Visit{}, errors.Join(errors.New("the log-in is lost after a reload"), err)
	}
	reloaded, err := b.Basket(ctx)
	if err != nil {
		return Visit{}, err
	}
	if err := sameBasket("after a reload", reloaded, chosen); err != nil {
		return Visit{}, err
	}
	if err := b.LogOut(ctx); err != nil {
		return Visit{}, err
	}
	visit, err := b.Return(ctx, site, who)
	if err != nil {
		return Visit{}, err
	}
	return visit, sameBasket("after logging in again", visit.Basket, chosen)
}

// Return is the journey of a known customer, at this site or another: open it, log in unless it remembers the customer, look
// into the basket.
func (b *Browser) Return(ctx context.Context, site string, who Person) (Visit, error) {
	if err := b.Visit(ctx, site); err != nil {
		return Visit{}, err
	}
	known, err := b.isKnown(ctx)
	if err != nil {
		return Visit{}, err
	}
	if !known {
		if err := b.LogIn(ctx, who.Email); err != nil {
			return Visit{}, err
		}
	}
	var visit Visit
	if visit.Region, visit.Instance, err = b.Place(ctx); err != nil {
		return Visit{}, err
	}
	visit.Basket, err = b.Basket(ctx)
	return visit, err
}

// Visit opens a site and waits until the page is complete. An empty site is a [Refusal].
func (b *Browser) Visit(ctx context.Context, site string) error {
	limited, cancel := b.limited(ctx)
	defer cancel()
	response, err := chromedp.RunResponse(limited, chromedp.Navigate(site))
	if err != nil {
		return fmt.Errorf("%s: %w", site, err)
	}
	if response != nil && response.Status >= 400 {
		return &Refusal{Request: "GET " + site, Status: int(response.Status)}
	}
	return b.await(ctx, `document.querySelector("#place").dataset.state === "open"`)
}

// SignUp signs up by the form.
func (b *Browser) SignUp(ctx context.Context, who Person) error {
	return b.enter(ctx, "sign-up", map[string]string{"email": who.Email, "firstName": who.FirstName, "lastName": who.LastName})
}

// LogIn logs in by the form.
func (b *Browser) LogIn(ctx context.Context, email string) error {
	return b.enter(ctx, "log-in", map[string]string{"email": email})
}

func (b *Browser) enter(ctx context.Context, dialog string, fields map[string]string) error {
	if err := b.click(ctx, `#guest [data-opens="`+dialog+`"]`); err != nil {
		return err
	}
	for name, text := range fields {
		field := `#` + dialog + ` [name="` + name + `"]`
		if err := b.run(ctx, chromedp.SendKeys(field, text, chromedp.ByQuery)); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	if err := b.click(ctx, `#`+dialog+` .btn-primary`); err != nil {
		return err
	}
	return b.await(ctx, isShown("#customer")+` && !document.querySelector("dialog[open]")`)
}

// LogOut logs out.
func (b *Browser) LogOut(ctx context.Context) error {
	if err := b.click(ctx, "#log-out"); err != nil {
		return err
	}
	return b.await(ctx, isShown("#guest"))
}

// Choose puts the first so many unicorns of the catalogue into the basket; none may be in it before.
func (b *Browser) Choose(ctx context.Context, count int) error {
	for i := 1; i <= count; i++ {
		if err := b.click(ctx, fmt.Sprintf("#unicorns > li:nth-child(%d) button", i)); err != nil {
			return err
		}
		if err := b.await(ctx, fmt.Sprintf(`document.querySelectorAll("#unicorns > .is-chosen").length === %d`, i)); err != nil {
			return err
		}
	}
	return nil
}

// Basket opens the basket, waits until the page has it, reads the names in it, and closes it.
func (b *Browser) Basket(ctx context.Context) ([]string, error) {
	if err := b.click(ctx, ".basket-button"); err != nil {
		return nil, err
	}
	if err := b.await(ctx, `document.querySelector("#chosen").ariaBusy !== "true"`); err != nil {
		return nil, err
	}
	var names []string
	read := chromedp.Evaluate(`[...document.querySelectorAll("#chosen .line-name")].map((name) => name.textContent)`, &names)
	if err := b.run(ctx, read); err != nil {
		return nil, err
	}
	return names, b.click(ctx, "#basket .drawer-head [data-closes]")
}

// Place reads the label that says which region and instance serve the page.
func (b *Browser) Place(ctx context.Context) (region, instance string, err error) {
	err = b.run(ctx, chromedp.Text("#region", &region, chromedp.ByQuery), chromedp.Text("#instance", &instance, chromedp.ByQuery))
	return region, instance, err
}

// Screenshot writes what the shopper sees in a window of this size to a PNG file.
func (b *Browser) Screenshot(ctx context.Context, width, height int64, file string) error {
	if err := b.run(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		return err
	}
	still := `document.getAnimations().length === 0 && [...document.querySelectorAll("#unicorns img")].every((image) =>
		image.getBoundingClientRect().top > innerHeight || (image.complete && image.naturalWidth))`
	if err := b.await(ctx, still); err != nil {
		return err
	}
	var png []byte
	if err := b.run(ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}

// isKnown: the page greets a customer.
func (b *Browser) isKnown(ctx context.Context) (known bool, err error) {
	return known, b.run(ctx, chromedp.Evaluate(isShown("#customer"), &known))
}

func isShown(selector string) string {
	return `!document.querySelector("` + selector + `").hidden`
}

func (b *Browser) click(ctx context.Context, selector string) error {
	if err := b.run(ctx, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible)); err != nil {
		return fmt.Errorf("click %s: %w", selector, err)
	}
	return nil
}

func (b *Browser) run(ctx context.Context, actions ...chromedp.Action) error {
	limited, cancel := b.limited(ctx)
	defer cancel()
	return chromedp.Run(limited, actions...)
}

// limited is the tab's context, ended by the caller's as well.
func (b *Browser) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithTimeout(b.ctx, pageTimeout)
	stop := context.AfterFunc(ctx, cancel)
	return limited, func() { stop(); cancel() }
}

// await waits until a condition holds. chromedp's Poll makes a function from text, which the page's security policy forbids.
func (b *Browser) await(ctx context.Context, condition string) error {
	limited, cancel := b.limited(ctx)
	defer cancel()
	for {
		var holds bool
		err := chromedp.Run(limited, chromedp.Evaluate(condition, &holds))
		if err == nil && holds {
			return nil
		}
		select {
		case <-limited.Done():
			return errors.Join(fmt.Errorf("the page never came to %s: %w", condition, limited.Err()), err, b.complaint(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// complaint is the error that the page shows, as a Go error.
func (b *Browser) complaint(ctx context.Context) error {
	var text string
	said := `[...document.querySelectorAll("#trouble-text, .problem, #news")].map((place) => place.textContent).join(" ").trim()`
	if err := b.run(ctx, chromedp.Evaluate(said, &text)); err != nil {
		return err
	}
	return fmt.Errorf("the page says: %q", text)
}
