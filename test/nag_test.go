package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/stacks"
)

// accepted are cdk-nag's findings that we leave as they are, and why. They stand here and not beside the resources, so
// that the templates carry nothing but what is deployed.
var accepted = []struct {
	reason   string
	findings []string
}{
	{"The site is a public website: an S3 website endpoint speaks no HTTPS, and serves only what everybody may read. It holds the page and the API's address, nothing else. " +
		"CloudFront in front of it would be changed through us-east-1, the region whose loss we prepare for.", []string{
		"AwsSolutions-S2 /Site/Bucket/Resource",
		"AwsSolutions-S5 /Site/Bucket/Resource",
		"AwsSolutions-S10 /Site/Bucket/Resource",
		"AwsSolutions-S10 /Site/Bucket/Policy/Resource",
	}},
	{"No one needs to know who read a public, static page; orders go to the server, which logs them.", []string{
		"AwsSolutions-S1 /Site/Bucket/Resource",
	}},
	{"Port 80 is the shop. No other port is open: Systems Manager takes the place of SSH.", []string{
		"AwsSolutions-EC23 /Server/SecurityGroup/Resource",
	}},
	{"The instance holds no data, and CloudFormation must be free to replace and to remove it: termination protection would make both fail.", []string{
		"AwsSolutions-EC29 /Server/Instance/Resource",
	}},
	{"Whether the shop answers is asked from outside; metrics of the machine every minute would show nothing sooner.", []string{
		"AwsSolutions-EC28 /Server/Instance/Resource",
	}},
	{"Deletion protection is the context key protect, off by default because the workshop ends with a clean-up. RegionRole refuses to delete the only copy of the data either way.", []string{
		"AwsSolutions-RDS10 /Database/Cluster/Resource",
		"AwsSolutions-RDS10 /Database/Cluster",
	}},
	{"Aurora offers no backtrack in a global database; backups reach back seven days.", []string{
		"AwsSolutions-RDS14 /Database/Cluster/Resource",
		"AwsSolutions-RDS14 /Database/Cluster",
	}},
	{"Another port would hide nothing: only the server's security group reaches the database, in subnets without a route.", []string{
		"AwsSolutions-RDS11 /Database/Cluster/Resource",
		"AwsSolutions-RDS11 /Database/Cluster",
	}},
	{"The shop has one user with a random password of 32 characters, which only the server's role can read and only the server can use.", []string{
		"AwsSolutions-RDS6 /Database/Cluster/Resource",
		"AwsSolutions-RDS6 /Database/Cluster",
	}},
	{"A rotation would have to follow the writer from region to region, with a function inside each network, and must not run during a failover. Until it exists the password is changed by hand.", []string{
		"AwsSolutions-SMG4 /Database/Secret/Resource",
	}},
	{"Python 3.13 is supported until 2029. It is raised when all functions have been tried on a newer one, not on the day that AWS offers one.", []string{
		"AwsSolutions-L1 /RegionRole/Function/Resource",
		"AwsSolutions-L1 /Teardown/Function/Resource",
		"AwsSolutions-L1 /PublishedImage/Function/Resource",
	}},
	{"What the agent of Systems Manager needs changes with the agent, and so does AWS's policy. It replaces SSH, keys and an open port.", []string{
		"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore] /Server/Role/Resource",
		"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore] /Image/BuildRole/Resource",
	}},
	{"What Image Builder asks of a build instance; it lives for minutes and cannot be reached.", []string{
		"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/EC2InstanceProfileForImageBuilder] /Image/BuildRole/Resource",
	}},
	{"Image Builder chooses the ids of images and snapshots: the statement's condition names the tag that it gives those of this system.", []string{
		"AwsSolutions-IAM5[Resource::arn:aws:ec2:*::image/*] /PublishedImage/Role/Resource",
		"AwsSolutions-IAM5[Resource::arn:aws:ec2:*::snapshot/*] /PublishedImage/Role/Resource",
	}},
	{"The objects of the one site bucket, whose names the publisher chooses.", []string{
		"AwsSolutions-IAM5[Resource::<SiteBucket978D4AEB.Arn>/*] /Server/Role/Resource",
		"AwsSolutions-IAM5[Resource::<SiteBucket978D4AEB.Arn>/*] /Teardown/Role/Resource",
	}},
	{"CloudWatch and EC2 know no resources for these two reads.", []string{
		"AwsSolutions-IAM5[Resource::*] /RegionRole/Role/Resource",
		"AwsSolutions-IAM5[Resource::*] /PublishedImage/Role/Resource",
	}},
	{"CloudFormation puts an id behind the one stack's name.", []string{
		"AwsSolutions-IAM5[Resource::arn:aws:cloudformation:us-east-1:<AWS::AccountId>:stack/unishop-primary/*] /RegionRole/Role/Resource",
		"AwsSolutions-IAM5[Resource::arn:aws:cloudformation:us-west-1:<AWS::AccountId>:stack/unishop-secondary/*] /RegionRole/Role/Resource",
		"AwsSolutions-IAM5[Resource::arn:aws:cloudformation:us-west-1:<AWS::AccountId>:stack/unishop-secondary/*] /PublishedImage/Role/Resource",
	}},
}

func TestCdkNagFindsNothingThatIsNotAccepted(t *testing.T) {
	actual := map[mode][]string{}
	for _, m := range modes {
		actual[m] = nag(t, map[string]any{"failover": string(m), "artifact": artifact})
	}
	hold(t, actual, map[string]promiseOn[map[mode][]string]{
		"cdk-nag's AwsSolutions finds what is accepted with a reason, and nothing else": {
			check: unaccepted,
			ways: map[string]func(map[mode][]string){
				"a new finding": func(found map[mode][]string) {
					found[planned] = append(found[planned], "AwsSolutions-S1 /Releases/Bucket/Resource")
				},
				"another wildcard in the same role": func(found map[mode][]string) {
					found[atHome] = append(found[atHome], "AwsSolutions-IAM5[Action::s3:*] /Server/Role/Resource")
				},
				"an acceptance of nothing": func(found map[mode][]string) {
					for _, m := range modes {
						found[m] = slices.DeleteFunc(found[m], func(f string) bool { return strings.HasPrefix(f, "AwsSolutions-SMG4") })
					}
				},
				"a check that does not run": func(found map[mode][]string) { clear(found) },
			},
		},
	})
}

func unaccepted(found map[mode][]string) (c complaints) {
	unused := map[string]bool{}
	for _, a := range accepted {
		for _, finding := range a.findings {
			unused[finding] = a.reason != ""
		}
	}
	known := keys(unused)
	for _, m := range modes {
		for _, finding := range found[m] {
			c.unless(slices.Contains(known, finding), "failover=%s: %s", m, finding)
			delete(unused, finding)
		}
	}
	for _, finding := range keys(unused) {
		c.add("nothing needs to be accepted as %s", finding)
	}
	return c
}

// nag lists the findings of one mode: a rule, what it names, and the resource's path within its stack.
func nag(t *testing.T, context map[string]any) (findings []string) {
	t.Helper()
	a := assembly{folder: t.TempDir()}
	app, cfg := newApp(t, a.folder, context)
	a.cfg = cfg
	stacks.New(app, cfg)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(nil), nil)
	app.Synth(nil)
	for _, side := range []config.Side{config.Primary, config.Secondary} {
		for _, e := range a.errors(t, side) {
			rule, _, _ := strings.Cut(e.Text, ": ")
			findings = append(findings, rule+" "+strings.TrimPrefix(e.Path, "/"+cfg.Names.Stack(side)))
		}
	}
	return findings
}
