package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/unishop"
)

// cleanClone types the documented commands as they are, program and release bundle included.
var cleanClone = scenario{
	name: "clean-clone",
	says: "a clone needs Go and Node alone, and a JDK with Maven only when a release is uploaded that is not there yet",
	steps: []step{
		{"a clean clone compares both stacks with an empty account", inOrder(bootstrap, makeClone,
			prints(inClone("ls"), "unishop-primary", "unishop-secondary"), typed(inClone("synth", "--quiet")),
			prints(inClone("diff"), "Number of stacks with differences: 2")), nothingIsLeft},
		deployed,
		{"the clone of what is deployed differs in nothing, and needs no bundle to deploy it", unchanged(inOrder(
			prints(inClone("diff"), "Number of stacks with differences: 0"), typed(inClone("deploy", "--all")))), sells(primary)},
		{"another page is another release, which cannot be built without a JDK and Maven", inOrder(changePage("first"),
			prints(inClone("diff"), "differences: 2"),
			refused(inClone("deploy", "--all"), "javac: missing", "mvn: missing", "-c artifact=s3://bucket/")), sells(primary)},
		{"what was synthesized before the page changed again is not built from the new one", inOrder(changePage("second"),
			refused(equipped(inClone("deploy", "--all", "--app", "cdk.out")), "was synthesized")), sells(primary)},
		{"with a JDK and Maven the same command builds and releases it", typed(equipped(inClone("deploy", "--all"))),
			all(sells(primary), replicates(secondary), imagePublished, releasedFromClone, shows("second"))},
		down,
		{"us-west-1 takes over from the clone, without a JDK and Maven", typed(withRegion(secondary, inClone("deploy", "unishop-secondary", "-c", "failover=true"))),
			all(writes(secondary), runs(secondary, 1), says(secondary, active))},
		returned,
		{"everything is removed from the clone", typed(inClone("destroy", "--all", "--force")), nothingIsLeft},
	},
}

// inClone is a command of the CDK CLI, typed in the clone.
func inClone(arguments ...string) command {
	if arguments[0] == "deploy" {
		arguments = append(arguments, "--require-approval", "never")
	}
	return command{at: clone, arguments: arguments}
}

func equipped(c command) command {
	c.equipped = true
	return c
}

func withRegion(side config.Side, c command) command {
	c.region = regions[side]
	return c
}

// prints has somebody type a command, which must succeed and say all of the words.
func prints(c command, words ...string) action {
	return func(ctx context.Context, d *Drill) error {
		text, err := d.run(ctx, c)
		if err == nil {
			err = saysAll(text, words)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", c, err)
		}
		return err
	}
}

// changePage changes what the clone's page says, in a comment.
func changePage(words string) action {
	return func(_ context.Context, d *Drill) error {
		page, err := os.OpenFile(filepath.Join(d.dir, string(clone), "unishop", "page", "index.html"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer page.Close()
		_, err = fmt.Fprintf(page, "<!-- %s -->\n", words)
		return err
	}
}

// shows: the site of the primary's region is that of a changed page.
func shows(words string) check {
	return func(ctx context.Context, d *Drill) error {
		bucket, err := d.bucket(ctx, primary)
		if err != nil {
			return err
		}
		page, err := d.object(ctx, bucket, "index.html")
		if err == nil && !bytes.Contains(page, []byte("<!-- "+words+" -->")) {
			err = fmt.Errorf("the site does not show the %s page", words)
		}
		return err
	}
}

// releasedFromClone: the object of the clone's version is the bundle that was built there.
func releasedFromClone(ctx context.Context, d *Drill) error {
	folder := filepath.Join(d.dir, string(clone), "unishop")
	version, err := unishop.VersionOf(os.DirFS(folder))
	if err != nil {
		return err
	}
	built, err := os.ReadFile(filepath.Join(folder, "target", "unishop-"+version+".tar.gz"))
	if err != nil {
		return err
	}
	uploaded, err := d.object(ctx, "cdk-hnb659fds-assets-000000000000-"+regions[primary], version)
	if err == nil && !bytes.Equal(uploaded, built) {
		err = fmt.Errorf("%d bytes were uploaded, and %d other ones built", len(uploaded), len(built))
	}
	return err
}

// object of a bucket in the primary's region.
func (d *Drill) object(ctx context.Context, bucket, key string) ([]byte, error) {
	found, err := d.s3(primary).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return nil, err
	}
	defer found.Body.Close()
	return io.ReadAll(found.Body)
}
