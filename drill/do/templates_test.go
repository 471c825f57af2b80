package do

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const printed = `Stack unishop-primary
Parameters
[+] Parameter Image Image: {"Type":"AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"}

Resources
[-] AWS::EC2::Instance ServerInstance0123abcd destroy
[~] AWS::EC2::Instance Server/Instance ServerInstanceee9fe5f1 may be replaced
 └─ [~] InstanceType (may cause replacement)
     ├─ [-] t3.small
     └─ [+] t3.medium
[~] Custom::RegionRole RegionRole/Resource RegionRole2FAC0BF7
 ├─ [~] Role
 │   ├─ [-] pilot-light
 │   └─ [+] active
 └─ [~] DependsOn
     └─ @@ -21,6 +21,7 @@
        [ ] "NetworkVpcS334FC449B",
        [+] "ServerInstanceee9fe5f1",

Outputs
[~] Output Role Role: {"Value":"pilot-light"} to {"Value":"active"}

✨  Number of stacks with differences: 1
`

func TestDifferencesAreThoseOfCDKDiff(t *testing.T) {
	assert.Equal(t, []string{"[+] Parameter Image", "[-] AWS::EC2::Instance destroy", "[~] AWS::EC2::Instance may be replaced: InstanceType",
		"[~] Custom::RegionRole: Role, DependsOn", "[~] Output Role"}, differences(printed))
	assert.Empty(t, differences("Stack unishop-primary\nThere were no differences\n"))
}

func TestChangesAreThoseOfTheChangeSet(t *testing.T) {
	text := "arn:aws:cloudformation:us-west-1:000000000000:changeSet/change-1/2\nModify\tFalse\tCustom::RegionRole\tRegionRole2FAC0BF7\n" +
		"Add\tNone\tAWS::EC2::Instance\tServerInstanceee9fe5f1\nModify\tTrue\tAWS::ImageBuilder::Image\tImage97B81D44\n"
	assert.Equal(t, "Add AWS::EC2::Instance, Modify Custom::RegionRole, Replace AWS::ImageBuilder::Image", shown(text))
	assert.Empty(t, shown(""))
}
