// Package emulator runs the embedded AWS: ministack, taught by the Python package beside this file. It starts it in a
// separate folder, begins and ends outages of regions, and knows the environment in which a child process can
// reach nothing but the emulator.
package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"unishop-pilot-light/drill/port"
	"unishop-pilot-light/drill/reaper"
)

// startTimeout is many times what a start takes: a cold disk has to read ministack first.
const startTimeout = time.Minute

// Options say where an emulator lives and what is called when something happens in it.
type Options struct {
	// Root of the repository, with the Python environment that `make setup` makes in .cache/emulator-venv.
	Root string
	// Dir belongs to the emulator: home, temporary files, empty AWS configuration, emulator.log. It is created, and stays
	// with its log when the emulator stops.
	Dir string
	// Reaper ends the emulator with the program.
	Reaper *reaper.Reaper
	// Hook is called with every [Event], one after the other or at the same time; the emulator waits for it, and what it
	// refuses fails in AWS too. It may call the emulator. Nil: no function is called.
	Hook func(context.Context, *Event) error
	// Front is the address, host:port, that public names lead to when a function asks for them by HTTP. Empty: they lead
	// nowhere.
	Front string
}

// Emulator is a running embedded AWS.
type Emulator struct {
	endpoint string
	environ  []string
	dir      string
	process  *reaper.Process
	hook     *http.Server
	direct   *http.Client
}

// Start starts an emulator on a free port of the loopback interface and returns when it answers. It ends by
// [Emulator.Stop], which has to be called in any case, and with the program, even when that is killed.
func Start(ctx context.Context, o Options) (*Emulator, error) {
	python := filepath.Join(o.Root, ".cache", "emulator-venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return nil, fmt.Errorf("the emulator's Python environment is missing: %w: run `make setup`", err)
	}
	free, err := port.Free()
	if err != nil {
		return nil, err
	}
	e := &Emulator{endpoint: fmt.Sprintf("http://127.0.0.1:%d", free), dir: o.Dir}
	// Not http.DefaultTransport: it would ask a proxy from the environment.
	e.direct = &http.Client{Transport: &http.Transport{}, Timeout: startTimeout}
	if e.environ, err = newEnviron(ctx, o.Root, o.Dir, e.endpoint); err != nil {
		return nil, err
	}
	hookURL, err := e.serveHook(ctx, o.Hook)
	if err != nil {
		return nil, err
	}
	if err := e.run(o, python, free, hookURL); err != nil {
		e.closeHook()
		return nil, err
	}
	if err := e.awaitHealth(ctx); err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	return e, nil
}

// Endpoint is the URL of every service, for example "http://127.0.0.1:38231".
func (e *Emulator) Endpoint() string { return e.endpoint }

// Environ is the whole environment for a child process. In it AWS is the emulator and nothing else; it names no region.
func (e *Emulator) Environ() []string { return append([]string(nil), e.environ...) }

func (e *Emulator) run(o Options, python string, port int, hookURL string) error {
	log, err := os.Create(e.logFile())
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own
	command := exec.Command(python, "-m", "taught")
	command.Dir = filepath.Join(o.Root, "drill", "emulator")
	front := o.Front
	if front == "" {
		front = "127.0.0.1:9" // nothing listens on the port of the discard service, and a function must not reach the real name
	}
	command.Env = append(e.Environ(), "http_proxy=http://"+front, "HTTP_PROXY=http://"+front,
		"GATEWAY_PORT="+strconv.Itoa(port), "BIND_HOST=127.0.0.1", "MINISTACK_HOST=127.0.0.1",
		"S3_DATA_DIR="+filepath.Join(e.dir, "tmp", "s3"), "PYTHONDONTWRITEBYTECODE=1", "DRILL_HOOK="+hookURL)
	command.Stdout, command.Stderr = log, log
	// The functions that ministack starts are in its group, and end with it.
	e.process, err = o.Reaper.Start(command)
	return err
}

func (e *Emulator) logFile() string { return filepath.Join(e.dir, "emulator.log") }

func (e *Emulator) awaitHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if e.request(ctx, http.MethodGet, "/_ministack/health", nil, nil) == nil {
			return nil
		}
		select {
		case <-e.process.Exited():
			return fmt.Errorf("the emulator ended at its start: %s", reaper.Tail(e.logFile()))
		case <-ctx.Done():
			return fmt.Errorf("the emulator does not answer: %w: see %s", ctx.Err(), e.logFile())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends the emulator and every function that it runs, and removes its temporary files. Its log stays.
func (e *Emulator) Stop() error {
	_ = e.process.Kill() // it may have ended already
	<-e.process.Exited()
	e.closeHook()
	return os.RemoveAll(filepath.Join(e.dir, "tmp"))
}

// TakeDown takes a region down: every request signed for it is answered with 503.
func (e *Emulator) TakeDown(ctx context.Context, region string) error {
	return e.outage(ctx, region, true)
}

// BringBack ends the outage of a region.
func (e *Emulator) BringBack(ctx context.Context, region string) error {
	return e.outage(ctx, region, false)
}

func (e *Emulator) outage(ctx context.Context, region string, down bool) error {
	return e.request(ctx, http.MethodPost, "/_taught/outage", map[string]any{"region": region, "down": down}, nil)
}

// Settings change how the emulator behaves. What has its zero value stays as it is.
type Settings struct {
	// LagMS is how far a connected reader is behind, in milliseconds. Default 100.
	LagMS float64 `json:"lag_ms,omitzero"`
	// OperationSeconds is how long a switchover or a failover takes. Default 2.
	OperationSeconds float64 `json:"operation_seconds,omitzero"`
	// SetupSeconds is how long after a switchover the old writer is not ready to become the writer again. Default 1.
	SetupSeconds float64 `json:"setup_seconds,omitzero"`
	// ResyncSeconds is how long a returned member of the global database is pending-resync. Default 3.
	ResyncSeconds float64 `json:"resync_seconds,omitzero"`
	// HangingSeconds is how long a failover is refused while a switchover hangs. Default 20.
	HangingSeconds float64 `json:"hanging_seconds,omitzero"`
	// FailingBuilds is how many of the next images fail while Image Builder builds them.
	FailingBuilds int `json:"failing_builds,omitzero"`
	// NoCapacity lists the instance types that a region is short of. An empty map ends every shortage.
	NoCapacity map[string][]string `json:"no_capacity,omitzero"`
	// NotOffered lists the classes of EC2 and RDS that a zone does not offer. An empty map: every zone offers all.
	NotOffered map[string][]string `json:"not_offered,omitzero"`
	// NotEnabled are regions, as keys.
	NotEnabled map[string]bool `json:"not_enabled,omitzero"`
	// Quotas that are not AWS's default, by code, or by name as RDS has it.
	Quotas map[string]int `json:"quotas,omitzero"`
}

// Set changes settings while the emulator runs.
func (e *Emulator) Set(ctx context.Context, s Settings) error {
	return e.request(ctx, http.MethodPost, "/_taught/settings", s, nil)
}

// Leftovers is what is in the emulator's stores: region ("global" for what has none), kind, names. After a clean-up it
// is empty; what the CDK's bootstrap made is not counted.
func (e *Emulator) Leftovers(ctx context.Context) (map[string]map[string][]string, error) {
	left := map[string]map[string][]string{}
	return left, e.request(ctx, http.MethodGet, "/_taught/leftovers", nil, &left)
}

func (e *Emulator) request(ctx context.Context, method, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, e.endpoint+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := e.direct.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
