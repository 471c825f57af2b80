package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTagsComeFromAJSONObjectOrFromText(t *testing.T) {
	for name, row := range map[string]struct {
		value any
		want  map[string]string
	}{
		"absent":                 {nil, map[string]string{}},
		"empty":                  {"", map[string]string{}},
		"empty object":           {map[string]any{}, map[string]string{}},
		"object":                 {map[string]any{"owner": "shop team", "cost:centre": "4711"}, map[string]string{"owner": "shop team", "cost:centre": "4711"}},
		"text":                   {"owner=shop team,environment=prod", map[string]string{"owner": "shop team", "environment": "prod"}},
		"text with = in a value": {"query=a=b", map[string]string{"query": "a=b"}},
		"letters of any script":  {map[string]any{"Besitzerin": "Müller"}, map[string]string{"Besitzerin": "Müller"}},
		"longest":                {map[string]any{strings.Repeat("ü", 128): strings.Repeat("ü", 256)}, map[string]string{strings.Repeat("ü", 128): strings.Repeat("ü", 256)}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse(context(map[string]any{"tags": row.value}))
			require.NoError(t, err)
			assert.Equal(t, row.want, c.Tags)
		})
	}
	many := map[string]any{}
	for i := range 49 {
		many[fmt.Sprintf("key%d", i)] = "value"
	}
	_, err := Parse(context(map[string]any{"tags": many}))
	require.NoError(t, err)
	many["one-more"] = "value"
	_, err = Parse(context(map[string]any{"tags": many}))
	require.EqualError(t, err, "tags: 50 are too many: use 49 at most")
}

func TestEachBadTagIsNamedWithWhatIsAllowed(t *testing.T) {
	for name, row := range map[string]struct {
		value any
		says  string
	}{
		"a list":                   {[]any{"owner"}, `tags: the JSON value [owner] is not allowed: use a JSON object`},
		"true":                     {true, `tags: the JSON value true is not allowed`},
		"no equals sign":           {"owner", `tags: "owner" is not allowed: use key=value,key=value`},
		"JSON on the command line": {`{"owner":"team"}`, `is not allowed: use key=value,key=value`},
		"a comma too many":         {"owner=team,", `tags: "" is not allowed`},
		"no key":                   {"=team", `tags: the key "" is not allowed: use 1 to 128`},
		"no value":                 {"owner=", `tags: the value of "owner", "", is not allowed: use 1 to 256`},
		"a number":                 {map[string]any{"cost": 4711.0}, `tags: the value of "cost", the JSON value 4711, is not allowed`},
		"AWS's own":                {"aws:owner=team", `tags: the key "aws:owner" is not allowed`},
		"AWS's own in capitals":    {"AWS:owner=team", `tags: the key "AWS:owner" is not allowed`},
		"a key too long":           {strings.Repeat("k", 129) + "=team", "is not allowed: use 1 to 128"},
		"a value too long":         {"owner=" + strings.Repeat("v", 257), "is not allowed: use 1 to 256"},
		"a star":                   {"owner=te*m", `tags: the value of "owner", "te*m", is not allowed`},
		"a space before the key":   {"owner=team, environment=prod", `tags: the key " environment" is not allowed`},
		"a line":                   {map[string]any{"owner": "a\nb"}, `tags: the value of "owner"`},
		"a key twice":              {"owner=a,owner=b", `tags: the key "owner" is there twice: use it once`},
		"capitals only":            {map[string]any{"Owner": "a", "owner": "b"}, `tags: the keys "Owner" and "owner" differ in capitals only: use one of them`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(context(map[string]any{"tags": row.value}))
			require.ErrorContains(t, err, row.says)
		})
	}
}
