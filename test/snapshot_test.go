package test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the snapshots anew: read the difference before you commit it")

// The snapshots show in a review what a change of the program changes in the templates.
func TestTheTemplatesAreThoseOfTheSnapshots(t *testing.T) {
	for _, m := range modes {
		a := synthesize(t, map[string]any{"failover": string(m), "artifact": artifact})
		for _, side := range sides {
			file := filepath.Join("testdata", string(m), a.cfg.Names.Stack(side)+".template.json")
			got := snapshot(t, a.text(t, side))
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, got, 0o644))
				continue
			}
			if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, got) {
				t.Errorf("%s: to accept: go test ./test -update\n%s", file, difference(t, file, got))
			}
		}
	}
}

// What is blanked out must not hide anything else.
func TestASnapshotBlanksOutHashesAndCodeOnly(t *testing.T) {
	got := string(snapshot(t, []byte(`{"Resources":{
		"ServerInstance0123abcd":{"Type":"AWS::EC2::Instance","Properties":{"UserData":"for 'ServerInstance0123abcd'"}},
		"F":{"Properties":{"Code":{"ZipFile":{"Fn::Join":["",[{"Fn::FindInMap":["Functions","answer","py"]},"ACTS = {}\ndef act():\n return \"it\""]]}},
			"Handler":"index.handler"}},
		"I":{"Properties":{"Version":"1.0.636720949","Key":"unishop-1.0.2.tar.gz"}}},
		"Outputs":{"Release":{"Value":"0c474dd13d72"},"Role":{"Value":"active"}},
		"Mappings":{"Functions":{"answer":{"py":"def handler():\n pass"}}}}`)))
	for _, kept := range []string{`"ServerInstance<hash>": {`, `for 'ServerInstance<hash>'`, `"py": "<inline>"`, `"Fn::FindInMap"`, `"index.handler"`, `"1.0.<hash>"`, `"unishop-1.0.2.tar.gz"`, `"Value": "<release>"`, `"Value": "active"`} {
		assert.Contains(t, got, kept)
	}
	assert.NotContains(t, got, "0123abcd")
	assert.NotContains(t, got, "def ")
}

// blanks are the places that change whenever a source changes that has separate tests: the text of a function, and
// the hashes of the user data, of the image's content and of the release.
var blanks = map[string]*regexp.Regexp{
	`"py": "<inline>"`:        regexp.MustCompile(`"py": "(?:[^"\\]|\\.)*"`),
	`"<inline>"`:              regexp.MustCompile(`"(?:[^"\\]|\\.)*\\ndef act\((?:[^"\\]|\\.)*"`),
	`ServerInstance<hash>`:    regexp.MustCompile(`ServerInstance[0-9a-f]{8}`),
	`"Version": "1.0.<hash>"`: regexp.MustCompile(`"Version": "1\.0\.[0-9]+"`),
	`"Value": "<release>"`:    regexp.MustCompile(`"Value": "[0-9a-f]{12}"`),
}

// snapshot is a template as people read it.
func snapshot(t *testing.T, template []byte) []byte {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(template, &value))
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(value))
	text := out.Bytes()
	for blank, found := range blanks {
		text = found.ReplaceAllLiteral(text, []byte(blank))
	}
	return text
}

// difference is what diff says; a file that is not there yet is all new.
func difference(t *testing.T, file string, got []byte) string {
	t.Helper()
	if _, err := os.Stat(file); err != nil {
		file = os.DevNull
	}
	diff := exec.Command("diff", "-u", "--label", "snapshot", "--label", "synthesised", file, "-")
	diff.Stdin = bytes.NewReader(got)
	out, err := diff.CombinedOutput()
	if len(out) == 0 {
		return err.Error()
	}
	return string(out)
}
