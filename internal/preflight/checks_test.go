package preflight

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryCheckSaysWhatToDoAndNeedsWhatIsMadeBefore(t *testing.T) {
	made := map[string]bool{}
	for _, c := range checks {
		assert.NotEmpty(t, c.advice, c.name)
		assert.False(t, made[c.name], "%s stands twice", c.name)
		for _, needed := range c.needs {
			assert.True(t, made[needed], "%s needs %s, which is not made before", c.name, needed)
		}
		made[c.name] = true
	}
}
