package sandbox

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"

	"unishop-pilot-light/drill/stage"
)

var silent = log.New(io.Discard, "", 0)

// ServeHTTP is the proxy: to the sandbox's commands, and to the public names of the system. Nothing else can be reached.
func (s *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch host := r.URL.Hostname(); {
	case host == "sandbox":
		s.command(w, r)
	case strings.HasSuffix(host, ".amazonaws.com") && r.Method != http.MethodConnect:
		s.through.ServeHTTP(w, r)
	default:
		http.Error(w, "sandbox: only the sites and instances of the two regions can be reached, by http", http.StatusForbidden)
	}
}

// through forwards to what has a public name. What has an outage, or does not exist, is a connection that breaks.
func through(d *stage.Drill) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", r.In.Host, r.In.Host
		},
		Transport:     &http.Transport{DialContext: d.Dial, DisableCompression: true},
		FlushInterval: -1,
		ErrorLog:      silent,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}
