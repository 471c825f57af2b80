package pages

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestChangesAreThoseOfTheChangeSet(t *testing.T) {
	text := "arn:aws:cloudformation:us-west-1:000000000000:changeSet/change-1/2\nModify\tFalse\tCustom::RegionRole\tRegionRole2FAC0BF7\n" +
		"Add\tNone\tAWS::EC2::Instance\tServerInstanceee9fe5f1\nModify\tTrue\tAWS::ImageBuilder::Image\tImage97B81D44\n"
	assert.Equal(t, "Add AWS::EC2::Instance, Modify Custom::RegionRole, Replace AWS::ImageBuilder::Image", shown(text))
	assert.Empty(t, shown(""))
}
