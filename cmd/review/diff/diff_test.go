package diff

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../../.."

func compare(t *testing.T, before, after string) map[string]Change {
	t.Helper()
	var pair Pair
	require.NoError(t, json.Unmarshal([]byte(before), &pair.Before))
	require.NoError(t, json.Unmarshal([]byte(after), &pair.After))
	found, err := Compare(t.Context(), root, []Pair{{Before: pair.Before, After: pair.Before}, pair})
	require.NoError(t, err)
	require.Empty(t, found[0])
	byID := map[string]Change{}
	for _, c := range found[1] {
		byID[c.Section+" "+c.ID] = c
	}
	return byID
}

const before = `{"Description": "a", "Parameters": {"Image": {"Type": "String", "Default": "one"}}, "Mappings": {"Code": {"a": {"b": "c"}}},
	"Resources": {
	"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "one"}},
	"Joined": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Join": ["-", ["logs", {"Ref": "Bucket"}]]}}},
	"Substituted": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "logs-${Joined.Arn}"}}},
	"Got": {"Type": "AWS::Logs::LogStream", "Properties": {"LogGroupName": {"Fn::GetAtt": ["Substituted", "Arn"]}}},
	"Waits": {"Type": "AWS::SNS::Topic", "DependsOn": "Bucket"},
	"Server": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": {"Ref": "Image"}}},
	"Function": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": {"Fn::FindInMap": ["Code", "a", "b"]}}}},
	"Role": {"Type": "Custom::RegionRole", "Properties": {"Role": "active"}}},
	"Outputs": {"Role": {"Value": "active"}}}`

func TestWhatIsReplacedReplacesWhatRefersToIt(t *testing.T) {
	after := `{"Description": "b", "Parameters": {"Image": {"Type": "String", "Default": "two"}}, "Mappings": {"Code": {"a": {"b": "d"}}},
	"Resources": {
	"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "two"}},
	"Joined": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Join": ["-", ["logs", {"Ref": "Bucket"}]]}}},
	"Substituted": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "logs-${Joined.Arn}"}}},
	"Got": {"Type": "AWS::Logs::LogStream", "Properties": {"LogGroupName": {"Fn::GetAtt": ["Substituted", "Arn"]}}},
	"Waits": {"Type": "AWS::SNS::Topic", "DependsOn": "Bucket"},
	"Server": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": {"Ref": "Image"}}},
	"Function": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": {"Fn::FindInMap": ["Code", "a", "b"]}}}},
	"Role": {"Type": "Custom::RegionRole", "Properties": {"Role": "pilot-light"}}},
	"Outputs": {"Role": {"Value": "pilot-light"}}}`
	found := compare(t, before, after)
	for id, property := range map[string]string{"Bucket": "BucketName", "Joined": "LogGroupName", "Substituted": "LogGroupName", "Got": "LogGroupName", "Server": "ImageId"} {
		assert.Equal(t, Replaced, found["Resources "+id].Impact, id)
		assert.Equal(t, map[string]Impact{property: Replaced}, found["Resources "+id].Properties, id)
	}
	assert.Equal(t, Updated, found["Resources Function"].Impact)
	assert.Equal(t, map[string]Impact{"Role": Unchanged}, found["Resources Role"].Properties)
	assert.Equal(t, "active", found["Resources Role"].Before["Properties"].(map[string]any)["Role"])
	assert.Equal(t, "Custom::RegionRole", found["Resources Role"].Type())
	for _, other := range []string{"Description Description", "Parameters Image", "Mappings Code", "Outputs Role"} {
		assert.Contains(t, found, other)
	}
	assert.NotContains(t, found, "Resources Waits")
	assert.Len(t, found, 11)
}

func TestADescriptionOfAParameterReplacesNothing(t *testing.T) {
	after := `{"Parameters": {"Image": {"Type": "String", "Default": "one", "Description": "new"}}, "Resources": {"Server": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": {"Ref": "Image"}}}}}`
	found := compare(t, `{"Parameters": {"Image": {"Type": "String", "Default": "one"}}, "Resources": {"Server": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": {"Ref": "Image"}}}}}`, after)
	assert.Contains(t, found, "Parameters Image")
	assert.Len(t, found, 1)
}

func TestOnePartOfAPairMayBeMissing(t *testing.T) {
	found := compare(t, `{"Resources": {"A": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"}}}`, `{}`)
	assert.Equal(t, Destroyed, found["Resources A"].Impact)
	assert.Equal(t, Orphaned, found["Resources B"].Impact)
	assert.Nil(t, found["Resources A"].After)
}

func TestALibraryThatIsNotThereIsSaid(t *testing.T) {
	_, err := Compare(t.Context(), t.TempDir(), []Pair{{}})
	require.ErrorContains(t, err, "the templates cannot be compared")
	require.ErrorContains(t, err, "@aws-cdk/cloudformation-diff")
}
