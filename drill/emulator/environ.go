package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// allowed are the variables that a child process inherits: how to speak, and the way out. All that could lead to a real
// AWS account is missing, and is not known by name either: nothing else is inherited.
var allowed = []string{
	"LANG", "LC_ALL", "LC_CTYPE", "TERM",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO",
}

// goVariables depend on HOME, or on a file in it, which children see another one of.
var goVariables = []string{"GOENV", "GOPATH", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN"}

// newEnviron makes the folders and empty files that the environment names.
func newEnviron(ctx context.Context, root, dir, endpoint string) ([]string, error) {
	home, tmp, none := filepath.Join(dir, "home"), filepath.Join(dir, "tmp"), filepath.Join(dir, "aws-none")
	for _, folder := range []string{home, tmp} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(none, nil, 0o600); err != nil {
		return nil, err
	}
	var environ []string
	for _, name := range allowed {
		if value, ok := os.LookupEnv(name); ok {
			environ = append(environ, name+"="+value)
		}
	}
	caches, err := goEnviron(ctx)
	if err != nil {
		return nil, err
	}
	return append(append(environ, caches...),
		// As for a command of npx: the CDK CLI and Node as package.json pins them come first.
		"PATH="+filepath.Join(root, "node_modules", ".bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HOME="+home,
		"TMPDIR="+tmp,
		"NO_PROXY=127.0.0.1,localhost",
		"no_proxy=127.0.0.1,localhost",

		"AWS_ENDPOINT_URL="+endpoint,
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE="+none,
		"AWS_SHARED_CREDENTIALS_FILE="+none,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_PAGER=",

		// Where the CLI keeps which account a key belongs to, for example. Without this variable it asks the system and not
		// HOME where the person lives, and uses the person's own.
		"CDK_HOME="+filepath.Join(home, ".cdk"),
		"CDK_DISABLE_CLI_TELEMETRY=true",
		"CDK_DISABLE_VERSION_CHECK=true",
		"CDK_NOTICES=false",
		"npm_config_cache="+filepath.Join(root, ".cache", "npm"),
		"npm_config_update_notifier=false",
		// The unpacked construct library: seconds at every synthesis otherwise.
		"JSII_RUNTIME_PACKAGE_CACHE_ROOT="+filepath.Join(root, ".cache", "jsii"),
	), nil
}

// goEnviron asks the go command, so that a child's go finds the modules and the build cache that are there.
func goEnviron(ctx context.Context) ([]string, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, goVariables...)...)
	var problem bytes.Buffer
	command.Stderr = &problem
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w: %s", err, problem.Bytes())
	}
	values := map[string]string{}
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var environ []string
	for _, name := range goVariables {
		environ = append(environ, name+"="+values[name])
	}
	return environ, nil
}
