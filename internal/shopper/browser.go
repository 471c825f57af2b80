package shopper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"
)

// programs are the names of Chromium, and of a browser made from it, where they are usually installed.
var programs = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
}

// Browser is a shopper with a separate Chromium: no window, an empty profile, one tab.
type Browser struct {
	ctx   context.Context // of the tab
	dir   string          // all that Chromium writes
	close func() error
}

// Open starts Chromium, which writes to a folder that it makes in parent. It ends with ctx, or by [Browser.Close], which
// has to be called in any case.
//
// Chromium has a socket in its folder, whose path may have no more than 107 characters (man 7 unix): parent's should not
// have more than 60.
func Open(ctx context.Context, parent string, dial Dial) (*Browser, error) {
	program, err := findProgram()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "shopper-")
	if err != nil {
		return nil, err
	}
	front, err := startFront(dial)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	allocator, stop := chromedp.NewExecAllocator(ctx, options(program, dir, front)...)
	// Chromium is newer than chromedp, which complains about every event that it cannot read.
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	b := &Browser{ctx: tab, dir: dir, close: func() error {
		closeTab()
		stop()
		chromedp.FromContext(tab).Allocator.Wait()
		front.stop()
		return remove(dir)
	}}
	if err := chromedp.Run(tab); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not start: %w", program, err), b.Close())
	}
	return b, nil
}

// Close ends Chromium and removes what it has written.
func (b *Browser) Close() error { return b.close() }

func findProgram() (string, error) {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: apt-get install chromium", ErrNoBrowser)
}

func options(program, dir string, front *front) []chromedp.ExecAllocatorOption {
	all := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(dir),
		chromedp.Env("HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir, "TMPDIR="+dir), // leaves nothing behind
		chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		// The sites and APIs have no https, which Chromium would try first; and the time is nothing to ask the internet for.
		chromedp.Flag("disable-features", "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,NetworkTimeServiceQuerying,Translate"),
		// Chromium's sandbox refuses root: https://crbug.com/638180
		chromedp.Flag("no-sandbox", os.Geteuid() == 0),
	)
	if front == nil {
		return all
	}
	return append(all,
		chromedp.Flag("no-proxy-server", true),
		// Chromium asks for its own updates whatever the flags say; that need not reach Dial. The first rule that fits wins.
		chromedp.Flag("host-resolver-rules", "MAP *.googleapis.com ~NOTFOUND, MAP * "+front.address),
	)
}

// remove removes a folder that processes may still be writing to: Chromium's helpers end a little after it.
func remove(dir string) error {
	var err error
	for range 50 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// front is where every name leads in a browser with a Dial. Chromium's resolver rules are fixed when it starts, but in a
// drill instances come and go: the front asks Dial at each connection, for the host that the request names. So nothing
// that Dial does not know can be reached.
type front struct {
	address string
	server  *http.Server
}

func startFront(dial Dial) (*front, error) {
	if dial == nil {
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{address: listener.Addr().String(), server: &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", r.In.Host, r.In.Host
			},
			Transport: &http.Transport{DialContext: dial, DisableCompression: true},
			// A host in a region with an outage gives no answer at all; an answer of this proxy would be a lie.
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		},
	}}
	go func() { _ = f.server.Serve(listener) }() // ends when it is closed
	return f, nil
}

func (f *front) stop() {
	if f != nil {
		_ = f.server.Close()
	}
}
