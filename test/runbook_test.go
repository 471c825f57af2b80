package test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever is refused something finds the message in the runbook, with the step that it leads to.
func TestTheRunbookKnowsEveryRefusal(t *testing.T) {
	rows := runbookRows(t)
	messages := append(append(goMessages(t), pythonMessages(t)...), shellMessages(t)...)
	require.Greater(t, len(messages), 40, "the messages are no longer found")
	used := map[string]bool{}
	for _, message := range messages {
		known := false
		for row := range rows {
			if covers(row, message) {
				known, used[row] = true, true
			}
		}
		assert.True(t, known, "docs/runbook.md, \"Messages\", has no row for %q", message)
	}
	for row, step := range rows {
		assert.True(t, used[row], "no program says %q any more", row)
		assert.NotEmpty(t, strings.TrimSpace(step), "%q leads to no step", row)
	}
}

// A guard must be able to go red.
func TestARowCoversOnlyItsMessage(t *testing.T) {
	assert.True(t, covers("… is not allowed: use …", "…: … is not allowed: use …"))
	assert.True(t, covers("… has died", "the shop has died … times"))
	assert.False(t, covers("… is silent", "the shop has died"))
	assert.False(t, covers("…", "…: the bundle is missing"), "a row without words covers nothing")
}

// covers: the words of a row stand in the message, in order.
func covers(row, message string) bool {
	tail, words := message, 0
	for _, part := range strings.Split(row, "…") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		_, after, found := strings.Cut(tail, part)
		if !found {
			return false
		}
		tail, words = after, words+1
	}
	return words > 0
}

// runbookRows are the messages of the runbook's table of the program's own messages, with their steps.
func runbookRows(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "runbook.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## Messages\n")
	require.True(t, found, "the runbook has no section Messages")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.*) \\|$").FindAllStringSubmatch(section, -1) {
		rows[row[1]] = row[2]
	}
	require.NotEmpty(t, rows)
	return rows
}

// speakers are the packages whose errors people meet when they deploy.
var speakers = []string{"internal/config", "internal/kernel", "stacks", "cmd/failover", "cmd/kept", "cmd/templates", "internal/kept", "cmd/preflight", "internal/preflight", "cmd/review", "cmd/review/checkout", "cmd/review/diff", "unishop", "unishop/bundle"}

// goMessages are the texts of errors, mistakes and warnings, with … for what is filled in.
func goMessages(t *testing.T) (messages []string) {
	t.Helper()
	for _, folder := range speakers {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(node ast.Node) bool {
				if message, ok := errorText(node); ok {
					messages = append(messages, message)
				}
				return true
			})
		}
	}
	return messages
}

var says = regexp.MustCompile(`^(Errorf|New|mistake|Sprintf)$`)

// errorText is the text of a call that makes an error or a warning: one that has a text, not only verbs and values.
func errorText(node ast.Node) (string, bool) {
	call, ok := node.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", false
	}
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !says.MatchString(function.Sel.Name) {
		return "", false
	}
	if owner, ok := function.X.(*ast.Ident); ok && function.Sel.Name == "New" && owner.Name != "errors" {
		return "", false
	}
	text := literal(call.Args[0])
	message := strings.TrimSpace(regexp.MustCompile(`%[+#]?[.0-9]*[a-z]`).ReplaceAllString(text, "…"))
	if strings.HasPrefix(message, "Unishop on a pilot light") {
		return "", false // a stack's description
	}
	return message, len(regexp.MustCompile(`[a-z]{2,}`).FindAllString(message, -1)) >= 4
}

func literal(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err == nil {
			return text
		}
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

const pythonRefusals = `
import ast, json, pathlib, sys
def text(node):
    if isinstance(node, ast.Constant): return str(node.value)
    if isinstance(node, ast.JoinedStr): return "".join(text(v) for v in node.values)
    return "…"
found = []
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refused", "OutOfTime") and node.args:
            found.append(text(node.args[0]))
json.dump([f for f in found if f.strip("…")], sys.stdout)
`

// pythonMessages are what the inline functions refuse with.
func pythonMessages(t *testing.T) (messages []string) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), filepath.Join(root, ".cache", "emulator-venv", "bin", "python"), "-c", pythonRefusals,
		filepath.Join(root, "constructs", "functions")).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(said, &messages))
	require.NotEmpty(t, messages)
	return messages
}

// shellMessages are why a bake or a first boot fails.
func shellMessages(t *testing.T) (messages []string) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(root, "unishop", "instance", "*.sh"))
	require.NoError(t, err)
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		require.NoError(t, err)
		for _, said := range regexp.MustCompile(`\b(?:fail|wait_for) (?:'([^']+)'|"([^"]+)")`).FindAllStringSubmatch(string(text), -1) {
			message := regexp.MustCompile(`\$\([^)]*\)|\$\{?[a-z_?]+\}?`).ReplaceAllString(said[1]+said[2], "…")
			messages = append(messages, message)
		}
	}
	require.NotEmpty(t, messages)
	return messages
}
