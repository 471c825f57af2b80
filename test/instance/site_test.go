package instance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

// bucket keeps what it is given on standard input as config.json, and gives it back.
const bucket = `case "$*" in
"s3 cp s3://the-site/config.json -") cat "$BUCKET/config.json" ;;
"s3 cp - s3://the-site/config.json "*) cat >"$BUCKET/config.json" ;;
"s3 cp "*" s3://the-site/config.json "*) cp "$3" "$BUCKET/config.json" ;;
"s3 rm "*config.json*) rm "$BUCKET/config.json" ;;
esac`

// newSite is a machine beside a bucket. health says what curl does when it is asked whether a shop is healthy.
func newSite(t *testing.T, health string) *machine {
	t.Helper()
	m := newMachine(t, map[string]string{"curl": metadata + health, "aws": bucket})
	m.environ = []string{"SITE_BUCKET=the-site", "AWS_REGION=us-west-1", "PORT=8080", "BUCKET=" + t.TempDir()}
	m.write(t, "opt/unishop/page/index.html", "<!doctype html>", 0o644)
	return m
}

func (m *machine) bucket() string {
	return strings.TrimPrefix(m.environ[len(m.environ)-1], "BUCKET=") + "/config.json"
}

func (m *machine) publish(t *testing.T) (string, error) {
	t.Helper()
	return m.run(t, m.root+"/opt/unishop/publish.sh")
}

func (m *machine) withdraw(t *testing.T) (string, error) {
	t.Helper()
	return m.run(t, m.root+"/opt/unishop/withdraw.sh")
}

func TestTheSiteIsLitByItsAssetsThenItsIndexThenAConfigThatNamesThisInstance(t *testing.T) {
	m := newSite(t, "")
	m.write(t, "opt/unishop/page/unishop.css", "", 0o644)
	m.write(t, "opt/unishop/page/pictures/ember.svg", "", 0o644)
	out, err := m.publish(t)
	require.NoError(t, err, out)

	uploads := m.called(t, "aws s3 cp ")[1:] // the first one looks whose the site is
	require.Len(t, uploads, 5)
	assert.Contains(t, uploads[3], "/page/index.html s3://the-site/index.html --content-type text/html; charset=utf-8 --cache-control no-cache")
	assert.Contains(t, uploads[4], "- s3://the-site/config.json --content-type application/json --cache-control no-store")
	for _, asset := range uploads[:3] {
		assert.Contains(t, asset, "--recursive --exclude * --include")
		assert.Contains(t, asset, "--exclude index.html --content-type")
	}
	assert.JSONEq(t, own, read(t, m.bucket()))
}

func TestEveryFileOfThePageHasItsContentType(t *testing.T) {
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
		".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	m := newSite(t, "")
	page := filepath.Join(root, "unishop/page")
	require.NoError(t, os.CopyFS(filepath.Join(m.root, "opt/unishop/page/whole"), os.DirFS(page)))
	out, err := m.publish(t)
	require.NoError(t, err, out)

	var found []string
	for extension, kind := range types {
		found = append(found, extension)
		assert.True(t, slices.ContainsFunc(m.called(t, "aws s3 cp "), func(call string) bool {
			return strings.Contains(call, "--include *"+extension+" --exclude index.html --content-type "+kind+" --cache-control no-cache")
		}), extension)
	}
	require.NoError(t, filepath.WalkDir(page, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			assert.Contains(t, found, filepath.Ext(name), "%s: add its type to this test", name)
		}
		return err
	}))
}

func TestNothingIsPublishedBeforeTheShopAnswers(t *testing.T) {
	m := newSite(t, `[[ $(grep -c ishealthy "$0.asked" 2>/dev/null) -ge 3 ]] && exit; echo "$*" >>"$0.asked"; exit 7`)
	out, err := m.publish(t)
	require.NoError(t, err, out)
	all := m.called(t, "")
	first := slices.IndexFunc(all, func(call string) bool { return strings.HasPrefix(call, "aws ") })
	assert.Len(t, slices.DeleteFunc(slices.Clone(all[:first]), func(call string) bool {
		return !strings.Contains(call, "http://127.0.0.1:8080/health/ishealthy")
	}), 4, "three refusals and an answer")
}

