// Command kept writes to the folder kept what a failover needs on a machine that has neither Go nor npm: the template of
// each side's unplanned failover, and the runbook with the names and regions of this system. Both templates have a fixed
// word as their attempt, which the runbook's command replaces by the time before each use.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"unishop-pilot-light/internal/config"
)

const folder = "kept"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kept:", err)
		os.Exit(1)
	}
}

func run() error {
	cfg, err := config.Read("cdk.json", nil)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for side, flag := range config.FailoverTo {
		if err := keepTemplate(cfg.Names.Stack(side), flag); err != nil {
			return err
		}
	}
	runbook, err := os.ReadFile(filepath.Join("docs", "runbook.md"))
	if err != nil {
		return err
	}
	if err := write("runbook.md", forSystem(string(runbook), cfg)); err != nil {
		return err
	}
	fmt.Println("Keep this folder outside both regions, and renew it after each release: " + folder)
	return nil
}

var attempt = regexp.MustCompile(`"Attempt":"[^"]*"`)

// keepTemplate synthesizes a stack's failover and writes its template.
func keepTemplate(stack, flag string) error {
	assembly, err := os.MkdirTemp("", "kept-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(assembly)
	synthesis := exec.Command("npx", "cdk", "synth", stack, "--quiet", "--output", assembly, "-c", "failover="+flag)
	synthesis.Stderr = os.Stderr
	if err := synthesis.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(synthesis.Args, " "), err)
	}
	template, err := os.ReadFile(filepath.Join(assembly, stack+".template.json"))
	if err != nil {
		return err
	}
	if found := attempt.FindAll(template, -1); len(found) != 1 {
		return fmt.Errorf("%s: %d attempts in the template, where one is expected", stack, len(found))
	}
	unstamped := attempt.ReplaceAllLiteralString(string(template), `"Attempt":"`+config.Unstamped+`"`)
	return write(stack+".template.json", unstamped)
}

// fixed is what is called unishop under every name: on the instance, and the schema.
const fixed = `/(?:etc|opt|var/log)/unishop[\w./-]*|--no-pager unishop unishop-site|unishop unicorn_user|unishop <rows\.sql`

// forSystem is the runbook, which is written for the default name and regions, with those of a system.
func forSystem(runbook string, cfg config.Config) string {
	regions := strings.NewReplacer("us-east-1", cfg.Primary.Name, "us-west-1", cfg.Secondary.Name)
	name := regexp.MustCompile(`(` + fixed + `)|\bunishop\b`)
	return name.ReplaceAllStringFunc(regions.Replace(runbook), func(found string) string {
		if found == "unishop" {
			return string(cfg.Names)
		}
		return found
	})
}

func write(name, content string) error {
	return os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644)
}
