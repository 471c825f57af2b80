package test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// maxTemplate is what CloudFormation takes as it is, without a bucket in between.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const maxTemplate = 51_200

// largest is the longest value that each key of the context takes; of what AWS names, the longest name there is.
var largest = map[string]any{
	"name":             strings.Repeat("n", 40),
	"artifact":         "s3://" + strings.Repeat("b", 63) + "/" + strings.Repeat("k", 249) + ".tar.gz",
	"reconcile":        strings.Repeat("r", 64),
	"protect":          "true",
	"primary-region":   "us-isof-south-1",
	"secondary-region": "us-isof-east-1",
	"primary-cidr":     "192.168.100.0/24",
	"secondary-cidr":   "192.168.101.0/24",
	"primary-zones":    "us-isof-south-1a,us-isof-south-1b",
	"secondary-zones":  "us-isof-east-1a,us-isof-east-1b",
	"engine-version":   "8.0.mysql_aurora.3.10.4000",
	"database-class":   "db.x2iedn.32xlarge",
	"server-class":     "u7inh-32tb.480xlarge",
	"server-image":     "previous",
	"image-date":       "2026-12-01",
}

func TestPromisesOfTheLargestTemplates(t *testing.T) {
	actual := map[string]string{}
	for _, m := range modes {
		context := map[string]any{"failover": string(m)}
		maps.Copy(context, largest)
		a := synthesize(t, context)
		for _, side := range sides {
			actual[fmt.Sprintf("failover=%s, %s", m, side)] = string(a.text(t, side))
		}
	}
	hold(t, actual, map[string]promiseOn[map[string]string]{
		"whatever the context allows, CloudFormation takes each template as it is, by its size": {
			check: func(templates map[string]string) (c complaints) {
				for where, text := range templates {
					c.unless(len(text) > 0 && len(text) < maxTemplate, "%s: %d bytes, where %d are allowed", where, len(text), maxTemplate)
				}
				return c
			},
			ways: map[string]func(map[string]string){
				"a longer function": func(templates map[string]string) {
					templates["failover=false, primary"] += strings.Repeat("#", maxTemplate-len(templates["failover=false, primary"]))
				},
				"nothing written": func(templates map[string]string) { templates["failover=planned, secondary"] = "" },
			},
		},
	})
}
