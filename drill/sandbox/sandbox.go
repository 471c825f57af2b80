// Package sandbox keeps a deployed embedded AWS for a person: a shell in which the commands of README and runbook reach it
// and nothing else, a proxy for their browser, and commands for an outage.
package sandbox

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

//go:embed bashrc
var bashrc string

var sides = []config.Side{config.Primary, config.Secondary}

type sandbox struct {
	ctx     context.Context // a command that has begun is done to its end, even when the person interrupts the wait for it
	drill   *stage.Drill
	folder  string // of the shell's own files
	proxy   string // host:port
	through http.Handler
	client  *http.Client

	lock   sync.Mutex
	outage *outage                // nil: none
	sites  map[config.Side]string // as last read: a region with an outage names none
}

// Open opens the shell, and returns when the person has left it.
func Open(ctx context.Context, d *stage.Drill, out io.Writer) error {
	s := &sandbox{ctx: ctx, drill: d, folder: filepath.Join(d.Dir, "sandbox"), sites: map[config.Side]string{}}
	s.client = &http.Client{Transport: &http.Transport{DialContext: d.Dial, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	s.through = through(d)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.proxy = listener.Addr().String()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: silent}
	defer server.Close()
	go func() { _ = server.Serve(listener) }() // ends when it is closed
	if err := s.writeFiles(); err != nil {
		return err
	}
	s.welcome(out)
	shell := exec.Command("bash", "--noprofile", "--rcfile", filepath.Join(s.folder, "bashrc"), "-i")
	shell.Env = s.environ()
	return d.AtTerminal(ctx, shell)
}

// environ has the way out closed: what is not on this machine goes through the proxy.
func (s *sandbox) environ() []string {
	environ := s.drill.OfficeEnviron()
	for i, variable := range environ {
		if path, found := strings.CutPrefix(variable, "PATH="); found {
			environ[i] = "PATH=" + filepath.Join(s.folder, "bin") + string(filepath.ListSeparator) + path
		}
	}
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		environ = append(environ, name+"=http://"+s.proxy)
	}
	return environ
}

// writeFiles writes what bash reads, and the commands that come first on its path.
func (s *sandbox) writeFiles() error {
	curl, err := exec.LookPath("curl")
	if err != nil {
		return err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return err
	}
	bin := filepath.Join(s.folder, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	files := map[string]string{"bashrc": bashrc,
		"bin/aws": fmt.Sprintf(awsScript, s.drill.AWSCLI(), s.drill.Emulator.Endpoint()),
		"bin/npm": fmt.Sprintf(npmScript, npm)}
	for name := range commands {
		files["bin/"+name] = fmt.Sprintf(commandScript, curl, s.proxy, name)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// awsScript has version 1 of the AWS CLI take its region from AWS_REGION, as version 2 does:
// https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html
const awsScript = `#!/bin/sh
[ -z "$AWS_REGION" ] || export AWS_DEFAULT_REGION="$AWS_REGION"
exec '%s' --endpoint-url '%s' "$@"
`

// npmScript keeps node_modules, which is the repository's own: `npm ci` would empty it, and can download nothing here.
const npmScript = `#!/bin/sh
case $1 in
  ci | clean-install | i | install) echo 'npm: in the sandbox everything is installed already'; exit 0 ;;
esac
exec '%s' "$@"
`

// commandScript asks the sandbox, which answers with a status and, from the second line on, what is to be printed.
const commandScript = `#!/bin/sh
answer=$(printf '%%s\n' "$@" | '%s' -sSf --noproxy '' --proxy 'http://%s' --data-binary @- 'http://sandbox/%s') || exit 1
status=$(printf '%%s\n' "$answer" | head -n 1)
[ "$status" = 0 ] || exec >&2
printf '%%s\n' "$answer" | tail -n +2
exit "$status"
`

func (s *sandbox) welcome(out io.Writer) {
	fmt.Fprintf(out, `
Both regions are deployed to an embedded AWS on this machine:

%s
In this shell npx cdk, make, aws and curl reach it and nothing else: type what README.md and docs/runbook.md say.
The folder has the repository's own files, apart from cdk.json, which is a copy. A browser that does not run yet
opens the sites with the option --proxy-server=%s

  status                  what each region is
  outage [region|site]    takes the active region down (region, the default), or blocks its site alone
  recover                 ends the outage
  exit                    ends the sandbox and removes it

`, s.addresses(s.ctx), s.proxy)
}
