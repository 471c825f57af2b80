package activation

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pilotLight = `{"Resources": {
	"Bucket": {"Type": "AWS::S3::Bucket"},
	"Role": {"Type": "Custom::RegionRole", "Properties": {"Role": "pilot-light", "Way": "switchover", "Attempt": "planned"}, "DependsOn": ["Bucket"]}},
	"Outputs": {"Role": {"Value": "pilot-light"}}}`

const active = `{"Resources": {
	"Bucket": {"Type": "AWS::S3::Bucket"},
	"Server": {"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": "t3.small"}},
	"Role": {"Type": "Custom::RegionRole", "Properties": {"Role": "active", "Way": "failover", "Attempt": "now"}, "DependsOn": ["Bucket", "Server"]}},
	"Parameters": {"Image": {"Type": "String"}},
	"Outputs": {"Role": {"Value": "active"}, "InstanceId": {"Value": "i-1"}}}`

func parse(t *testing.T, text string) (parsed Template) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &parsed))
	return parsed
}

func TestAPilotLightAndItsActivationStandAlike(t *testing.T) {
	standby, activated := parse(t, pilotLight), parse(t, active)
	assert.Empty(t, Differences(standby, activated))
	assert.Equal(t, Standing(standby), Standing(activated))
	assert.Equal(t, parse(t, active), activated, "the template itself is not changed")
}

func TestEveryOtherDifferenceIsNamed(t *testing.T) {
	for name, row := range map[string]struct {
		edit func(resources, template map[string]any)
		want string
	}{
		"a role of IAM's": {func(r, _ map[string]any) { r["More"] = map[string]any{"Type": "AWS::IAM::Role"} },
			"Resources More (AWS::IAM::Role)"},
		"a property": {func(r, _ map[string]any) { r["Bucket"].(map[string]any)["Properties"] = map[string]any{"Name": "b"} },
			"Resources Bucket (AWS::S3::Bucket)"},
		"another property of the region's role": {func(r, _ map[string]any) {
			r["Role"].(map[string]any)["Properties"].(map[string]any)["ServiceTimeout"] = "1"
		}, "Resources Role (Custom::RegionRole)"},
		"a dependency": {func(r, _ map[string]any) { r["Role"].(map[string]any)["DependsOn"] = "Server" },
			"Resources Role (Custom::RegionRole)"},
		"a parameter": {func(_, t map[string]any) { t["Parameters"].(map[string]any)["More"] = "x" }, "Parameters More"},
		"a mapping":   {func(_, t map[string]any) { t["Mappings"] = map[string]any{"Functions": "x"} }, "Mappings Functions"},
		"a text":      {func(_, t map[string]any) { t["Description"] = "x" }, "Description"},
	} {
		t.Run(name, func(t *testing.T) {
			edited := parse(t, active)
			row.edit(edited["Resources"].(map[string]any), edited)
			assert.Equal(t, []string{row.want}, Differences(parse(t, pilotLight), edited))
		})
	}
}

func TestOnlyWhatIsDeployedStopsAFailover(t *testing.T) {
	for name, row := range map[string]struct {
		edit    func(resources, template map[string]any)
		changes int
	}{
		"a description": {func(_, t map[string]any) { t["Description"] = "x" }, 0},
		"metadata":      {func(r, _ map[string]any) { r["Bucket"].(map[string]any)["Metadata"] = "x" }, 0},
		"an order":      {func(r, _ map[string]any) { r["Role"].(map[string]any)["DependsOn"] = "Other" }, 0},
		"a policy":      {func(r, _ map[string]any) { r["Bucket"].(map[string]any)["DeletionPolicy"] = "Retain" }, 0},
		"an output":     {func(_, t map[string]any) { delete(t, "Outputs") }, 0},
		"another class": {func(r, _ map[string]any) {
			r["Server"].(map[string]any)["Properties"].(map[string]any)["InstanceType"] = "m7i.large"
		}, 0},
		"a property":        {func(r, _ map[string]any) { r["Bucket"].(map[string]any)["Properties"] = map[string]any{"Name": "b"} }, 1},
		"another type":      {func(r, _ map[string]any) { r["Bucket"].(map[string]any)["Type"] = "AWS::SNS::Topic" }, 1},
		"a resource less":   {func(r, _ map[string]any) { delete(r, "Bucket") }, 1},
		"a function's code": {func(_, t map[string]any) { t["Mappings"] = map[string]any{"Functions": "x"} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			edited := parse(t, active)
			row.edit(edited["Resources"].(map[string]any), edited)
			assert.Len(t, Changes(parse(t, pilotLight), edited), row.changes)
		})
	}
}

func TestATemplateKnowsItsRelease(t *testing.T) {
	assert.Equal(t, "unknown", Release(parse(t, active)), "of an older version of this program")
	assert.Equal(t, "0123456789ab", Release(parse(t, `{"Outputs": {"Release": {"Value": "0123456789ab"}}}`)))
}
