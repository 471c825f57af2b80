package activation

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTagsThatDifferAreNamed(t *testing.T) {
	deployed := map[string]string{"owner": "a", "environment": "prod", "gone": "x"}
	assert.Empty(t, TagChanges(nil, map[string]string{}))
	assert.Empty(t, TagChanges(deployed, map[string]string{"environment": "prod", "owner": "a", "gone": "x"}))
	assert.Equal(t, []string{
		`the tag "gone" of every resource: "x" is deployed, and "" is wanted`,
		`the tag "new" of every resource: "" is deployed, and "y" is wanted`,
		`the tag "owner" of every resource: "a" is deployed, and "b" is wanted`,
	}, TagChanges(deployed, map[string]string{"owner": "b", "environment": "prod", "new": "y"}))
}
