package emulator

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/reaper"
)

const root = "../.."

func newReaper(t *testing.T) *reaper.Reaper {
	t.Helper()
	r, err := reaper.New()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// start starts an emulator for one test.
func start(t *testing.T, hook func(context.Context, *Event) error) *Emulator {
	t.Helper()
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	e, err := Start(t.Context(), Options{Root: absolute, Dir: t.TempDir(), Reaper: newReaper(t), Hook: hook})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Stop()) })
	return e
}

// python runs a script with boto3, and returns what it prints.
func python(t *testing.T, environ []string, script string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	interpreter, err := filepath.Abs(root + "/.cache/emulator-venv/bin/python")
	require.NoError(t, err)
	command := exec.CommandContext(ctx, interpreter, "-c", script)
	command.Env, command.Dir = environ, t.TempDir()
	out, err := command.CombinedOutput()
	return string(out), err
}

// trap counts the connections to it, and answers none.
type trap struct {
	url   string
	count atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	caught := &trap{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			caught.count.Add(1)
			_ = connection.Close()
		}
	}()
	return caught
}

// beHostile sets what leads AWS clients elsewhere: everything ends in the trap, the way out of the machine included.
func beHostile(t *testing.T, caught *trap) {
	t.Helper()
	config, credentials := filepath.Join(t.TempDir(), "config"), filepath.Join(t.TempDir(), "credentials")
	require.NoError(t, os.WriteFile(config, []byte("[default]\nregion = eu-west-1\n[profile real]\nregion = eu-west-1\nendpoint_url = "+caught.url+"\n"), 0o600))
	require.NoError(t, os.WriteFile(credentials, []byte("[real]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"), 0o600))
	for name, value := range map[string]string{
		"AWS_PROFILE":                         "real",
		"AWS_CONFIG_FILE":                     config,
		"AWS_SHARED_CREDENTIALS_FILE":         credentials,
		"AWS_ENDPOINT_URL":                    caught.url,
		"AWS_ENDPOINT_URL_S3":                 caught.url,
		"AWS_ENDPOINT_URL_RDS":                caught.url,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		"AWS_DEFAULT_REGION":                  "eu-west-1",
		"AWS_REGION":                          "eu-west-1",
		"AWS_SESSION_TOKEN":                   "real",
		"AWS_ROLE_ARN":                        "arn:aws:iam::123456789012:role/real",
		"AWS_WEB_IDENTITY_TOKEN_FILE":         credentials,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT":   caught.url,
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":  caught.url,
		"CDK_HOME":                            t.TempDir(),
		"HTTPS_PROXY":                         caught.url,
		"HTTP_PROXY":                          caught.url,
		"NO_PROXY":                            "localhost",
	} {
		t.Setenv(name, value)
	}
}

// everyService calls services of every protocol; RDS in us-east-1 because clients have ignored the endpoint for it.
const everyService = `
import boto3, sys
calls = [("sts", "get_caller_identity"), ("s3", "list_buckets"), ("rds", "describe_db_clusters"), ("ec2", "describe_vpcs"),
         ("cloudformation", "describe_stacks"), ("ssm", "describe_parameters"), ("secretsmanager", "list_secrets"),
         ("iam", "list_roles"), ("lambda", "list_functions"), ("cloudwatch", "list_metrics"), ("logs", "describe_log_groups")]
failed = []
for region in ("us-east-1", "us-west-1"):
    for service, call in calls:
        try:
            getattr(boto3.client(service, region_name=region), call)()
        except Exception as error:
            failed.append(f"{service} in {region}: {error}")
sys.exit("\n".join(failed) or 0)
`

func TestAHostileEnvironmentReachesNothingButTheEmulator(t *testing.T) {
	caught := newTrap(t)
	beHostile(t, caught)
	e := start(t, nil)

	out, err := python(t, e.Environ(), everyService)
	require.NoError(t, err, out)
	assert.Zero(t, caught.count.Load(), "boto3 tried to reach something else")

	out, err = cdk(t, e.Environ(), "bootstrap", "aws://000000000000/us-east-1", "aws://000000000000/us-west-1")
	require.NoError(t, err, out)
	assert.Zero(t, caught.count.Load(), "the CDK CLI tried to reach something else")
	assert.FileExists(t, filepath.Join(e.dir, "home", ".cdk", "cache", "accounts_partitions.json"), "the CDK CLI keeps accounts elsewhere: in the person's own files")
	assert.NoFileExists(t, filepath.Join(os.Getenv("CDK_HOME"), "cache", "accounts_partitions.json"))

	// The trap catches what goes elsewhere, or the zeros above say nothing.
	hostile := append(os.Environ(), "AWS_MAX_ATTEMPTS=1")
	_, err = python(t, hostile, `import boto3; boto3.client("rds", region_name="us-east-1").describe_db_clusters()`)
	require.Error(t, err, "only the trap should have been reached")
	assert.NotZero(t, caught.count.Load())
	before := caught.count.Load()
	_, err = cdk(t, hostile, "bootstrap", "aws://000000000000/us-west-1")
	require.Error(t, err)
	assert.Greater(t, caught.count.Load(), before)
}

