package test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deployed are the modules that the CDK program is made of: the CDK, and little else. go.mod has more, for the drill and
// the tests.
var deployed = []string{
	"github.com/Masterminds/semver/v3", // the CDK's
	"github.com/agext/levenshtein",
	"github.com/aws/aws-cdk-go/awscdk/v2",
	"github.com/aws/constructs-go/constructs/v10",
	"github.com/aws/jsii-runtime-go",
	"github.com/cdklabs/awscdk-asset-awscli-go/awscliv1/v2",
	"github.com/cdklabs/awscdk-asset-node-proxy-agent-go/nodeproxyagentv6/v2",
	"github.com/cdklabs/cloud-assembly-schema-go/awscdkcloudassemblyschema/v54",
	"unishop-pilot-light",
}

func TestTheProgramThatDeploysIsMadeOfTheCDKAndLittleElse(t *testing.T) {
	command := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	command.Dir = ".."
	text, err := command.Output()
	require.NoError(t, err)
	found := strings.Fields(string(text))
	slices.Sort(found)
	assert.Equal(t, deployed, slices.Compact(found))
}
