package world

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// front is where every public name of the system leads: to a site, or to the machine of that name. Where a region has an
// outage, or nothing has that name, the connection breaks: a name that does not resolve cannot be played by a server.
type front struct{ world *World }

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := hostName(r)
	if bucket, region, ok := website(host); ok && !f.world.isDown(region) {
		f.world.sites.serve(w, r, bucket, region)
		return
	}
	if m := f.world.machines.named(host); m != nil && !f.world.isDown(m.Region) {
		m.proxy.ServeHTTP(w, r)
		return
	}
	panic(http.ErrAbortHandler)
}

// hostName that a request is for, without its port.
func hostName(r *http.Request) string {
	name, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	return name
}

// toPort forwards to a port of the loopback interface, and keeps the name that was asked for. Where no process listens
// the connection breaks.
func toPort(port int) http.Handler {
	target := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
		},
		Transport:     &http.Transport{}, // the default one would ask a proxy from the environment
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // a machine that ends breaks connections: that is no news here
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// server is an HTTP server on a free port of the loopback interface.
type server struct {
	http    http.Server
	address string
}

func serve(handler http.Handler) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{http: http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}, address: listener.Addr().String()}
	go func() { _ = s.http.Serve(listener) }() // ends when it is closed
	return s, nil
}

func (s *server) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.http.Shutdown(ctx) // stops listening
	_ = s.http.Close()
}
