package preflight_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/reaper"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/preflight"
)

const root = "../.."

// cloud is an emulated account that is ready for a first deployment.
type cloud struct {
	*emulator.Emulator
	aws     aws.Config
	context context.Context // of the test that it was made for
}

func newCloud(t *testing.T) cloud {
	t.Helper()
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	r, err := reaper.New()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	e, err := emulator.Start(t.Context(), emulator.Options{Root: absolute, Dir: t.TempDir(), Reaper: r})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Stop()) })
	c := cloud{e, aws.Config{BaseEndpoint: aws.String(e.Endpoint()), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, t.Context()}
	for _, region := range []string{"us-east-1", "us-west-1"} {
		c.bootstrap(t, region, "28")
	}
	return c
}

func (c cloud) in(region string) aws.Config {
	other := c.aws.Copy()
	other.Region = region
	return other
}

func (c cloud) bootstrap(t *testing.T, region, version string) {
	c.put(t, region, "/cdk-bootstrap/hnb659fds/version", version)
}

func (c cloud) put(t *testing.T, region, name, value string) {
	t.Helper()
	_, err := ssm.NewFromConfig(c.in(region)).PutParameter(c.context, &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String(value), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true)})
	require.NoError(t, err)
}

// look makes all checks for cdk.json with some keys changed.
func (c cloud) look(t *testing.T, changes map[string]any, identity func(*preflight.Identity)) []preflight.Result {
	t.Helper()
	cfg, err := config.Read(filepath.Join(root, "cdk.json"), changes)
	require.NoError(t, err)
	account := preflight.Account{Config: cfg, AWS: c.aws, Now: time.Now()}
	require.NoError(t, account.Identify(t.Context()))
	if identity != nil {
		identity(&account.Identity)
	}
	return account.Run(t.Context(), func(preflight.Result) {})
}

// of are the results that have a state, as region and check.
func of(all []preflight.Result, state preflight.State) (found []string) {
	for _, r := range all {
		if r.State == state {
			found = append(found, r.Region+" "+r.Check)
		}
	}
	return found
}

func text(all []preflight.Result) string {
	var out bytes.Buffer
	for _, r := range all {
		preflight.Print(&out, r)
	}
	words, code := preflight.Sum(all)
	return fmt.Sprintf("%s%s (%d)\n", out.String(), words, code)
}

// broken is one thing that is not as it must be: how it comes about and is mended, and the one finding of it.
type broken struct {
	keys     map[string]any
	do       func(*testing.T, cloud)
	undo     func(*testing.T, cloud)
	identity func(*preflight.Identity)
	checks   []string
	says     string
	advises  string
}

// Whatever is broken is the one finding, and mended again it is none.
func TestAGoodAccountHasNoFindingAndABrokenOneHasThatOne(t *testing.T) {
	c := newCloud(t)
	good := c.look(t, nil, nil)
	require.Empty(t, of(good, preflight.Found), text(good))
	require.Empty(t, of(good, preflight.Failed), text(good))
	require.Empty(t, of(good, preflight.NotChecked), text(good))
	_, code := preflight.Sum(good)
	assert.Zero(t, code)
	for name, row := range breaks {
		t.Run(name, func(t *testing.T) { row.isFound(t, c) })
	}
	again := c.look(t, nil, nil)
	assert.Empty(t, of(again, preflight.Found), "what is broken is not mended: %s", text(again))
}

func (b broken) isFound(t *testing.T, c cloud) {
	if b.do != nil {
		b.do(t, c)
	}
	if b.undo != nil {
		defer b.undo(t, c)
	}
	all := c.look(t, b.keys, b.identity)
	require.Equal(t, b.checks, of(all, preflight.Found), text(all))
	require.Empty(t, of(all, preflight.Failed), text(all))
	for _, r := range all {
		if r.State == preflight.Found {
			assert.Len(t, r.Findings, 1)
			assert.Contains(t, r.Findings[0], b.says)
			assert.Contains(t, r.Advice, b.advises)
			assert.NotContains(t, r.Advice, "{", "a name that is not filled in")
		}
	}
	_, code := preflight.Sum(all)
	assert.Equal(t, 1, code)
}

// A missing permission stands for no answer, and is reported once for each action and region.
func TestAMissingPermissionIsAFindingThatNamesTheAction(t *testing.T) {
	c := newCloud(t)
	for permission, check := range permissions {
		t.Run(permission, func(t *testing.T) {
			service, action, _ := strings.Cut(permission, ":")
			denied := emulator.Fault{Region: west, Service: service, Actions: []string{action}, Caller: "aws-sdk-go", Answer: emulator.Denied}
			if permission == "s3:GetAccountPublicAccessBlock" {
				denied.Region, denied.Actions = east, nil // ministack knows no name for it
			}
			if check == "name: global database" || permission == "ec2:DescribeRegions" {
				denied.Region = east // which is asked
			}
			require.NoError(t, c.SetFaults(t.Context(), denied))
			defer func() { require.NoError(t, c.SetFaults(t.Context())) }()
			all := c.look(t, nil, nil)
			found := of(all, preflight.Found)
			require.NotEmpty(t, found, text(all))
			for _, f := range found {
				assert.True(t, strings.HasSuffix(f, " "+check), "%v", found)
			}
			assert.Len(t, slices.Compact(found), len(found), "it is reported once: %v", found)
			assert.Contains(t, text(all), "these credentials may not "+permission)
			assert.Empty(t, of(all, preflight.Failed), text(all))
		})
	}
}

// Nothing that belongs to the system stands in its way, though quotas are used up and names are taken.
func TestALiveSystemIsNoFinding(t *testing.T) {
	c := newCloud(t)
	c.stack(t, `{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}`, "CREATE_COMPLETE")
	globalCluster(t, c)
	logGroup(t, c)
	require.Empty(t, of(c.look(t, nil, nil), preflight.Found))
	deleteStack(t, c)
	require.NotEmpty(t, of(c.look(t, nil, nil), preflight.Found), "without its stack they would be taken")
}

// A region that gives no answer is no finding: nothing is known of it.
func TestWhatCannotBeAskedIsAnError(t *testing.T) {
	c := newCloud(t)
	require.NoError(t, c.TakeDown(t.Context(), west))
	all := c.look(t, nil, nil)
	_, code := preflight.Sum(all)
	assert.Equal(t, 2, code, text(all))
	assert.NotEmpty(t, of(all, preflight.Failed))
	assert.Empty(t, of(all, preflight.Found), text(all))
}
