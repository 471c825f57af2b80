package instance

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	own     = `{"host":"new.example","region":"us-west-1","instance":"i-new"}`
	another = `{"host":"old.example","region":"us-west-1","instance":"i-old"}`
)

// metadata answers for the metadata address, and hands everything else on.
const metadata = `case "$*" in
*/api/token) echo a-token; exit ;;
*/meta-data/instance-id) [[ "$*" == *"X-aws-ec2-metadata-token: a-token"* ]] && echo i-new; exit ;;
*/meta-data/public-hostname) echo new.example; exit ;;
esac
`

// bucket is a folder that does what the scripts ask of S3.
const bucket = `case "$*" in
"s3 sync s3://the-site/ "*) cp "$BUCKET/config.json" "$4" 2>/dev/null; true ;;
"s3 cp "*" s3://the-site/config.json "*) cp "$3" "$BUCKET/config.json" ;;
"s3 cp "*" s3://the-site/ --exclude index.html --recursive "*) cp "$3"/*.css "$BUCKET" ;;
"s3 cp "*" s3://the-site/ --recursive "*) cp "$3"/* "$BUCKET" ;;
"s3 rm "*" --include config.json --include index.html "*) rm -f "$BUCKET"/{config.json,index.html} ;;
esac`

// What the scripts call, but for the machine's folders.
const (
	look    = "aws s3 sync s3://the-site/ /run/unishop-site --exclude * --include config.json --only-show-errors"
	upload  = "aws s3 cp /opt/unishop/page s3://the-site/ --exclude index.html --recursive --cache-control no-cache --only-show-errors"
	entry   = "aws s3 cp /run/unishop-site/entry s3://the-site/ --recursive --cache-control no-cache --only-show-errors"
	answers = "the shop answers"
)

// newSite is a machine beside a bucket. health says what curl does when it is asked whether a shop is healthy.
func newSite(t *testing.T, health string) *machine {
	t.Helper()
	m := newMachine(t, map[string]string{"curl": metadata + health, "aws": bucket})
	m.environ = []string{"SITE_BUCKET=the-site", "AWS_REGION=us-west-1", "PORT=8080", "BUCKET=" + t.TempDir()}
	m.write(t, "opt/unishop/page/index.html", "<!doctype html>", 0o644)
	m.write(t, "opt/unishop/page/unishop.css", "", 0o644)
	m.write(t, "run/unishop-site/config.json", "of an earlier look", 0o644)
	require.NoError(t, os.MkdirAll(filepath.Join(m.root, "var/lib/unishop-site"), 0o755))
	return m
}

// bucket is a file of the bucket.
func (m *machine) bucket(name string) string {
	return filepath.Join(strings.TrimPrefix(m.environ[len(m.environ)-1], "BUCKET="), name)
}

// published has the bucket hold an index and a config.json.
func (m *machine) published(t *testing.T, config string) {
	t.Helper()
	require.NoError(t, os.WriteFile(m.bucket("index.html"), nil, 0o644))
	require.NoError(t, os.WriteFile(m.bucket("config.json"), []byte(config), 0o644))
}

func (m *machine) assertWithdrawn(t *testing.T) {
	t.Helper()
	assert.NoFileExists(t, m.bucket("index.html"))
	assert.NoFileExists(t, m.bucket("config.json"))
}

func (m *machine) publish(t *testing.T) (string, error) {
	t.Helper()
	return m.run(t, m.root+"/opt/unishop/publish.sh")
}

func (m *machine) withdraw(t *testing.T) (string, error) {
	t.Helper()
	return m.run(t, m.root+"/opt/unishop/withdraw.sh")
}

// steps are the calls of the AWS CLI, and where among them the shop answered: at the last time that it was asked.
func (m *machine) steps(t *testing.T) (steps []string) {
	t.Helper()
	for _, call := range m.called(t, "") {
		if strings.HasSuffix(call, "http://127.0.0.1:8080/health/ishealthy") {
			steps = append(slices.DeleteFunc(steps, func(step string) bool { return step == answers }), answers)
		} else if strings.HasPrefix(call, "aws ") {
			steps = append(steps, strings.ReplaceAll(call, m.root, ""))
		}
	}
	return steps
}

// later is a shop that refuses three times before it answers.
const later = `[[ $(grep -c ishealthy "$0.asked" 2>/dev/null) -ge 3 ]] && exit; echo "$*" >>"$0.asked"; exit 7`

