package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// noImage: CloudFormation looks the image up before it touches anything.
var noImage = scenario{
	name: "no-image",
	says: "reconcile publishes a wrong or missing image again; a failover without one is refused before anything changes",
	steps: []step{
		deployed,
		{"an operator publishes another image, and reconcile=1 publishes the proven one", unchanged(inOrder(
			publishOther, deploy("--all", "-c", "reconcile=1"))), sells(primary)},
		{"an operator removes the parameter of the image, and reconcile=2 publishes the proven one", unchanged(inOrder(
			forgetImage, deploy("--all", "-c", "reconcile=2"))), sells(primary)},
		{"the parameter is removed once more", forgetImage, nil},
		down,
		{"us-west-1 cannot take over", refused(failingOver(secondary), "/unishop/image"), says(secondary, pilotLight)},
		{"the newest image is written back by hand", writeImageBack, imagePublished},
		failedOver,
	},
}

// publishOther publishes an image that was not baked from a release: Amazon's own.
func publishOther(ctx context.Context, d *Drill) error {
	client := ssm.NewFromConfig(d.system.In(secondary))
	other, err := client.GetParameter(ctx, &ssm.GetParameterInput{
		Name: aws.String("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")})
	if err != nil {
		return err
	}
	_, err = client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(d.system.Names.ImageParameter()), Value: other.Parameter.Value,
		DataType: aws.String("aws:ec2:image"), Overwrite: aws.Bool(true)})
	return errors.Join(err, eventually(func(ctx context.Context, d *Drill) error {
		if published, err := d.system.Image(ctx); err != nil || published != aws.ToString(other.Parameter.Value) {
			return fmt.Errorf("the published image is %q (%v)", published, err)
		}
		return nil
	})(ctx, d))
}

func writeImageBack(ctx context.Context, d *Drill) error {
	const section = "The image parameter is missing"
	listed, err := d.typeRunbook(ctx, "", section, "describe-images")
	if err != nil {
		return err
	}
	newest := strings.Fields(lastLines(listed, 1))
	if len(newest) != 4 {
		return fmt.Errorf("want time, id, name and state of an image, found %q", newest)
	}
	_, err = d.typeRunbook(ctx, newest[1], section, "read -rp")
	return err
}

func forgetImage(ctx context.Context, d *Drill) error {
	_, err := ssm.NewFromConfig(d.system.In(secondary)).DeleteParameter(ctx, &ssm.DeleteParameterInput{
		Name: aws.String(d.system.Names.ImageParameter()),
	})
	return err
}

// badRelease: an image reaches the pilot light only after it has sold in the primary.
var badRelease = scenario{
	name: "bad-release",
	says: "a release that does not start is rolled back, and the pilot light never hears of it",
	steps: []step{
		deployed,
		{"a release that does not start is rolled back while the old one goes on selling", inOrder(
			uploadBadRelease, refused(badDeployment(), "FAILURE signal")),
			all(sells(primary), imagePublished)},
		down,
		{"us-west-1 takes over with the old release", failOver(secondary), tookOver(secondary)},
		returned,
		{"us-east-1 is deactivated", deploy("unishop-primary", "-c", "failover=planned"), all(sells(secondary), replicates(primary))},
		{"a release is refused while us-east-1 is deactivated, since nothing proves its image", refused(
			badDeployment("-c", "failover=planned"), "us-east-1 is not active, so nothing has served from this image"),
			all(sells(secondary), imagePublished)},
		home,
	},
}

// badDeployment deploys the release that does not start.
func badDeployment(arguments ...string) command {
	return deploying(append([]string{"--all", "-c", "artifact=s3://releases/unishop-bad.tar.gz"}, arguments...)...)
}

// uploadBadRelease uploads a release that can be baked, and whose shop ends as soon as it is started.
func uploadBadRelease(ctx context.Context, d *Drill) error {
	printed, err := exec.CommandContext(ctx, "go", "run", "-C", d.root, "./unishop/bundle").Output()
	if err != nil {
		return fmt.Errorf("the release bundle: %w", err)
	}
	good, err := os.ReadFile(strings.TrimSpace(string(printed)))
	if err != nil {
		return err
	}
	bad, err := edit(good, "unishop.service", func(unit []byte) []byte {
		return regexp.MustCompile(`(?m)^ExecStart=.*$`).ReplaceAll(unit, []byte("ExecStart=/usr/bin/java -version"))
	})
	if err != nil {
		return err
	}
	client := d.s3(primary)
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("releases")}); err != nil {
		return err
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String("releases"), Key: aws.String("unishop-bad.tar.gz"), Body: bytes.NewReader(bad),
	})
	return err
}

// edit changes one file of a .tar.gz archive.
func edit(archive []byte, name string, change func([]byte) []byte) ([]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	from, to := tar.NewReader(unzipped), tar.NewWriter(zipped)
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			err := errors.Join(to.Close(), zipped.Close())
			return out.Bytes(), err
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(from)
		if err != nil {
			return nil, err
		}
		if path.Clean(header.Name) == name {
			content = change(content)
			header.Size = int64(len(content))
		}
		if err := to.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := to.Write(content); err != nil {
			return nil, err
		}
	}
}
