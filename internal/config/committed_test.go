package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnUnplannedFailoverIsNeverCommitted(t *testing.T) {
	for name, row := range map[string]struct {
		flag, file string
		refused    bool
	}{
		"typed":                                {"true", `{"context": {"failover": false}}`, false},
		"typed beside planned":                 {"primary", `{"context": {"failover": "planned"}}`, false},
		"committed true":                       {"true", `{"context": {"failover": "true"}}`, true},
		"committed primary":                    {"primary", `{"context": {"failover": "primary"}}`, true},
		"committed in the context's own file":  {"true", `{"failover": "true"}`, true},
		"committed, and the command line says": {"false", `{"context": {"failover": "true"}}`, false},
		"no context":                           {"true", `{}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "cdk.json")
			require.NoError(t, os.WriteFile(file, []byte(row.file), 0o600))
			c, err := Parse(context(map[string]any{"failover": row.flag}))
			require.NoError(t, err)
			err = c.CheckCommitted(filepath.Join(t.TempDir(), "missing.json"), file)
			if !row.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, `failover: "`+row.flag+`" in `+file)
			assert.ErrorContains(t, err, "-c failover="+row.flag)
		})
	}
}