func TestOneStartOfTheAWSCLIPublishesAnEmptySiteOnceTheShopAnswers(t *testing.T) {
	m := newSite(t, later)
	out, err := m.publish(t)
	require.NoError(t, err, out)
	assert.Equal(t, []string{look, upload, answers, entry}, m.steps(t))
	assert.JSONEq(t, own, read(t, m.bucket("config.json")))
	assert.Equal(t, "<!doctype html>", read(t, m.bucket("index.html")))
	assert.FileExists(t, m.bucket("unishop.css"))
}

func TestAPublishedSiteIsLeftAsItIsUntilTheShopAnswers(t *testing.T) {
	m := newSite(t, later)
	m.published(t, another)
	out, err := m.publish(t)
	require.NoError(t, err, out)
	assert.Equal(t, []string{look, answers, upload, entry}, m.steps(t))
	assert.JSONEq(t, own, read(t, m.bucket("config.json")))
}

func TestAFailureLightsNothing(t *testing.T) {
	for name, failing := range map[string]string{"the bucket cannot be read": "s3 sync", "the assets cannot be uploaded": "--exclude index.html"} {
		t.Run(name, func(t *testing.T) {
			m := newSite(t, "")
			m.program(t, "aws", `[[ $* == *"`+failing+`"* ]] && exit 1; `+bucket)
			_, err := m.publish(t)
			require.Error(t, err)
			m.assertWithdrawn(t)
		})
	}
}

// systemd withdraws after a start that has failed, and starts again.
func TestAPublishingThatFailsTakesNothingFromAPredecessorThatServes(t *testing.T) {
	for name, failing := range map[string]string{
		"in the assets":   `[[ $* == *"--exclude index.html"* ]] && exit 1; `,
		"after the entry": `[[ $* == *"/entry "* ]] && cp "$3"/* "$BUCKET" && exit 1; `,
	} {
		t.Run(name, func(t *testing.T) {
			m := newSite(t, `[[ $* == *http://old.example/* ]] && echo -n 10.0.0.7; exit 0`)
			m.published(t, another)
			m.program(t, "aws", failing+bucket)
			_, err := m.publish(t)
			require.Error(t, err)
			out, err := m.withdraw(t)
			require.NoError(t, err, out)
			assert.JSONEq(t, another, read(t, m.bucket("config.json")))
			assert.FileExists(t, m.bucket("index.html"))
		})
	}
}

func TestWithoutAPublicNameTheSiteStaysEmpty(t *testing.T) {
	m := newSite(t, "")
	m.program(t, "curl", `[[ $* == */public-hostname ]] && exit 22; `+metadata)
	_, err := m.publish(t)
	require.Error(t, err)
	assert.Empty(t, m.called(t, "aws "))
}

func TestAnInstanceWithdrawsThePageAndTheConfigOfItsSite(t *testing.T) {
	for name, config := range map[string]string{"published": own, "interrupted while it published": ""} {
		t.Run(name, func(t *testing.T) {
			m := newSite(t, "")
			m.published(t, config)
			if config == "" {
				require.NoError(t, os.Remove(m.bucket("config.json")))
			}
			out, err := m.withdraw(t)
			require.NoError(t, err, out)
			m.assertWithdrawn(t)
			assert.Equal(t, []string{look, "aws s3 rm s3://the-site/ --recursive --exclude * --include config.json --include index.html --only-show-errors"}, m.steps(t))
		})
	}
}

func TestAnInstanceDoesNotWithdrawTheSiteOfItsSuccessor(t *testing.T) {
	m := newSite(t, "")
	m.published(t, another)
	out, err := m.withdraw(t)
	require.NoError(t, err, out)
	assert.Contains(t, out, another)
	assert.Empty(t, m.called(t, "aws s3 rm"))
	assert.JSONEq(t, another, read(t, m.bucket("config.json")))
}

func TestNothingIsWithdrawnWhenTheConfigCannotBeRead(t *testing.T) {
	m := newSite(t, "")
	m.program(t, "aws", "exit 1")
	_, err := m.withdraw(t)
	require.Error(t, err)
	assert.Empty(t, m.called(t, "aws s3 rm"))
}

