package shopper

import (
	"context"
	"os"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAMachineWithoutChromiumIsATypedError(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	all := programs
	t.Cleanup(func() { programs = all })
	programs = []string{"chromium"} // without the absolute paths
	_, err := Open(t.Context(), "/tmp", nil)
	assert.ErrorIs(t, err, ErrNoBrowser)
	assert.ErrorContains(t, err, "apt-get install chromium")
}

func TestABrowserLeavesNothingBehind(t *testing.T) {
	w := newRegions(t)
	if _, err := findProgram(); err != nil {
		missing(t, "the browser is not checked: "+err.Error())
		t.SkipNow()
	}
	b, err := Open(soon(t), "/tmp", w.dial)
	require.NoError(t, err)
	require.NoError(t, b.Visit(soon(t), w.east.site))
	process := chromedp.FromContext(b.ctx).Browser.Process()
	assert.DirExists(t, b.dir)
	require.NoError(t, b.Close())
	assert.NoDirExists(t, b.dir)
	assert.ErrorIs(t, process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

func TestABrowserEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newRegions(t)
	if _, err := findProgram(); err != nil {
		missing(t, "the browser is not checked: "+err.Error())
		t.SkipNow()
	}
	b, err := Open(ctx, "/tmp", w.dial)
	require.NoError(t, err)
	process := chromedp.FromContext(b.ctx).Browser.Process()
	cancel()
	require.NoError(t, b.Close())
	assert.ErrorIs(t, process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
