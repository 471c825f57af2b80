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
[~] Custom::RegionRole RegionRole/Resource RegionRole2FAC0BF7 may be replaced
 ├─ [~] Role
 │   ├─ [-] pilot-light
 │   └─ [+] active
 └─ [~] DependsOn
     └─ @@ -21,6 +21,7 @@
        [ ] "NetworkVpcS334FC449B",
        [+] "ServerInstanceee9fe5f1",

Outputs
[-] Output InstanceId InstanceId: {"Value":"i-1"}
[~] Output Role Role: {"Value":"pilot-light"} to {"Value":"active"}

✨  Number of stacks with differences: 1
`

func TestDifferencesAreThoseOfCDKDiff(t *testing.T) {
	assert.Equal(t, []string{"[+] Parameter Image", "[-] AWS::EC2::Instance destroy", "[-] Output InstanceId", "[~] AWS::EC2::Instance may be replaced: InstanceType",
		"[~] Custom::RegionRole: Role, DependsOn", "[~] Output Role"}, differences(printed))
	assert.Empty(t, differences("Stack unishop-primary\nThere were no differences\n"))
}
