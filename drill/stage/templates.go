package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"unishop-pilot-light/internal/config"
)

// Synthesize writes the office's cloud assembly and returns a side's template.
func (d *Drill) Synthesize(ctx context.Context, side config.Side, arguments ...string) (map[string]any, error) {
	arguments = append([]string{"synth", "--quiet"}, arguments...)
	if _, err := d.Run(ctx, Command{At: Office, Arguments: arguments}); err != nil {
		return nil, err
	}
	return d.Template(side)
}

// Template reads a side's template from the office's cloud assembly.
func (d *Drill) Template(side config.Side) (map[string]any, error) {
	text, err := os.ReadFile(filepath.Join(d.Dir, string(Office), "cdk.out", d.System.Names.Stack(side)+".template.json"))
	if err != nil {
		return nil, err
	}
	var template map[string]any
	err = json.Unmarshal(text, &template)
	return template, err
}

// update hands a template to CloudFormation as it is, and returns the state that the stack ends in.
func (d *Drill) update(ctx context.Context, side config.Side, template map[string]any) (string, error) {
	text, err := json.Marshal(template)
	if err != nil {
		return "", err
	}
	_, err = cloudformation.NewFromConfig(d.System.In(side)).UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName:    aws.String(d.System.Names.Stack(side)),
		TemplateBody: aws.String(string(text)),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam},
	})
	if err != nil {
		return "", err
	}
	return d.Settled(ctx, side)
}

// Settled waits until CloudFormation is done with a side's stack, and returns the state that it is in.
func (d *Drill) Settled(ctx context.Context, side config.Side) (state string, err error) {
	err = WaitFor(ctx, func() (bool, error) {
		stack, err := d.System.Stack(ctx, side)
		state = stack.Status
		return !strings.HasSuffix(state, "_IN_PROGRESS"), err
	})
	return state, err
}

// RolledBack hands a template to CloudFormation, which must take it back.
func (d *Drill) RolledBack(ctx context.Context, side config.Side, template map[string]any) error {
	state, err := d.update(ctx, side, template)
	if err == nil && state != "UPDATE_ROLLBACK_COMPLETE" {
		err = fmt.Errorf("the update of the %s ended in %s", side, state)
	}
	return err
}

// HasWords: the text has all of the words, wherever its lines break.
func HasWords(text string, words []string) error {
	flat := strings.Join(strings.Fields(text), " ")
	for _, word := range words {
		if !strings.Contains(flat, word) && !strings.Contains(text, word) {
			return fmt.Errorf("does not say %q:\n%s", word, LastLines(text, 12))
		}
	}
	return nil
}
