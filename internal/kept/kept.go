// Package kept makes what outlives a checkout: templates that CloudFormation is given on a later day, by people who have
// neither Go nor npm, and pages with the names and regions of one system.
package kept

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"unishop-pilot-light/internal/config"
)

// Templates synthesizes stacks as `cdk deploy` does from a shell of a region, with context as "key=value", and returns their
// templates by name. What the CDK CLI says is of interest only when it fails.
func Templates(region string, stacks, context []string) (map[string]string, error) {
	assembly, err := os.MkdirTemp("", "kept-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(assembly)
	arguments := append([]string{"cdk", "synth", "--quiet", "--output", assembly}, stacks...)
	for _, pair := range context {
		arguments = append(arguments, "-c", pair)
	}
	synthesis := exec.Command("npx", arguments...)
	synthesis.Env = append(os.Environ(), "AWS_REGION="+region)
	if said, err := synthesis.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(synthesis.Args, " "), err, said)
	}
	templates := map[string]string{}
	for _, stack := range stacks {
		text, err := os.ReadFile(filepath.Join(assembly, stack+".template.json"))
		if err != nil {
			return nil, err
		}
		if templates[stack], err = unstamped(stack, string(text)); err != nil {
			return nil, err
		}
	}
	return templates, nil
}

var attempt = regexp.MustCompile(`"Attempt":"[^"]*"`)

// unstamped is a template whose attempt is the fixed word: in an unplanned failover the pages' commands replace it by the
// time before each use, so that CloudFormation finds a change.
func unstamped(stack, template string) (string, error) {
	if found := attempt.FindAllString(template, -1); len(found) != 1 {
		return "", fmt.Errorf("%s: %d attempts in the template, where one is expected", stack, len(found))
	}
	if strings.Contains(template, `"Attempt":"`+config.Planned+`"`) {
		return template, nil
	}
	return attempt.ReplaceAllLiteralString(template, `"Attempt":"`+config.Unstamped+`"`), nil
}

// Page reads a page of docs, which is written for the default name and regions, and gives it those of a system.
func Page(name string, cfg config.Config) (string, error) {
	text, err := os.ReadFile(filepath.Join("docs", name))
	return forSystem(string(text), cfg), err
}

// fixed is what is called unishop under every name: on the instance, and the schema.
const fixed = `/(?:etc|opt|var/log)/unishop[\w./-]*|--no-pager unishop unishop-site|unishop unicorn_user|unishop <rows\.sql`

func forSystem(page string, cfg config.Config) string {
	regions := strings.NewReplacer("us-east-1", cfg.Primary.Name, "us-west-1", cfg.Secondary.Name)
	name := regexp.MustCompile(`(` + fixed + `)|\bunishop\b`)
	return name.ReplaceAllStringFunc(regions.Replace(page), func(found string) string {
		if found == "unishop" {
			return string(cfg.Names)
		}
		return found
	})
}
