package shopper

import (
	"context"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func visit(t *testing.T, b *Browser, r *region) {
	t.Helper()
	require.NoError(t, b.Visit(soon(t), r.site))
}

func signUp(t *testing.T, b *Browser) {
	t.Helper()
	require.NoError(t, b.SignUp(soon(t), ada))
}

// ask evaluates an expression in the page.
func ask[T any](t *testing.T, b *Browser, expression string) (value T) {
	t.Helper()
	require.NoError(t, b.run(soon(t), chromedp.Evaluate(expression, &value)))
	return value
}

func do(t *testing.T, b *Browser, actions ...chromedp.Action) {
	t.Helper()
	require.NoError(t, b.run(soon(t), actions...))
}

// waitFor waits until the page shows a text: what is hidden does not count.
func waitFor(t *testing.T, b *Browser, text string) {
	t.Helper()
	require.NoError(t, b.await(soon(t), "document.body.innerText.includes(`"+text+"`)"))
}

func waitForNo(t *testing.T, b *Browser, text string) {
	t.Helper()
	require.NoError(t, b.await(soon(t), "!document.body.innerText.includes(`"+text+"`)"))
}

func TestAReadOnlyShopSaysSoAndLaterThatItTakesOrders(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	visit(t, b, w.east)
	signUp(t, b)
	w.east.shop.readOnly.Store(true)

	require.NoError(t, b.click(soon(t), "#unicorns > li:first-child button"))
	waitFor(t, b, "The shop is read-only for now.")
	assert.Contains(t, ask[string](t, b, `document.querySelector("header").innerText`), "read-only")
	assert.Zero(t, ask[int](t, b, `document.querySelectorAll(".is-chosen").length`), "nothing was put into the basket")

	visit(t, b, w.east)
	waitFor(t, b, "The shop is read-only for now.") // also to whoever comes only now

	w.east.shop.readOnly.Store(false)
	waitFor(t, b, "The shop takes orders again.")
	waitForNo(t, b, "The shop is read-only for now.")
	require.NoError(t, b.Choose(soon(t), 1))
}

func TestSigningUpAtAReadOnlyShopIsAnsweredInTheDialog(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	visit(t, b, w.east)
	w.east.shop.readOnly.Store(true)
	do(t, b, chromedp.Click(`#guest [data-opens="sign-up"]`, chromedp.ByQuery),
		chromedp.SendKeys("#sign-up-email", ada.Email, chromedp.ByQuery),
		chromedp.SendKeys("#sign-up-first", ada.FirstName, chromedp.ByQuery),
		chromedp.SendKeys("#sign-up-last", ada.LastName+kb.Enter, chromedp.ByQuery))
	require.NoError(t, b.await(soon(t), `document.querySelector("#sign-up[open] .problem")?.textContent.includes("read-only")`))
	assert.Equal(t, ada.Email, ask[string](t, b, `document.querySelector("#sign-up-email").value`), "what was typed is kept")
}

func TestThePageRecoversByItselfWhenTheShopComesBack(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	w.east.shop.down.Store(true)
	do(t, b, chromedp.Navigate(w.east.site))
	waitFor(t, b, "The shop in us-east-1 does not answer.")
	waitFor(t, b, "Trying again in")

	w.east.shop.down.Store(false)
	waitFor(t, b, "Aurora")
	waitForNo(t, b, "does not answer")

	w.east.shop.down.Store(true) // and once more, with a customer in the middle of it
	require.NoError(t, b.click(soon(t), "#unicorns > li:first-child button"))
	do(t, b, chromedp.SendKeys("#log-in-email", ada.Email+kb.Enter, chromedp.ByQuery))
	waitFor(t, b, "The shop in us-east-1 does not answer.")
	assert.Contains(t, ask[string](t, b, `document.querySelector("#unicorns").innerText`), "Aurora", "the catalogue stays")
	w.east.shop.down.Store(false)
	require.NoError(t, b.await(soon(t), `document.querySelector("#trouble").hidden`))
}

func TestThePageSaysThatTheShopIsClosedWhenConfigJSONIsMissing(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	visit(t, b, w.east)
	w.east.withdrawn.Store(true)
	w.east.shop.down.Store(true)
	require.NoError(t, b.click(soon(t), "#unicorns > li:first-child button"))
	do(t, b, chromedp.SendKeys("#log-in-email", ada.Email+kb.Enter, chromedp.ByQuery))
	waitFor(t, b, "The shop is closed here (config.json: 404)")
	assert.Contains(t, ask[string](t, b, `document.querySelector("header").innerText`), "no region")

	w.east.withdrawn.Store(false)
	w.east.shop.down.Store(false)
	require.NoError(t, b.await(soon(t), `document.querySelector("#place").dataset.state === "open"`))
}

func TestACatalogueThatIsStillEmptyIsAskedForAgain(t *testing.T) {
	w := newRegions(t)
	unicorns := w.unicorns
	w.unicorns = nil
	b := browse(t, w)
	do(t, b, chromedp.Navigate(w.east.site))
	waitFor(t, b, "The catalogue is empty.")
	waitFor(t, b, "Trying again in")
	w.mutex.Lock()
	w.unicorns = unicorns
	w.mutex.Unlock()
	waitFor(t, b, "Aurora")
}

// The public Unishop's page signs up customers without names.
func TestACustomerWithoutANameIsCalledByTheirAddress(t *testing.T) {
	w := newRegions(t)
	w.users = []User{{UUID: "00000000-0000-4000-8000-000000000001", Email: ada.Email}}
	b := browse(t, w)
	visit(t, b, w.east)
	require.NoError(t, b.LogIn(soon(t), ada.Email))
	waitFor(t, b, "Welcome, "+ada.Email+".")
	waitFor(t, b, "Hello, "+ada.Email)
}

func TestHostileNamesAreShownAsText(t *testing.T) {
	const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	w := newRegions(t)
	w.unicorns[0].Name, w.unicorns[0].Description, w.unicorns[0].Image = evil, evil, `../../"><script>.svg`
	w.unicorns[1].Image = "http://evil.example/x.svg"
	b := browse(t, w)
	visit(t, b, w.east)
	require.NoError(t, b.SignUp(soon(t), Person{ada.Email, evil, evil}))
	require.NoError(t, b.Choose(soon(t), 2))
	names, err := b.Basket(soon(t))
	require.NoError(t, err)
	assert.Equal(t, []string{evil, "Basalt"}, names)
	waitFor(t, b, "Hello, "+evil)
	assert.Equal(t, "Unishop", ask[string](t, b, `document.title`))
	assert.Zero(t, ask[int](t, b, `document.querySelectorAll("body script, [onerror]").length`))
	assert.Empty(t, w.reachedFor())
}

func TestNothingButTheSiteAndTheAPIIsAsked(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	var asked []string
	chromedp.ListenTarget(b.ctx, func(event any) {
		if request, ok := event.(*network.EventRequestWillBeSent); ok {
			asked = append(asked, request.Request.URL)
		}
	})
	do(t, b, network.Enable())
	_, err := b.Walk(soon(t), w.east.site, ada)
	require.NoError(t, err)
	api := "http://ec2-203-0-113-7.compute-1.amazonaws.com/"
	assert.True(t, slices.ContainsFunc(asked, func(url string) bool { return strings.HasPrefix(url, api) }), "requests are seen")
	for _, url := range asked {
		assert.True(t, strings.HasPrefix(url, w.east.site) || strings.HasPrefix(url, api), url)
	}
	assert.Empty(t, w.reachedFor(), "Chromium itself asks for nothing either")
}

func TestAnAccountThatIsGoneIsLoggedOut(t *testing.T) {
	const farewell = "The shop does not know your account any more."
	for when, act := range map[string]func(t *testing.T, b *Browser, w *regions){
		"on the next visit": func(t *testing.T, b *Browser, w *regions) { visit(t, b, w.east) },
		"on the next change": func(t *testing.T, b *Browser, _ *regions) {
			require.NoError(t, b.click(soon(t), "#unicorns > li:first-child button"))
		},
	} {
		t.Run(when, func(t *testing.T) {
			w := newRegions(t)
			b := browse(t, w)
			visit(t, b, w.east)
			signUp(t, b)
			w.users = nil // a failover has lost the newest writes
			act(t, b, w)
			waitFor(t, b, farewell)
			assert.False(t, ask[bool](t, b, `document.querySelector("#guest").hidden`))
			assert.Empty(t, ask[string](t, b, `localStorage.getItem("unishop.user") ?? ""`))
			signUp(t, b) // as it says
		})
	}
}

func TestWhatAStrangerChoseGoesIntoTheBasketAfterTheLogIn(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	visit(t, b, w.east)
	signUp(t, b)
	require.NoError(t, b.LogOut(soon(t)))
	require.NoError(t, b.click(soon(t), "#unicorns > li:nth-child(3) button"))
	waitFor(t, b, "Then Cirrus goes into your basket.")
	do(t, b, chromedp.SendKeys("#log-in-email", ada.Email+kb.Enter, chromedp.ByQuery))
	waitFor(t, b, "Cirrus is in your basket.")
	names, err := b.Basket(soon(t))
	require.NoError(t, err)
	assert.Equal(t, []string{"Cirrus"}, names)
}

func TestTheBasketCountsAndAddsUpAndGivesBack(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	visit(t, b, w.east)
	signUp(t, b)
	require.NoError(t, b.Choose(soon(t), 2))
	shown := `document.querySelector(".basket-button").innerText.replace(/\s+/g, " ")`
	assert.Contains(t, ask[string](t, b, shown), "$2,140.00")
	do(t, b, chromedp.Click(".basket-button", chromedp.ByQuery), chromedp.Click("#chosen button", chromedp.ByQuery, chromedp.NodeVisible))
	require.NoError(t, b.await(soon(t), `document.querySelectorAll("#chosen li").length === 1`))
	require.NoError(t, b.await(soon(t), `document.activeElement.getAttribute("aria-label") === "Remove: Basalt"`), "the focus goes on to the next")
	assert.Contains(t, ask[string](t, b, shown), "$890.00")
	assert.Equal(t, "Aurora is out of your basket.", ask[string](t, b, `document.querySelector("#basket .problem").textContent`))
}

func TestARefusedSignUpSaysWhatToDo(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	visit(t, b, w.east)
	signUp(t, b)
	require.NoError(t, b.LogOut(soon(t)))
	do(t, b, chromedp.Click(`#guest [data-opens="sign-up"]`, chromedp.ByQuery),
		chromedp.SendKeys("#sign-up-email", ada.Email, chromedp.ByQuery),
		chromedp.SendKeys("#sign-up-first", "A", chromedp.ByQuery),
		chromedp.SendKeys("#sign-up-last", "L"+kb.Enter, chromedp.ByQuery))
	waitFor(t, b, "There is a customer with this e-mail address already. Log in instead.")
	do(t, b, chromedp.Click(`#sign-up [data-opens="log-in"]`, chromedp.ByQuery))
	require.NoError(t, b.await(soon(t), `document.querySelector("#log-in[open] [type=email]").value === "`+ada.Email+`"`), "the address is carried over")
}

// focused describes where the focus is, and whether that can be seen.
const focused = `(() => {
	const { activeElement: element } = document, style = getComputedStyle(element);
	const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none";
	return (element.id || element.dataset.opens || element.textContent.trim()) + (visible ? "" : " (invisible)");
})()`

func TestSigningUpNeedsNoMouse(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	visit(t, b, w.east)
	var stops []string
	tab := func() string {
		do(t, b, chromedp.KeyEvent(kb.Tab), chromedp.Sleep(50*time.Millisecond))
		stops = append(stops, ask[string](t, b, focused))
		return stops[len(stops)-1]
	}
	for tab() != "sign-up" {
		require.Less(t, len(stops), 10, "%q", stops)
	}
	assert.Equal(t, []string{"Skip to the unicorns", "Unishop", "log-in", "sign-up"}, stops)

	do(t, b, chromedp.KeyEvent(kb.Enter))
	require.NoError(t, b.await(soon(t), `document.activeElement.id === "sign-up-email"`), "the dialog takes the focus")
	do(t, b, chromedp.KeyEvent(ada.Email))
	assert.Equal(t, "sign-up-first", tab())
	do(t, b, chromedp.KeyEvent(ada.FirstName))
	assert.Equal(t, "sign-up-last", tab())
	do(t, b, chromedp.KeyEvent(ada.LastName+kb.Enter))
	waitFor(t, b, "Hello, Ada Lovelace")
	require.NoError(t, b.await(soon(t), `document.activeElement.matches(".basket-button")`), "the focus is not lost with the button that had it")

	do(t, b, chromedp.KeyEvent(kb.Enter))
	require.NoError(t, b.await(soon(t), `document.querySelector("#basket").open`))
	do(t, b, chromedp.KeyEvent(kb.Escape))
	require.NoError(t, b.await(soon(t), `!document.querySelector("#basket").open && document.activeElement.matches(".basket-button")`), "Escape closes, and the focus is back")
	assert.Equal(t, "Add to basket", tab())
}

// states are what the page can look like; each is checked by whoever checks the page's looks.
var states = []struct{ name, open string }{
	{"catalogue", ""}, {"log in", `#guest [data-opens="log-in"]`}, {"sign up", `#guest [data-opens="sign-up"]`},
	{"stranger's basket", ".basket-button"},
}

func TestAPhoneNeedsNoSidewaysScrolling(t *testing.T) {
	w := newRegions(t)
	w.unicorns[0].Name = strings.Repeat("Rumpelstilzchen", 6)
	b := browse(t, w)
	do(t, b, chromedp.EmulateViewport(360, 740))
	fits := func(state string) {
		t.Helper()
		wide := ask[[]string](t, b, `[document.scrollingElement, ...document.querySelectorAll("dialog[open]")]
			.filter((element) => element.scrollWidth > element.clientWidth).map((element) => element.id || element.tagName)`)
		assert.Empty(t, wide, state)
		assert.Empty(t, ask[[]string](t, b, `[...document.querySelectorAll("button, a, input, h3")]
			.filter((element) => { const box = element.getBoundingClientRect(); return box.width && (box.left < 0 || box.right > 360); })
			.map((element) => element.textContent)`), state)
	}
	for _, state := range states {
		visit(t, b, w.east)
		if state.open != "" {
			require.NoError(t, b.click(soon(t), state.open))
			require.NoError(t, b.await(soon(t), `document.getAnimations().length === 0`))
		}
		fits(state.name)
	}
	visit(t, b, w.east)
	require.NoError(t, b.SignUp(soon(t), Person{ada.Email, strings.Repeat("Wolfeschlegel", 7), "Lovelace"}))
	require.NoError(t, b.Choose(soon(t), 2))
	fits("with a customer")
	require.NoError(t, b.click(soon(t), ".basket-button"))
	require.NoError(t, b.await(soon(t), `document.getAnimations().length === 0`))
	fits("with a full basket")
}

func TestEverythingThatCanBeUsedHasANameAndAScreenReaderFindsItsWay(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	for _, state := range states {
		visit(t, b, w.east)
		if state.open != "" {
			require.NoError(t, b.click(soon(t), state.open))
		}
		assertNames(t, b, state.name)
	}
	visit(t, b, w.east)
	signUp(t, b)
	require.NoError(t, b.Choose(soon(t), 1))
	roles := assertNames(t, b, "with a customer")
	for _, role := range []string{"banner", "main", "contentinfo", "region", "status"} {
		assert.Contains(t, roles, role)
	}
	require.NoError(t, b.click(soon(t), ".basket-button"))
	assert.Contains(t, assertNames(t, b, "with a full basket"), "dialog")
}

// assertNames returns the roles in Chromium's accessibility tree: what a screen reader is given.
func assertNames(t *testing.T, b *Browser, state string) (roles []string) {
	t.Helper()
	type word struct {
		Value any `json:"value"`
	}
	// Not chromedp's own types: they refuse what a newer Chromium has to say.
	var tree struct {
		Nodes []struct {
			Ignored bool `json:"ignored"`
			Role    word `json:"role"`
			Name    word `json:"name"`
		} `json:"nodes"`
	}
	do(t, b, chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &tree)
	}))
	used := 0
	for _, node := range tree.Nodes {
		role, _ := node.Role.Value.(string)
		if node.Ignored {
			continue
		}
		roles = append(roles, role)
		if !slices.Contains([]string{"button", "link", "textbox", "dialog", "image", "region"}, role) {
			continue
		}
		used++
		name, _ := node.Name.Value.(string)
		assert.NotEmpty(t, strings.TrimSpace(name), "%s: a %s without a name", state, role)
	}
	assert.Greater(t, used, 2, "%s: the tree was read", state)
	return roles
}

