package shopper

import (
	"image/png"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// journeys are the ways to shop: each makes the same journey, with the same outcome.
func journeys(t *testing.T, check func(t *testing.T, w *regions, shopper Shopper)) {
	t.Run("HTTP", func(t *testing.T) {
		w := newRegions(t)
		shopper := NewHTTP(w.dial)
		defer shopper.Close()
		check(t, w, shopper)
	})
	t.Run("browser", func(t *testing.T) {
		w := newRegions(t)
		check(t, w, browse(t, w))
	})
}

func TestABasketIsKeptAcrossReloadLogInAndRegions(t *testing.T) {
	journeys(t, func(t *testing.T, w *regions, shopper Shopper) {
		visit, err := shopper.Walk(soon(t), w.east.site, ada)
		require.NoError(t, err)
		assert.Equal(t, Visit{"us-east-1", "i-0a1b2c3d4e5f60718", []string{"Aurora", "Basalt"}}, visit)
		assert.Len(t, w.baskets[w.user(ada.Email).UUID], 2, "the basket is in the database")

		visit, err = shopper.Return(soon(t), w.west.site, ada)
		require.NoError(t, err)
		assert.Equal(t, Visit{"us-west-1", "i-08796a5b4c3d2e1f0", []string{"Aurora", "Basalt"}}, visit)
	})
}

// As the public Unishop's page needs it.
func TestTheHostOfConfigJSONMayCarryAScheme(t *testing.T) {
	journeys(t, func(t *testing.T, w *regions, shopper Shopper) {
		w.east.scheme.Store(true)
		visit, err := shopper.Walk(soon(t), w.east.site, ada)
		require.NoError(t, err)
		assert.Len(t, visit.Basket, choices)
	})
}

// The page shows who is logged in before it has their basket.
func TestABasketThatTakesItsTimeIsWaitedFor(t *testing.T) {
	journeys(t, func(t *testing.T, w *regions, shopper Shopper) {
		w.east.shop.slow.Store(true)
		visit, err := shopper.Walk(soon(t), w.east.site, ada)
		require.NoError(t, err)
		assert.Len(t, visit.Basket, choices)
	})
}

func TestALostBasketIsNoticed(t *testing.T) {
	journeys(t, func(t *testing.T, w *regions, shopper Shopper) {
		w.east.shop.forgetful.Store(true)
		_, err := shopper.Walk(soon(t), w.east.site, ada)
		assert.ErrorContains(t, err, `after logging in again the basket holds [], want ["Aurora" "Basalt"]`)
	})
}

func TestAnEmptySiteIsARefusal(t *testing.T) {
	journeys(t, func(t *testing.T, w *regions, shopper Shopper) {
		w.west.withdrawn.Store(true)
		_, err := shopper.Return(soon(t), w.west.site, ada)
		var refusal *Refusal
		require.ErrorAs(t, err, &refusal)
		assert.Equal(t, http.StatusNotFound, refusal.Status)
	})
}

func TestARefusalCarriesTheWordsOfTheProblem(t *testing.T) {
	w := newRegions(t)
	_, err := NewHTTP(w.dial).Return(soon(t), w.east.site, ada)
	assert.ErrorContains(t, err, "/user/login: 400 Bad Request There is no customer with this e-mail address.")
}

func TestScreenshotsHaveTheSizeAskedFor(t *testing.T) {
	w := newRegions(t)
	b := browse(t, w)
	_, err := b.Walk(soon(t), w.east.site, ada)
	require.NoError(t, err)
	for name, size := range map[string][2]int64{"shop-1280.png": {1280, 900}, "shop-360.png": {360, 740}} {
		file := pictureFile(t, name)
		require.NoError(t, b.Screenshot(soon(t), size[0], size[1], file))
		content, err := os.Open(file)
		require.NoError(t, err)
		defer content.Close()
		picture, err := png.DecodeConfig(content)
		require.NoError(t, err)
		assert.Equal(t, size, [2]int64{int64(picture.Width), int64(picture.Height)})
	}
}