func TestAFileWithoutAKnownContentTypeLightsNothing(t *testing.T) {
	m := newSite(t, "")
	m.write(t, "opt/unishop/page/catalogue.xyz", "", 0o644)
	out, err := m.publish(t)
	require.Error(t, err)
	assert.Contains(t, out, "no content type is known for xyz")
	assert.NotContains(t, strings.Join(m.called(t, "aws "), "\n"), "s3://the-site/index.html")
	assert.NoFileExists(t, m.bucket())
}

func TestAnAssetThatCannotBeUploadedLightsNothing(t *testing.T) {
	m := newSite(t, "")
	m.program(t, "aws", `[[ $* == *"--include *.html"* ]] && exit 1; `+bucket)
	_, err := m.publish(t)
	require.Error(t, err)
	assert.NotContains(t, strings.Join(m.called(t, "aws "), "\n"), "s3://the-site/index.html")
	assert.NoFileExists(t, m.bucket())
}

func TestWithoutAPublicNameTheSiteStaysDark(t *testing.T) {
	m := newSite(t, "")
	m.program(t, "curl", `[[ $* == */public-hostname ]] && exit 22; `+metadata)
	_, err := m.publish(t)
	require.Error(t, err)
	assert.Empty(t, m.called(t, "aws "))
}

func TestAnInstanceWithdrawsTheConfigAndTheIndexFirst(t *testing.T) {
	m := newSite(t, "")
	require.NoError(t, os.WriteFile(m.bucket(), []byte(own), 0o644))
	out, err := m.withdraw(t)
	require.NoError(t, err, out)
	assert.Equal(t, []string{
		"aws s3 rm s3://the-site/ --recursive --exclude * --include config.json --include index.html --only-show-errors",
		"aws s3 rm s3://the-site/ --recursive --only-show-errors",
	}, m.called(t, "aws s3 rm"))
}

func TestAnInstanceDoesNotWithdrawTheSiteOfItsSuccessor(t *testing.T) {
	m := newSite(t, "")
	require.NoError(t, os.WriteFile(m.bucket(), []byte(another), 0o644))
	out, err := m.withdraw(t)
	require.NoError(t, err, out)
	assert.Empty(t, m.called(t, "aws s3 rm"))
	assert.JSONEq(t, another, read(t, m.bucket()))
}

func TestNothingIsWithdrawnWhenTheConfigCannotBeRead(t *testing.T) {
	m := newSite(t, "")
	_, err := m.withdraw(t)
	require.Error(t, err)
	assert.Empty(t, m.called(t, "aws s3 rm"))
}

// A release that is rolled back takes its instance away after it has published; the one before goes on selling.
func TestASiteIsHandedBackToAPredecessorThatStillSells(t *testing.T) {
	cases := map[string]struct {
		health string // what curl does
		then   string // config.json after the withdrawal; none when the site is dark
	}{
		"at an address of our VPC":            {`[[ $* == *http://old.example/* ]] && echo -n 10.0.0.7; exit 0`, another},
		"not when it is gone":                 {`[[ $* == *http://old.example/* ]] && exit 7; exit 0`, ""},
		"not when somebody else has its name": {`[[ $* == *http://old.example/* ]] && echo -n 54.1.2.3; exit 0`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newSite(t, c.health)
			require.NoError(t, os.WriteFile(m.bucket(), []byte(another), 0o644))
			out, err := m.publish(t)
			require.NoError(t, err, out)
			require.JSONEq(t, own, read(t, m.bucket()))
			out, err = m.withdraw(t)
			require.NoError(t, err, out)
			if c.then == "" {
				assert.NoFileExists(t, m.bucket())
				return
			}
			assert.JSONEq(t, c.then, read(t, m.bucket()))
			assert.Empty(t, m.called(t, "aws s3 rm"))
		})
	}
}

// A site that was dark when it was published belongs to nobody else any more.
func TestAnInstanceThatPublishesAgainAfterARebootForgetsItsPredecessor(t *testing.T) {
	m := newSite(t, `[[ $* == *http://old.example/* ]] && echo -n 10.0.0.7; exit 0`)
	m.write(t, "var/lib/unishop-site/predecessor.json", another, 0o600)
	for range 2 { // the second time over its own config.json
		out, err := m.publish(t)
		require.NoError(t, err, out)
	}
	out, err := m.withdraw(t)
	require.NoError(t, err, out)
	assert.NoFileExists(t, m.bucket())
}