// A release that is rolled back has its instance terminated after it has published; the one before goes on serving.
func TestASiteIsPublishedAgainForAPredecessorThatStillServes(t *testing.T) {
	cases := map[string]struct {
		health string // what curl does
		then   string // config.json after the withdrawal; none when the site is withdrawn
	}{
		"at an address of our VPC":              {`[[ $* == *http://old.example/* ]] && echo -n 10.0.0.7; exit 0`, another},
		"not when it is gone":                   {`[[ $* == *http://old.example/* ]] && exit 7; exit 0`, ""},
		"not when another account has its name": {`[[ $* == *http://old.example/* ]] && echo -n 54.1.2.3; exit 0`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newSite(t, c.health)
			m.published(t, another)
			out, err := m.publish(t)
			require.NoError(t, err, out)
			require.JSONEq(t, own, read(t, m.bucket("config.json")))
			out, err = m.withdraw(t)
			require.NoError(t, err, out)
			if c.then == "" {
				m.assertWithdrawn(t)
				return
			}
			assert.JSONEq(t, c.then, read(t, m.bucket("config.json")))
			assert.Empty(t, m.called(t, "aws s3 rm"))
		})
	}
}

// full is a disk that takes no byte more, neither of a log.
func (m *machine) full(t *testing.T, script string) (string, error) {
	t.Helper()
	m.program(t, "aws", `[[ "$1 $2 $4" == "s3 sync "*/var/* ]] && exit 1; `+bucket)
	m.write(t, "full.sh", "#!/bin/bash\nexec "+m.root+"/opt/unishop/"+script+" >/dev/full\n", 0o755)
	return m.run(t, m.root+"/full.sh")
}

func TestAFullDiskKeepsNoSiteFromBeingPublished(t *testing.T) {
	m := newSite(t, "")
	out, err := m.full(t, "publish.sh")
	require.NoError(t, err, out)
	assert.JSONEq(t, own, read(t, m.bucket("config.json")))
}

func TestAFullDiskKeepsNoSiteFromBeingWithdrawn(t *testing.T) {
	cases := map[string]struct{ config, predecessor, then string }{
		"of this instance":                     {own, "", ""},
		"of another":                           {another, "", another},
		"that its predecessor can serve again": {own, another, another},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newSite(t, `[[ $* == *http://old.example/* ]] && echo -n 10.0.0.7; exit 0`)
			m.published(t, c.config)
			m.write(t, "var/lib/unishop-site/predecessor.json", c.predecessor, 0o600)
			out, err := m.full(t, "withdraw.sh")
			require.NoError(t, err, out)
			if c.then == "" {
				m.assertWithdrawn(t)
				return
			}
			assert.JSONEq(t, c.then, read(t, m.bucket("config.json")))
		})
	}
}

// A site that was empty when it was published has no predecessor any more.
func TestAnInstanceThatPublishesAgainAfterARebootForgetsItsPredecessor(t *testing.T) {
	m := newSite(t, `[[ $* == *http://old.example/* ]] && echo -n 10.0.0.7; exit 0`)
	m.write(t, "var/lib/unishop-site/predecessor.json", another, 0o600)
	for range 2 { // the second time over its own config.json
		out, err := m.publish(t)
		require.NoError(t, err, out)
	}
	out, err := m.withdraw(t)
	require.NoError(t, err, out)
	m.assertWithdrawn(t)
}

// A busy S3 must not keep a site published for an instance that is terminated: no second try withdraws it.
func TestWithdrawingOutlivesABusyS3(t *testing.T) {
	t.Parallel()
	cli, err := filepath.Abs(root + "/.cache/aws-venv/bin/aws")
	require.NoError(t, err)
	require.FileExists(t, cli, "run `make setup`")
	busy := 5 // once more than the AWS CLI asks by itself
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if busy > 0 {
			busy--
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
			return
		}
		_, _ = io.WriteString(w, `<ListBucketResult><Name>the-site</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>`)
	}))
	defer s3.Close()

	m := newSite(t, "")
	m.program(t, "aws", `exec '`+cli+`' "$@"`)
	m.patience = 3 * time.Minute
	m.environ = append(m.environ, "AWS_ENDPOINT_URL="+s3.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=us-west-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	for _, line := range regexp.MustCompile(`(?m)^Environment=(AWS_.*)$`).FindAllStringSubmatch(read(t, filepath.Join(instances, "unishop-site.service")), -1) {
		m.environ = append(m.environ, strings.Fields(line[1])...)
	}
	out, err := m.withdraw(t)
	require.NoError(t, err, out)
	assert.Contains(t, out, "withdraw: the site of us-west-1 is withdrawn")
	assert.Zero(t, busy)
}