// cdk runs the project's CDK CLI in an empty folder.
func cdk(t *testing.T, environ []string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	program, err := filepath.Abs(root + "/node_modules/.bin/cdk")
	require.NoError(t, err)
	require.FileExists(t, program, "run `make setup`")
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env, command.Dir = environ, t.TempDir()
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestAnOutageIsOfOneRegion(t *testing.T) {
	e := start(t, nil)
	identify := func(region string) (string, error) {
		return python(t, append(e.Environ(), "AWS_DEFAULT_REGION="+region, "AWS_MAX_ATTEMPTS=1"),
			`import boto3; print(boto3.client("sts").get_caller_identity()["Account"])`)
	}
	require.NoError(t, e.TakeDown(t.Context(), "us-east-1"))
	out, err := identify("us-east-1")
	require.Error(t, err)
	assert.Contains(t, out, "ServiceUnavailable")
	out, err = identify("us-west-1")
	require.NoError(t, err, out)

	require.NoError(t, e.BringBack(t.Context(), "us-east-1"))
	out, err = identify("us-east-1")
	require.NoError(t, err, out)
}

func TestAFaultConcernsWhomItNames(t *testing.T) {
	e := start(t, nil)
	describe := func(region, agent string) error {
		out, err := python(t, append(e.Environ(), "AWS_DEFAULT_REGION="+region, "AWS_MAX_ATTEMPTS=1", "AWS_SDK_UA_APP_ID="+agent),
			`import boto3; boto3.client("rds").describe_db_clusters()`)
		if err != nil {
			return errors.New(out)
		}
		return nil
	}
	for _, region := range []string{"us-east-1", "us-west-1"} {
		other := map[string]string{"us-east-1": "us-west-1", "us-west-1": "us-east-1"}[region]
		require.NoError(t, e.SetFaults(t.Context(), Fault{Region: region, Service: "rds", Answer: Throttled, Calls: 1}))
		require.ErrorContains(t, describe(region, ""), "(Throttling) when calling the DescribeDBClusters operation")
		require.NoError(t, describe(region, ""), "once")
		require.NoError(t, describe(other, ""))
		met, err := e.FaultsMet(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []int{1}, met)

		require.NoError(t, e.SetFaults(t.Context(), Fault{Region: region, Actions: []string{"DescribeDBClusters"}, Caller: Machines, Answer: Lost}))
		require.ErrorContains(t, describe(region, "i-0123"), "ConnectionClosedError")
		require.NoError(t, describe(region, ""))
		require.NoError(t, e.SetFaults(t.Context()))
		require.NoError(t, describe(region, "i-0123"))
	}
}

func TestADrillsOwnLookUpsMeetNoFaultUnlessTheyAreNamed(t *testing.T) {
	e := start(t, nil)
	drill := rds.NewFromConfig(aws.Config{BaseEndpoint: aws.String(e.Endpoint()), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	require.NoError(t, e.SetFaults(t.Context(), Fault{Region: "us-east-1", Answer: Unavailable}))
	_, err := drill.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{})
	require.NoError(t, err)
	require.NoError(t, e.SetFaults(t.Context(), Fault{Region: "us-east-1", Answer: Unavailable, Caller: "aws-sdk-go-v2"}))
	_, err = drill.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{})
	require.ErrorContains(t, err, "ServiceUnavailable")
}

func TestAFaultThatIsNotKnownIsRefused(t *testing.T) {
	e := start(t, nil)
	require.ErrorContains(t, e.SetFaults(t.Context(), Fault{Region: "us-east-1", Answer: "Throtled"}), "'Throtled' is not allowed")
}

func TestTheHookGetsEveryEventAndMayRefuse(t *testing.T) {
	var lock sync.Mutex
	var received []Event
	e := start(t, func(_ context.Context, event *Event) error {
		lock.Lock()
		defer lock.Unlock()
		received = append(received, *event)
		if event.InstanceType == "t3.refused" {
			return assert.AnError
		}
		return nil
	})
	launch := `import boto3, sys
subnet = boto3.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
boto3.client("ec2").run_instances(ImageId="ami-0c2023a1b2c3d4e5f", InstanceType=sys.argv[-1], SubnetId=subnet, MinCount=1, MaxCount=1, UserData="hello")`
	environ := append(e.Environ(), "AWS_DEFAULT_REGION=us-west-1", "AWS_MAX_ATTEMPTS=1")
	out, err := python(t, environ, strings.ReplaceAll(launch, "sys.argv[-1]", `"t3.small"`))
	require.NoError(t, err, out)
	out, err = python(t, environ, strings.ReplaceAll(launch, "sys.argv[-1]", `"t3.refused"`))
	require.Error(t, err, out)

	require.Len(t, received, 2)
	assert.Equal(t, InstanceLaunched, received[0].Name)
	assert.Equal(t, "us-west-1", received[0].Region)
	assert.Equal(t, "hello", received[0].UserData)
	left, err := e.Leftovers(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{received[0].Instance}, left["us-west-1"]["instances"])
}

func TestAnUnknownSettingIsRefused(t *testing.T) {
	e := start(t, nil)
	require.NoError(t, e.Set(t.Context(), Settings{LagMS: 61000, NoCapacity: map[string][]string{}}))
	err := e.request(t.Context(), "POST", "/_taught/settings", map[string]any{"lag": 1}, nil)
	assert.ErrorContains(t, err, "lag: unknown setting")
}

func TestStopLeavesNothingRunning(t *testing.T) {
	dir := t.TempDir()
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	e, err := Start(t.Context(), Options{Root: absolute, Dir: dir, Reaper: newReaper(t)})
	require.NoError(t, err)
	require.NoError(t, e.Stop())
	assert.Error(t, e.request(context.Background(), "GET", "/_ministack/health", nil, nil))
	assert.NoDirExists(t, filepath.Join(dir, "tmp"))
	assert.FileExists(t, filepath.Join(dir, "emulator.log"))
}

func TestAMissingPythonEnvironmentIsNamed(t *testing.T) {
	_, err := Start(t.Context(), Options{Root: t.TempDir(), Dir: t.TempDir()})
	assert.ErrorContains(t, err, "run `make setup`")
}
