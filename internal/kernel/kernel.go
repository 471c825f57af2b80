// Package kernel runs programs that use the CDK. Its library lives in a separate Node process, the jsii kernel.
package kernel

import (
	"os"
	"path/filepath"

	"unishop-pilot-light/internal/upward"

	"github.com/aws/jsii-runtime-go"
)

// Run runs a program to its end, stops the kernel, and returns the program's exit status.
func Run(program func() int) (status int) {
	UsePinnedNode()
	defer withoutFalseAlarm()()
	defer jsii.Close()
	return program()
}

// UsePinnedNode has the kernel run on the Node that package.json pins, wherever in the repository the program was started:
// `npx cdk` has it first on PATH, `go run .` and `go test` do not. Where npm has no Node for the platform, or a person names
// another one in JSII_NODE, nothing changes. It must be called before the CDK is used.
func UsePinnedNode() {
	if os.Getenv("JSII_NODE") != "" {
		return
	}
	if node := pinnedNode(); node != "" {
		_ = os.Setenv("JSII_NODE", node) // fails only for names and values that no variable may have
		// The CDK's packages have prepared a kernel when they were initialized, and its Node with it. The next one has ours.
		jsii.Close()
	}
}

// pinnedNode is what `npm ci` has put into the nearest node_modules, from the working folder upward; empty when it has not.
func pinnedNode() string {
	node := filepath.Join("node_modules", ".bin", "node")
	folder, err := upward.Find(node)
	if err != nil || folder == "" {
		return ""
	}
	return filepath.Join(folder, node)
}