func TestNothingMovesForWhoeverAskedForThat(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	moves := `[...document.querySelectorAll("*")].filter((element) => {
		const style = getComputedStyle(element);
		return style.transitionDuration.split(", ").some((time) => parseFloat(time)) || style.animationName !== "none";
	}).length`
	visit(t, b, w.east)
	assert.NotZero(t, ask[int](t, b, moves), "movements are seen")
	do(t, b, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	assert.Zero(t, ask[int](t, b, moves))
}

// TestEveryUnicornHasItsPicture also refuses pictures that no page shows.
func TestEveryUnicornHasItsPicture(t *testing.T) {
	var wanted []string
	for _, unicorn := range seed(t) {
		wanted = append(wanted, unicorn.Image)
	}
	files, err := filepath.Glob(pageDir + "/pictures/*")
	require.NoError(t, err)
	var drawn []string
	for _, file := range files {
		drawn = append(drawn, filepath.Base(file))
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Less(t, len(content), 6*1024, file)
		var picture struct {
			XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
			Title   string   `xml:"title"`
		}
		require.NoError(t, xml.Unmarshal(content, &picture), file)
		assert.NotEmpty(t, picture.Title, file)
		assert.NotRegexp(t, `(href|src)="[^#]|url\([^#]|<script|<foreignObject|\son\w+=`, string(content), file)
	}
	assert.ElementsMatch(t, wanted, drawn)
}
