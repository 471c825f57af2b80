package stacks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/activation"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/unishop"
)

// Synthesize creates both stacks and writes their templates to the app's folder, each with an output Release: a digest of
// all that the two have in every role, and of what the server gets at its first boot. It is equal for equal releases in
// every mode, whatever class and zone the server has, and another when anything else that is deployed differs. So it shows
// whether a kept template, a checkout and a deployed stack are of one release.
func Synthesize(app awscdk.App, cfg config.Config) (err error) {
	if cfg.Release, err = releaseOf(app.Node().GetAllContext(nil), cfg); err != nil {
		return err
	}
	New(app, cfg)
	app.Synth(nil)
	return nil
}

// releaseOf synthesizes everything once more, into a separate folder: what both templates have is known only then.
func releaseOf(context any, cfg config.Config) (string, error) {
	folder, err := os.MkdirTemp("", "release-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	values, _ := context.(map[string]any)
	app := awscdk.NewApp(&awscdk.AppProps{
		Context: &values, Outdir: &folder, AutoSynth: jsii.Bool(false), AnalyticsReporting: jsii.Bool(false),
	})
	primary, secondary := New(app, cfg)
	app.Synth(nil)
	return digest(filepath.Join(folder, *primary.TemplateFile()), filepath.Join(folder, *secondary.TemplateFile()))
}

// digest of what the templates in these files deploy.
func digest(files ...string) (string, error) {
	digest := sha256.New()
	written := json.NewEncoder(digest)
	var servers []any
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		var template activation.Template
		if err := json.Unmarshal(text, &template); err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		if err := written.Encode(activation.Standing(template)); err != nil {
			return "", err
		}
		servers = append(servers, blueprint(template)...)
	}
	if err := errors.Join(written.Encode(unishop.UserData), written.Encode(servers)); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil))[:12], nil
}

// blueprint is what the server of either region has in common: the active template has one, the other has none.
func blueprint(template activation.Template) (common []any) {
	resources, _ := template["Resources"].(map[string]any)
	for _, r := range resources {
		server, _ := r.(map[string]any)
		if server["Type"] != activation.Whole {
			continue
		}
		properties, _ := server["Properties"].(map[string]any)
		for _, own := range []string{"AvailabilityZone", "ImageId", "InstanceType", "SubnetId", "UserData"} {
			delete(properties, own)
		}
		common = append(common, properties, server["CreationPolicy"])
	}
	return common
}
