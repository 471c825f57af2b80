package shopper

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var discard = log.New(io.Discard, "", 0)

// region is a shop with its site, under the names that AWS would give them.
type region struct {
	name, site, instance string
	shop                 *fakeShop
	withdrawn            atomic.Bool // the site is empty
	scheme               atomic.Bool // config.json's host carries one
}

// regions are two regions with one database, and the only network that a shopper can reach.
type regions struct {
	*data
	east, west *region
	addresses  map[string]string // "host:port" to where it really is

	lost      sync.Mutex
	strangers []string // what was asked for and does not exist
}

func newRegions(t *testing.T) *regions {
	t.Helper()
	w := &regions{data: &data{unicorns: seed(t), baskets: map[string][]string{}}, addresses: map[string]string{}}
	w.east = w.newRegion(t, "us-east-1", "i-0a1b2c3d4e5f60718", "ec2-203-0-113-7.compute-1.amazonaws.com")
	w.west = w.newRegion(t, "us-west-1", "i-08796a5b4c3d2e1f0", "ec2-198-51-100-9.us-west-1.compute.amazonaws.com")
	return w
}

func (w *regions) newRegion(t *testing.T, name, instance, api string) *region {
	host := "unishop-site." + "s3-website-" + name + ".amazonaws.com"
	r := &region{name: name, site: "http://" + host + "/", instance: instance}
	r.shop = &fakeShop{data: w.data, region: name, origin: "http://" + host}
	w.addresses[api+":80"] = serve(t, r.shop)
	w.addresses[host+":80"] = serve(t, r.newSite(t, api))
	return r
}

// bootstrap is what Maven adds to the page, out of the release bundle.
var bootstrap = sync.OnceValues(func() ([]byte, error) {
	command := exec.Command("sh", "-c", `bundle=$(go run ./unishop/bundle) && tar -xzf "$bundle" -O page/bootstrap.min.css`)
	command.Dir = filepath.Join("..", "..")
	var said strings.Builder
	command.Stderr = &said
	content, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return content, err
})

// newSite serves the page as the website of a bucket does, with the instance's config.json.
func (r *region) newSite(t *testing.T, api string) http.Handler {
	t.Helper()
	style, err := bootstrap()
	if err != nil {
		missing(t, "the page looks plain here: there is no release bundle: "+err.Error())
	}
	files := http.NewServeMux()
	files.Handle("/", http.FileServer(http.Dir(pageDir)))
	files.HandleFunc("/bootstrap.min.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write(style) // a browser that has gone
	})
	files.HandleFunc("/config.json", func(w http.ResponseWriter, _ *http.Request) {
		host := api
		if r.scheme.Load() {
			host = "http://" + api
		}
		answer(w, http.StatusOK, map[string]string{"host": host, "region": r.name, "instance": r.instance})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if r.withdrawn.Load() {
			http.Error(w, "NoSuchKey", http.StatusNotFound)
			return
		}
		files.ServeHTTP(w, request)
	})
}

func (w *regions) dial(ctx context.Context, network, address string) (net.Conn, error) {
	actual, ok := w.addresses[address]
	if !ok {
		w.lost.Lock()
		defer w.lost.Unlock()
		w.strangers = append(w.strangers, address)
		return nil, fmt.Errorf("%s does not exist here", address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, actual)
}

func (w *regions) reachedFor() []string {
	w.lost.Lock()
	defer w.lost.Unlock()
	return w.strangers
}

// missing says that something is not checked for want of a tool. In CI, where no one would read that, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Log(what)
}

// browse opens a browser for one test. Where there is none the test is skipped, or fails when CI is set.
func browse(t *testing.T, w *regions) *Browser {
	t.Helper()
	if _, err := findProgram(); err != nil {
		missing(t, "the page is not checked: "+err.Error())
		t.SkipNow()
	}
	b, err := Open(soon(t), "/tmp", w.dial)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// soon is a context for what takes seconds.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// pictureFile is where a test leaves what it saw: SHOPPER_PICTURES, or a folder that goes with the test.
func pictureFile(t *testing.T, name string) string {
	folder := os.Getenv("SHOPPER_PICTURES")
	if folder == "" {
		folder = t.TempDir()
	}
	return filepath.Join(folder, name)
}

var ada = Person{Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace"}
